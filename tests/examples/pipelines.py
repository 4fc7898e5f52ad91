"""Pipelines of augmentation, and images to run them on."""

from __future__ import annotations

import numpy as np

from archsearch.data.images import Images
from archsearch.training.augmentation import Pipeline, augmentation

MEAN = (0.4914, 0.4822, 0.4465)
COLOUR = (125, 123, 114)


def pipeline_of(name: str, *, cutout: int = 0, size: tuple[int, int] = (32, 32), seed: int = 0) -> Pipeline:
    return augmentation(name, cutout=cutout, mean=MEAN, size=size, seed=seed)


def noise(count: int, size: tuple[int, int] = (32, 32)) -> Images:
    pixels = np.random.default_rng(0).integers(0, 256, (count, *size, 3), dtype=np.uint8)
    return Images(pixels, np.arange(count))
