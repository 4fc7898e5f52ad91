"""Where batches come from: prepared on the host, or on the device that holds all images."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from archsearch.training.augmentation import augmentation
from archsearch.training.batches import batches

if TYPE_CHECKING:
    from archsearch.data.dataset import Split
    from archsearch.data.images import Images
    from archsearch.training.recipe import Recipe

Pixels = tuple[Tensor, Tensor]
"""Images as uint8 N x 3 x H x W with channels last in memory, and labels, on the device."""


@dataclass(frozen=True, eq=False)
class Feed:
    """The images of a split as batches on a device: augmented by a recipe to train on, or as they are."""

    split: Split
    recipe: Recipe
    seed: int
    device: torch.device

    def training(self, epoch: int, order: int) -> Generator[Pixels, None, None]:
        """Yield the training images of an epoch, in the order of a seed."""
        return self._batches(self.split.train, self.recipe.augmentation, self.recipe.batch_size, epoch, order)

    def evaluation(self, batch_size: int) -> Generator[Pixels, None, None]:
        """Yield the evaluation images as they are."""
        return self._batches(self.split.evaluation, "none", batch_size, 0, None)

    def _batches(
        self, images: Images, name: str, batch_size: int, epoch: int, order: int | None
    ) -> Generator[Pixels, None, None]:
        height, width = images.pixels.shape[1:3]
        split = self.split
        pipeline = augmentation(name, mean=split.mean, std=split.std, size=(height, width), seed=self.seed)
        for pixels, labels in batches(images, pipeline, batch_size=batch_size, seed=order):
            yield (
                torch.from_numpy(pixels).to(self.device).permute(0, 3, 1, 2),
                torch.from_numpy(labels).to(self.device),
            )
