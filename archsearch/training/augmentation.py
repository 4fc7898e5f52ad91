"""Augmentation by albumentations, and normalisation."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from archsearch.errors import TrainingError
from archsearch.graph.shapes import shape_text
from archsearch.training.fields import AUGMENTATIONS

# Importing albumentations otherwise asks the network for a newer version.
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

import cv2
from albumentations import (
    Affine,
    BasicTransform,
    CoarseDropout,
    Compose,
    HorizontalFlip,
    Pad,
    RandomCrop,
)

if TYPE_CHECKING:
    from collections.abc import Callable


# On small images OpenCV's own threads double the processor time and save none; they are a global setting.
cv2.setNumThreads(1)


_PADDING = 4
_HOLE = 16
# A border reflects other pixels than the outermost; a hole lies within the image and its border.
_LEAST_SIDE = {"none": 1, "crop": _PADDING + 1, "flip_crop": _PADDING + 1, "course": _HOLE - 2 * _PADDING}
# Smaller images are refused, not given a smaller hole: results are kept by the name of their augmentation.
_LEAST_AREA = {"course": 2 * _HOLE**2}
_T = TypeVar("_T")


@dataclass(frozen=True)
class Pipeline:
    """What is done to images of one size (height, width) before a network sees them: made by `augmentation`.

    `mean` and `std` are a channel each, on the scale 0..1.
    """

    name: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    size: tuple[int, int]
    seed: int

    def compose(self, seed: int | None = None) -> Compose | None:
        """Build the random part: albumentations from uint8 to uint8 H x W x 3, or None where there is none.

        Its random numbers follow from the pipeline's seed and this one.
        """
        transforms = _strictly(lambda: _transforms(self))
        entropy = (self.seed,) if seed is None else (self.seed, seed)
        state = int(np.random.SeedSequence(entropy).generate_state(1)[0])
        return _strictly(lambda: Compose(transforms, seed=state)) if transforms else None

    def normalise(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Turn N x H x W x 3 of 0..255 into contiguous N x 3 x H x W of (value / 255 - mean) / std."""
        values = np.arange(256) / 255
        output = np.empty((len(pixels), 3, *pixels.shape[1:3]), np.float32)
        for channel, (mean, std) in enumerate(zip(self.mean, self.std, strict=True)):
            # A byte has 256 values only: looking them up costs less than arithmetic on every pixel.
            table = ((values - mean) / std).astype(np.float32)
            output[:, channel] = table[pixels[..., channel]]
        return output


def augmentation(
    name: str,
    *,
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
    size: tuple[int, int],
    seed: int,
) -> Pipeline:
    """Name what is done to images of a size (height, width) whose colours have this mean and std (0..1).

    - "none": normalisation only, with which every other one ends too
    - "crop": 4 pixels of reflected border, then a random crop back to the size
    - "flip_crop": a horizontal flip of half the images, then "crop"
    - "course": flip; shift by up to a sixteenth, scale by up to a tenth and rotation by up to 15 degrees,
      of half the images; 4 pixels of border; one hole of 16 x 16 in the mean colour, in half the images;
      crop

    Raises ArchsearchError for another name, and what `check_size` raises.
    """
    check_size(name, size)
    return Pipeline(name, mean, std, size, seed)


def check_size(name: str, size: tuple[int, int]) -> None:
    """Raise TrainingError for images (height, width) too small for an augmentation; it names one that works.

    >>> check_size("crop", (4, 32))
    Traceback (most recent call last):
    archsearch.errors.TrainingError: the augmentation `crop` needs sides of at least 5 pixels; the images are 4x32
      --augmentation none works on them
    """
    if unmet := _unmet(name, size):
        message = f"the augmentation `{name}` {unmet}; the images are {shape_text(size)}"
        *_, works = (other for other in AUGMENTATIONS if not _unmet(other, size))
        raise TrainingError(message, remedy=f"--augmentation {works} works on them")


def _unmet(name: str, size: tuple[int, int]) -> str:
    """Say what an augmentation needs that images of a size do not meet, or nothing."""
    if min(size) < _LEAST_SIDE[name]:
        return f"needs sides of at least {_LEAST_SIDE[name]} pixels"
    if prod(size) < _LEAST_AREA.get(name, 0):
        return f"erases {_HOLE}x{_HOLE} pixels, more than half of an image"
    return ""


def _transforms(pipeline: Pipeline) -> list[BasicTransform]:
    height, width = pipeline.size
    flip = HorizontalFlip(p=0.5)
    pad = Pad(padding=_PADDING, border_mode=cv2.BORDER_REFLECT_101, p=1.0)
    crop = RandomCrop(height=height, width=width, p=1.0)
    shift_scale_rotate = Affine(
        translate_px={"x": (-(width // 16), width // 16), "y": (-(height // 16), height // 16)},
        scale=(0.9, 1.1),
        rotate=(-15.0, 15.0),
        keep_ratio=True,
        border_mode=cv2.BORDER_REFLECT_101,
        p=0.5,
    )
    hole = CoarseDropout(
        num_holes_range=(1, 1),
        hole_height_range=(_HOLE, _HOLE),
        hole_width_range=(_HOLE, _HOLE),
        fill=tuple(round(255 * value) for value in pipeline.mean),
        p=0.5,
    )
    return {
        "none": [],
        "crop": [pad, crop],
        "flip_crop": [flip, pad, crop],
        "course": [flip, shift_scale_rotate, pad, hole, crop],
    }[pipeline.name]


def _strictly(build: Callable[[], _T]) -> _T:
    """Build with warnings as errors: albumentations only warns of an argument that it does not know."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        return build()
