"""Augmentation of arrays, by albumentations where it draws for each image, by numpy where a batch is one array."""

from __future__ import annotations

import os
import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from archsearch.training.augmentation import (
    FLIPPED_FIRST,
    AlternatingFlip,
    Border,
    CentreCrop,
    Cutout,
    Flip,
    Hole,
    Pipeline,
    RandomCrop,
    ShiftScaleRotate,
    Step,
)

# Importing albumentations otherwise asks the network for a newer version.
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

import albumentations
import cv2

if TYPE_CHECKING:
    from archsearch.data.images import Pixels

# On small images OpenCV's own threads double the processor time and save none; they are a global setting.
cv2.setNumThreads(1)

_T = TypeVar("_T")

Augment = Callable[["Pixels", npt.NDArray[np.intp]], "Pixels"]
"""From images N x H x W x 3 and their positions among all images to images of the pipeline's size."""


def augmenter(pipeline: Pipeline, *, images: int, epoch: int, generator: np.random.Generator) -> Augment:
    """Return what augments batch after batch of one epoch over so many images.

    What is drawn follows from the generator, which calls change: the batches must come in order.
    """
    epoch_of = _Epoch(pipeline.seed, images, epoch, generator, random.Random(int(generator.integers(2**63))))
    steps = strictly(lambda: [_prepared(step, epoch_of) for step in pipeline.steps])

    def augment(pixels: Pixels, positions: npt.NDArray[np.intp]) -> Pixels:
        for step in steps:
            pixels = step(pixels, positions)
        return np.ascontiguousarray(pixels)

    return augment


@dataclass(frozen=True)
class _Epoch:
    seed: int
    images: int
    number: int
    generator: np.random.Generator
    python_random: random.Random

    def each(self, transform: albumentations.BasicTransform) -> Augment:
        """Return a transform of albumentations as a step, with its random numbers from this epoch's generators."""
        transform.set_random_state(self.generator, self.python_random)
        return lambda pixels, _: np.stack([transform(image=image)["image"] for image in pixels])


def _prepared(step: Step, epoch: _Epoch) -> Augment:
    match step:
        case Flip(p):
            return epoch.each(albumentations.HorizontalFlip(p=p))
        case AlternatingFlip():
            return _alternating_flip(epoch)
        case ShiftScaleRotate():
            return epoch.each(Affine(step))
        case Border():
            return lambda pixels, _: _with_border(step, pixels)
        case Hole(side, colour, p):
            sides = {"hole_height_range": (side, side), "hole_width_range": (side, side)}
            return epoch.each(albumentations.CoarseDropout(num_holes_range=(1, 1), **sides, fill=colour, p=p))
        case RandomCrop((height, width)):
            return epoch.each(albumentations.RandomCrop(height=height, width=width, p=1.0))
        case CentreCrop():
            return lambda pixels, _: _centre(step, pixels)
        case Cutout():
            return lambda pixels, _: _cut_out(step, pixels, epoch.generator)


def _alternating_flip(epoch: _Epoch) -> Augment:
    seed = np.random.SeedSequence(epoch.seed, spawn_key=FLIPPED_FIRST)
    first = np.random.default_rng(seed).integers(2, size=epoch.images)
    flipped = (first + epoch.number) % 2 == 1

    def flip(pixels: Pixels, positions: npt.NDArray[np.intp]) -> Pixels:
        output, chosen = pixels.copy(), flipped[positions]
        output[chosen] = pixels[chosen, :, ::-1]
        return output

    return flip


class Affine(albumentations.ImageOnlyTransform):  # type: ignore[misc] # albumentations has no types
    """`ShiftScaleRotate` for albumentations, whose own Affine only shifts by whole pixels, rounded towards 0."""

    def __init__(self, step: ShiftScaleRotate) -> None:
        super().__init__(p=step.p)
        self.step = step

    def get_params(self) -> dict[str, float]:
        """Draw the angle in degrees, the factor, and the shift in shares of the width and the height."""
        step, uniform = self.step, self.py_random.uniform
        return {
            "angle": uniform(-step.rotate, step.rotate),
            "scale": uniform(1 - step.scale, 1 + step.scale),
            "x": uniform(-step.shift, step.shift),
            "y": uniform(-step.shift, step.shift),
        }

    def apply(self, img: Pixels, *, angle: float, scale: float, x: float, y: float, **_: object) -> Pixels:
        """Return the image scaled, rotated (counter-clockwise) and shifted."""
        height, width = img.shape[:2]
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, scale)
        matrix[:, 2] += x * width, y * height
        bilinear, reflected = cv2.INTER_LINEAR, cv2.BORDER_REFLECT_101
        return cv2.warpAffine(img, matrix, (width, height), flags=bilinear, borderMode=reflected).astype(np.uint8)


def _with_border(border: Border, pixels: Pixels) -> Pixels:
    _, height, width, _ = pixels.shape
    widths = ((0, 0), *border.around((height, width)), (0, 0))
    return np.pad(pixels, widths, mode="reflect") if border.reflected else np.pad(pixels, widths)


def _centre(crop: CentreCrop, pixels: Pixels) -> Pixels:
    (height, width), (_, rows, columns, _) = crop.size, pixels.shape
    top, left = crop.before((rows, columns))
    return pixels[:, top : top + height, left : left + width]


def _cut_out(cutout: Cutout, pixels: Pixels, generator: np.random.Generator) -> Pixels:
    _, height, width, _ = pixels.shape
    rows = _within(cutout.side, generator.integers(height, size=(len(pixels),)), height)
    columns = _within(cutout.side, generator.integers(width, size=(len(pixels),)), width)
    square = rows[:, :, None] & columns[:, None, :]
    return np.where(square[..., None], np.array(cutout.colour, np.uint8), pixels)


def _within(side: int, centres: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.bool_]:
    """Return for each centre which of so many positions the square covers: N x length."""
    distance = np.arange(length) - centres[:, None] + side // 2
    return (distance >= 0) & (distance < side)


def strictly(build: Callable[[], _T]) -> _T:
    """Build with warnings as errors: albumentations only warns of an argument that it does not know."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        return build()
