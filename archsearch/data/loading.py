"""Datasets: where they come from, how they are split, and their decoded copy in the per-user cache.

>>> dataset = digits()
>>> dataset.name, dataset.shape, len(dataset.train), len(dataset.test)
('digits', (3, 32, 32), 1438, 359)
>>> split = dataset.split("validation")
>>> len(split.train), len(split.evaluation)
(1295, 143)
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import warnings
import zipfile
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import platformdirs

from archsearch.data.download import download_cifar10
from archsearch.data.images import Images
from archsearch.data.sources import TORCHVISION_FOLDER, Contents, recognise
from archsearch.errors import DataError, suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Dataset", "Images", "Split", "digits", "load"]

VARIABLE = "ARCHSEARCH_DATA"
_KINDS = ("validation", "test")
_CACHE_FORMAT = 1
_BLOCK = 256  # images whose counts stay in the processor's cache: 6 times faster than all at once

Colour = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Split:
    """Images to train on and images to measure on.

    `kind` is "validation" (held out of the training set) or "test". `mean` and `std` are those of the
    dataset's whole training set, a channel each, on the scale 0..1.
    """

    data: str
    kind: str
    train: Images
    evaluation: Images
    classes: tuple[str, ...]
    mean: Colour
    std: Colour


@dataclass(frozen=True, eq=False)
class Dataset:
    """A dataset in memory, its images in the order of their content's hash.

    So neither `digest` (16 hex digits over pixels, labels and class names) nor a split depends on the order
    or the layout in which the images were found. `mean` and `std` are as in `Split`.
    """

    name: str
    digest: str
    classes: tuple[str, ...]
    train: Images
    test: Images
    mean: Colour
    std: Colour

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of one image as a network sees it: 3, height, width."""
        _, height, width, channels = self.train.pixels.shape
        return (channels, height, width)

    def split(self, kind: str) -> Split:
        """Split for a search ("validation") or for the final measurement ("test").

        "validation" holds a tenth of each class of the training set out of it, always the same images, and
        leaves the test set alone; "test" is all of the training set and all of the test set.
        Raises DataError for another kind, or where a class has a single training image.
        """
        if kind not in _KINDS:
            raise DataError(f"no split `{kind}`", remedy=suggest(kind, _KINDS))
        train, evaluation = self.train, self.test
        if kind == "validation":
            counts = np.bincount(train.labels, minlength=len(self.classes))
            if counts.min() < 2:
                scarce = int(counts.argmin())
                raise DataError(
                    f"class `{self.classes[scarce]}` has {counts[scarce]} training image; "
                    "a validation split needs at least 2 of each class",
                    place=self.name,
                    remedy="add images of that class",
                )
            held_out = _one_in(10, train.labels)
            train, evaluation = train.take(~held_out), train.take(held_out)
        return Split(self.name, kind, train, evaluation, self.classes, self.mean, self.std)


def load(path: str | Path | None = None) -> Dataset:
    """Load the dataset in a folder, or CIFAR-10 where none is named.

    Without a path, the folder is the one that the environment variable ARCHSEARCH_DATA names, or else
    `cifar-10-batches-py` in the per-user cache, and if that is not there it is downloaded. The word "digits"
    in place of a folder means `digits()`. What a folder may look like: `archsearch.data.sources.recognise`.

    The decoded images are kept in the per-user cache for the next time; where that cannot be written, or
    cannot be read back, a warning says so.

    Raises DataError for everything that is missing, damaged or inconsistent.
    """
    wanted = path if path is not None else os.environ.get(VARIABLE) or None
    if wanted is None:
        folder = _cache() / TORCHVISION_FOLDER
        if not folder.exists():
            download_cifar10(folder)
    elif str(wanted) == "digits" and not Path(wanted).is_dir():
        return digits()
    else:
        folder = Path(wanted).expanduser()
        if path is None and not folder.exists():
            rule = f"there is no folder `{folder}`, which the variable {VARIABLE} names"
            raise DataError(rule, remedy="correct the variable, or name the folder with --data PATH")
    source = recognise(folder)
    key = _fingerprint(source.files)
    file = _cache() / "datasets" / f"{hashlib.sha256(bytes(source.folder.resolve())).hexdigest()[:16]}.npz"
    dataset = _read_cache(file, key)
    if dataset is None:
        dataset = _dataset(source.read())
        _write_cache(file, key, dataset)
    return dataset


