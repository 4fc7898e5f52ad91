"""Datasets as values: images in memory, and the images a network is trained and evaluated on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from archsearch.data.copies import HELD_OUT, canonical, content_keys, held_out, one_in
from archsearch.data.images import Images, Pixels, size_of
from archsearch.data.source import SIDES
from archsearch.errors import DataError, suggest

COPIES_TOGETHER = "validation (copies together)"
"""The kind of a validation split that holds out other images than it would if none were copies."""

_KINDS = ("validation", "test")
_BLOCK = 256  # images whose counts stay in the processor's cache: 6 times faster than all at once


class RGB(NamedTuple):
    """A value for each channel, on the scale 0..1."""

    red: float
    green: float
    blue: float


@dataclass(frozen=True, eq=False)
class Dataset:
    """A dataset in memory, its images sorted by a hash of their content.

    So neither `digest` (16 hex digits over pixels, labels, sides and class names) nor a split depends on the order
    or the layout in which the images were found. `validation` and `test` are None where the dataset has no such
    images. `mean` and `std` are those of all images to train on, but for a `std` of 1 where a channel has the same
    value everywhere, as nothing can be divided by 0. `notes` is what there is to say of the dataset.
    """

    name: str
    digest: str
    classes: tuple[str, ...]
    train: Images
    validation: Images | None
    test: Images | None
    mean: RGB
    std: RGB
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        name: str,
        classes: tuple[str, ...],
        train: Images,
        validation: Images | None = None,
        test: Images | None = None,
        notes: tuple[str, ...] = (),
    ) -> Dataset:
        """Make a dataset of images in any order; `classes` are in the order of the labels."""
        train = canonical(train)
        validation, test = (None if side is None else canonical(side) for side in (validation, test))
        mean, std = _statistics([side.pixels for side in (train, validation) if side is not None])
        digest = _digest(classes, train, validation, test)
        return cls(name, digest, classes, train, validation, test, mean, std, notes)

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of one image as a network sees it: 3, height, width."""
        return self.train.shape

    def __str__(self) -> str:
        """Say in one line what was read."""
        counts = np.bincount(self.train.labels, minlength=len(self.classes))
        least, most = int(counts.min()), int(counts.max())
        each = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        validation = "a tenth of them" if self.validation is None else f"{len(self.validation):,} images"
        test = "no test images" if self.test is None else f"{len(self.test):,} test images"
        return (
            f"{self.name}: {len(self.train):,} training images of {len(self.classes)} classes, {each} a class, "
            f"{size_of(self.train.pixels[0])} pixels; {validation} held out for validation; {test}"
        )

    def split(self, kind: str) -> Split:
        """Split for a search ("validation") or for the final measurement ("test").

        "validation" leaves the test images alone and holds out the dataset's own validation images, or else a
        tenth of each class of the training images, always the same ones. "test" trains on all but the test images.
        Raises DataError for another kind, for "test" without test images, and where a class has too few images.
        """
        if kind not in _KINDS:
            raise DataError(f"no split `{kind}`", remedy=suggest(kind, _KINDS))
        if kind == "validation":
            if self.validation is None:
                return self._hold_out()
            return self._split(kind, self.train, self.validation)
        if self.test is None:
            remedy = "measure on the validation images (--split validation), or add a test side"
            raise DataError(f"`{self.name}` has no test images", remedy=remedy)
        train = self.train if self.validation is None else self.train.join(self.validation)
        return self._split(kind, train, self.test)

    def _hold_out(self) -> Split:
        chosen = held_out(self.train)
        for label, name in enumerate(self.classes):
            if np.unique(chosen[self.train.labels == label]).size < 2:
                count = int((self.train.labels == label).sum())
                counted = f"{count} training image" + ("" if count == 1 else "s, all copies of others")
                raise DataError(
                    f"class `{name}` has {counted}; a validation split needs at least 2 of each class",
                    place=self.name,
                    remedy="add images of that class, or a validation side",
                )
        # Results on other images have another key.
        usual = np.array_equal(chosen, one_in(HELD_OUT, self.train.labels))
        kind = "validation" if usual else COPIES_TOGETHER
        return self._split(kind, self.train.take(~chosen), self.train.take(chosen))

    def _split(self, kind: str, train: Images, evaluation: Images) -> Split:
        return Split(self.name, kind, train, evaluation, self.classes, self.mean, self.std, self.digest)


@dataclass(frozen=True, eq=False)
class Split:
    """Images to train on and images to evaluate on.

    `kind` is "test", or begins with "validation": it says which images these are among those of the dataset.
    `mean`, `std` and `digest` are those of the dataset; images that come from none have no digest.
    """

    data: str
    kind: str
    train: Images
    evaluation: Images
    classes: tuple[str, ...]
    mean: RGB
    std: RGB
    digest: str = ""


def _digest(classes: tuple[str, ...], *sides: Images | None) -> str:
    # A dataset without validation images is digested as it was before there were such.
    named = [
        (name, side) for name, side in zip(SIDES, sides, strict=True) if name != "validation" or side is not None
    ]
    header = json.dumps([classes, *(None if side is None else side.pixels.shape for _, side in named)])
    content = [key for _, side in named if side is not None for key in content_keys(side)]
    return hashlib.sha256(b"".join([header.encode(), *content])).hexdigest()[:16]


def _statistics(sides: list[Pixels]) -> tuple[RGB, RGB]:
    # From exact counts of the 256 values, so rounding cannot depend on the order of the images.
    counts = np.zeros((3, 256), np.int64)
    for pixels in sides:
        for start in range(0, len(pixels), _BLOCK):
            for channel in range(3):
                block = pixels[start : start + _BLOCK, ..., channel]
                counts[channel] += np.bincount(block.ravel(), minlength=256)
    values = np.arange(256) / 255
    share = counts / counts.sum(axis=1, keepdims=True)
    mean = share @ values
    std = np.sqrt((share * (values - mean[:, None]) ** 2).sum(axis=1))
    return RGB(*mean.tolist()), RGB(*np.where(std == 0, 1.0, std).tolist())
