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
import warnings
from importlib import import_module
from numbers import Integral
from pathlib import Path

import numpy as np

from archsearch.data.cache import cache_folder, cached
from archsearch.data.copies import canonical, one_in
from archsearch.data.dataset import Dataset
from archsearch.data.download import download_cifar10
from archsearch.data.images import Images
from archsearch.data.layouts import recognise
from archsearch.data.source import DataWarning
from archsearch.data.torchvision import CIFAR10_FOLDER
from archsearch.errors import DataError
from archsearch.files import exists

VARIABLE = "ARCHSEARCH_DATA"


def load_data(path: str | Path | None = None, size: int | tuple[int, int] | None = None) -> Dataset:
    """Load the dataset in a folder, or CIFAR-10 where none is named.

    `size` brings images to one size, N x N or (height, width) pixels: each is scaled to cover it and cropped to
    its middle.

    Without a path, the folder is the one that the environment variable ARCHSEARCH_DATA names, or else
    `cifar-10-batches-py` in the per-user cache, which is downloaded if it is not there. The word "digits" in
    place of a folder means `digits()`. The README's section Data says what a folder may hold.

    The decoded images are kept in the per-user cache for the next time. A DataWarning says what was done to images
    beside decoding, what is odd about the dataset, such as test images among the training images, and that the
    cache cannot be read or written. Raises DataError for everything that is missing, damaged or inconsistent.
    """
    height_width = None if size is None else _height_and_width(size)
    wanted = path if path is not None else os.environ.get(VARIABLE) or None
    if wanted is None:
        folder = cache_folder() / CIFAR10_FOLDER
        if not folder.exists():
            download_cifar10(folder)
    elif str(wanted) == "digits" and not Path(wanted).is_dir():
        if size is not None:
            raise DataError("the digits have their size, 32x32", remedy="leave out --size")
        return digits()
    else:
        folder = _expanded(Path(wanted))
        if path is None and not exists(folder):
            message = f"there is no folder `{folder}`, which the variable {VARIABLE} names"
            raise DataError(message, remedy="correct the variable, or name the folder with --data PATH")
    dataset = cached(recognise(folder), height_width)
    for note in dataset.notes:
        warnings.warn(f"{dataset.name}: {note}", DataWarning, stacklevel=2)
    return dataset


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:  # there is no such user
        return path


def _height_and_width(size: object) -> tuple[int, int]:
    pair = tuple(size) if isinstance(size, tuple | list) else (size, size)
    if len(pair) != 2 or not all(_is_whole(pixels) and pixels > 0 for pixels in pair):
        message = f"size is {size}; it must be a number of pixels of at least 1, or two: height and width"
        raise DataError(message, remedy="as in size=64 or size=(48, 64)")
    return int(pair[0]), int(pair[1])


def _is_whole(number: object) -> bool:
    return isinstance(number, Integral) and not isinstance(number, bool)


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
    return Dataset.of("digits", classes, images.take(~chosen), test=images.take(chosen))