def digits() -> Dataset:
    """Return scikit-learn's 1,797 handwritten digits, enlarged from 8 x 8 grey to 32 x 32 RGB: no network.

    A fifth of each class is the test set.
    """
    bunch = import_module("sklearn.datasets").load_digits()
    # Bilinear weights are eighths, so every step is exact and the digest is the same on every machine.
    positions = np.clip((np.arange(32) + 0.5) / 4 - 0.5, 0, 7)
    enlarge = np.stack([np.interp(positions, np.arange(8), unit) for unit in np.eye(8)], axis=1)
    grey = np.rint(enlarge @ bunch.images @ enlarge.T * (255 / 16)).astype(np.uint8)
    images = _canonical(Images(np.repeat(grey[..., None], 3, axis=3), bunch.target.astype(np.int64)))
    chosen = _one_in(5, images.labels)
    classes = tuple(str(name) for name in bunch.target_names)
    return _dataset(Contents("digits", classes, images.take(~chosen), images.take(chosen)))


def _dataset(contents: Contents) -> Dataset:
    train, test = _canonical(contents.train), _canonical(contents.test)
    mean, std = _statistics(train.pixels)
    digest = _digest(contents.classes, train, test)
    return Dataset(contents.name, digest, contents.classes, train, test, mean, std)


def _canonical(images: Images) -> Images:
    keys = _content_keys(images)
    return images.take(np.array(sorted(range(len(keys)), key=keys.__getitem__), np.intp))


def _content_keys(images: Images) -> list[bytes]:
    return [
        hashlib.sha256(pixels).digest() + label.to_bytes(4)
        for pixels, label in zip(np.ascontiguousarray(images.pixels), images.labels.tolist(), strict=True)
    ]


def _digest(classes: tuple[str, ...], train: Images, test: Images) -> str:
    header = json.dumps([classes, train.pixels.shape, test.pixels.shape])
    content = [header.encode(), *_content_keys(train), *_content_keys(test)]
    return hashlib.sha256(b"".join(content)).hexdigest()[:16]


def _statistics(pixels: npt.NDArray[np.uint8]) -> tuple[Colour, Colour]:
    # From exact counts of the 256 values, so rounding cannot depend on the order of the images.
    counts = np.zeros((3, 256), np.int64)
    for start in range(0, len(pixels), _BLOCK):
        for channel in range(3):
            block = pixels[start : start + _BLOCK, ..., channel]
            counts[channel] += np.bincount(block.ravel(), minlength=256)
    values = np.arange(256) / 255
    share = counts / counts.sum(axis=1, keepdims=True)
    mean = share @ values
    std = np.sqrt((share * (values - mean[:, None]) ** 2).sum(axis=1))
    return _colour(mean), _colour(std)


def _colour(values: npt.NDArray[np.float64]) -> Colour:
    red, green, blue = values.tolist()
    return (red, green, blue)


def _one_in(parts: int, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Choose one image in so many of each class, at least one: the first ones, which hashes made random."""
    chosen = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        chosen[members[: max(1, round(len(members) / parts))]] = True
    return chosen


def _cache() -> Path:
    return platformdirs.user_cache_path("archsearch")


def _fingerprint(files: Sequence[Path]) -> str:
    facts = [(str(file.resolve()), (stat := file.stat()).st_size, stat.st_mtime_ns) for file in files]
    return hashlib.sha256(json.dumps([_CACHE_FORMAT, facts]).encode()).hexdigest()


def _read_cache(file: Path, key: str) -> Dataset | None:
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
            if str(content["key"]) != key:
                return None
            return Dataset(
                name=str(content["name"]),
                digest=str(content["digest"]),
                classes=tuple(content["classes"].tolist()),
                train=Images(content["train_pixels"], content["train_labels"]),
                test=Images(content["test_pixels"], content["test_labels"]),
                mean=_colour(content["mean"]),
                std=_colour(content["std"]),
            )
    except (FileNotFoundError, NotADirectoryError):
        return None
    # What a damaged archive raises, by where the damage is; the archive's checksums find all of it.
    except (
        OSError,
        EOFError,
        ValueError,
        LookupError,
        RuntimeError,
        MemoryError,
        zipfile.BadZipFile,
    ) as error:
        warnings.warn(
            f"the cached copy {file} cannot be read and is made anew ({type(error).__name__}: {error})",
            stacklevel=3,
        )
        return None


def _write_cache(file: Path, key: str, dataset: Dataset) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent) as temporary:
            written = Path(temporary) / file.name
            np.savez(
                written,
                key=key,
                name=dataset.name,
                digest=dataset.digest,
                classes=np.array(dataset.classes),
                train_pixels=dataset.train.pixels,
                train_labels=dataset.train.labels,
                test_pixels=dataset.test.pixels,
                test_labels=dataset.test.labels,
                mean=dataset.mean,
                std=dataset.std,
            )
            written.replace(file)
    except OSError as error:
        warnings.warn(
            f"the decoded images cannot be kept in {file.parent}, so the next start is slow again ({error})",
            stacklevel=3,
        )
