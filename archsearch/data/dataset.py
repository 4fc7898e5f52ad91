"""Datasets as values: images in memory, and the images a network is trained and evaluated on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from archsearch.data.images import Images
from archsearch.errors import DataError, suggest

if TYPE_CHECKING:
    from collections.abc import Callable


_KINDS = ("validation", "test")
_BLOCK = 256  # images whose counts stay in the processor's cache: 6 times faster than all at once


class RGB(NamedTuple):
    """A value for each channel, on the scale 0..1."""

    red: float
    green: float
    blue: float


@dataclass(frozen=True, eq=False)
class Source:
    """A folder whose layout is known: the files that make up the dataset, and how to read them.

    `read` decodes every image, which is slow, and raises DataError for what is damaged or inconsistent.
    """

    folder: Path
    files: tuple[Path, ...]
    read: Callable[[], Dataset]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A dataset in memory, its images sorted by a hash of their content.

    So neither `digest` (16 hex digits over pixels, labels and class names) nor a split depends on the order
    or the layout in which the images were found. `mean` and `std` are those of the training set.
    """

    name: str
    digest: str
    classes: tuple[str, ...]
    train: Images
    test: Images
    mean: RGB
    std: RGB

    @classmethod
    def of(cls, name: str, classes: tuple[str, ...], train: Images, test: Images) -> Dataset:
        """Make a dataset of images in any order; `classes` are in the order of the labels."""
        train, test = canonical(train), canonical(test)
        mean, std = _statistics(train.pixels)
        return cls(name, _digest(classes, train, test), classes, train, test, mean, std)

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of one image as a network sees it: 3, height, width."""
        _, height, width, channels = self.train.pixels.shape
        return (channels, height, width)

    def split(self, kind: str) -> Split:
        """Split for a search ("validation") or for the final measurement ("test").

        "validation" holds out a tenth of each class of the training set, always the same images, and leaves
        the test set alone; "test" is the whole training set and the whole test set.
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
            held_out = one_in(10, train.labels)
            train, evaluation = train.take(~held_out), train.take(held_out)
        return Split(self.name, kind, train, evaluation, self.classes, self.mean, self.std)


@dataclass(frozen=True, eq=False)
class Split:
    """Images to train on and images to evaluate on.

    `kind` is "validation" (held out of the training set) or "test". `mean` and `std` are those of the
    dataset's whole training set.
    """

    data: str
    kind: str
    train: Images
    evaluation: Images
    classes: tuple[str, ...]
    mean: RGB
    std: RGB


def canonical(images: Images) -> Images:
    """Sort images by a hash of their content."""
    keys = content_keys(images)
    return images.take(np.array(sorted(range(len(keys)), key=keys.__getitem__), np.intp))


def content_keys(images: Images) -> list[bytes]:
    """Return a key for each image: a hash of its pixels, then its label."""
    return [
        hashlib.sha256(pixels).digest() + label.to_bytes(4)
        for pixels, label in zip(np.ascontiguousarray(images.pixels), images.labels.tolist(), strict=True)
    ]


def one_in(parts: int, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Choose one image in `parts` of each class, at least one: the first ones, which hashes made random."""
    chosen = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        chosen[members[: max(1, round(len(members) / parts))]] = True
    return chosen


def _digest(classes: tuple[str, ...], train: Images, test: Images) -> str:
    header = json.dumps([classes, train.pixels.shape, test.pixels.shape])
    content = [header.encode(), *content_keys(train), *content_keys(test)]
    return hashlib.sha256(b"".join(content)).hexdigest()[:16]


def _statistics(pixels: npt.NDArray[np.uint8]) -> tuple[RGB, RGB]:
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
    return RGB(*mean.tolist()), RGB(*std.tolist())
