"""Load a dataset: from a folder, from the cache, by a download, or from scikit-learn.

>>> dataset = digits()
>>> dataset.name, dataset.shape, len(dataset.train), len(dataset.test)
('digits', (3, 32, 32), 1438, 359)
>>> split = dataset.split("validation")
>>> len(split.train), len(split.evaluation)
(1295, 143)
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

import numpy as np

from archsearch.data.cache import cache_folder, cached
from archsearch.data.cifar10 import TORCHVISION_FOLDER
from archsearch.data.dataset import Dataset, canonical, one_in
from archsearch.data.download import download_cifar10
from archsearch.data.images import Images
from archsearch.data.layouts import recognise
from archsearch.errors import DataError

VARIABLE = "ARCHSEARCH_DATA"


def load_data(path: str | Path | None = None) -> Dataset:
    """Load the dataset in a folder, or CIFAR-10 where none is named.

    Without a path, the folder is the one that the environment variable ARCHSEARCH_DATA names, or else
    `cifar-10-batches-py` in the per-user cache, which is downloaded if it is not there. The word "digits" in
    place of a folder means `digits()`. The README's section Data says what a folder may hold.

    The decoded images are kept in the per-user cache for the next time; a cache that cannot be read or
    written is only a warning. Raises DataError for everything that is missing, damaged or inconsistent.
    """
    wanted = path if path is not None else os.environ.get(VARIABLE) or None
    if wanted is None:
        folder = cache_folder() / TORCHVISION_FOLDER
        if not folder.exists():
            download_cifar10(folder)
    elif str(wanted) == "digits" and not Path(wanted).is_dir():
        return digits()
    else:
        folder = Path(wanted).expanduser()
        if path is None and not folder.exists():
            message = f"there is no folder `{folder}`, which the variable {VARIABLE} names"
            raise DataError(message, remedy="correct the variable, or name the folder with --data PATH")
    return cached(recognise(folder))


def digits() -> Dataset:
    """Return scikit-learn's 1,797 handwritten digits, enlarged from 8 x 8 grey to 32 x 32 RGB.

    They need no download. A fifth of each class is the test set.
    """
    bunch = import_module("sklearn.datasets").load_digits()
    # Bilinear weights are eighths, so every step is exact and the digest is the same on every machine.
    positions = np.clip((np.arange(32) + 0.5) / 4 - 0.5, 0, 7)
    enlarge = np.stack([np.interp(positions, np.arange(8), unit) for unit in np.eye(8)], axis=1)
    grey = np.rint(enlarge @ bunch.images @ enlarge.T * (255 / 16)).astype(np.uint8)
    images = canonical(Images(np.repeat(grey[..., None], 3, axis=3), bunch.target.astype(np.int64)))
    chosen = one_in(5, images.labels)
    classes = tuple(str(name) for name in bunch.target_names)
    return Dataset.of("digits", classes, images.take(~chosen), images.take(chosen))
