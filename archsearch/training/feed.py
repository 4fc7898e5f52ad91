"""Where batches come from: prepared on the host, or on the device that holds all images."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from archsearch.training.augmentation import augmentation
from archsearch.training.batches import batches
from archsearch.training.resident import ResidentImages

if TYPE_CHECKING:
    from archsearch.data.dataset import Split
    from archsearch.data.images import Images
    from archsearch.training.augmentation import Pipeline
    from archsearch.training.batches import Batch
    from archsearch.training.recipe import Recipe

DeviceBatch = tuple[Tensor, Tensor]
"""Images as uint8 N x 3 x H x W with channels last in memory, and labels, on the device."""


@dataclass(frozen=True, eq=False)
class Feed:
    """The images of a split as batches on a device: augmented by a recipe to train on, or as they are.

    Where they are `resident`, as beside a GPU, they stay on the device and are augmented there; a CPU augments
    them in a thread of its own.
    """

    split: Split
    recipe: Recipe
    seed: int
    device: torch.device
    resident: bool = False
    _there: dict[int, ResidentImages] = field(default_factory=dict)

    def training(self, epoch: int, order: int) -> Generator[DeviceBatch, None, None]:
        """Yield the training images of an epoch, in the order of a seed."""
        pipeline = self._pipeline(self.recipe.augmentation, self.recipe.cutout)
        return self._batches(self.split.train, pipeline, self.recipe.batch_size, order, epoch)

    def evaluation(self, batch_size: int) -> Generator[DeviceBatch, None, None]:
        """Yield the evaluation images as they are."""
        return self._batches(self.split.evaluation, self._pipeline("none"), batch_size, None, 0)

    def _pipeline(self, name: str, cutout: int = 0) -> Pipeline:
        size = self.split.train.shape[1:]
        return augmentation(name, cutout=cutout, mean=self.split.mean, size=size, seed=self.seed)

    def _batches(
        self, images: Images, pipeline: Pipeline, batch_size: int, order: int | None, epoch: int
    ) -> Generator[DeviceBatch, None, None]:
        if self.resident:
            if id(images) not in self._there:
                self._there[id(images)] = ResidentImages(images, self.device)
            return self._there[id(images)].batches(pipeline, batch_size=batch_size, order=order, epoch=epoch)
        return _moved(batches(images, pipeline, batch_size=batch_size, order=order, epoch=epoch))


def _moved(stream: Generator[Batch, None, None]) -> Generator[DeviceBatch, None, None]:
    """Turn arrays into tensors, without a copy."""
    with closing(stream):
        for pixels, labels in stream:
            yield torch.from_numpy(pixels).permute(0, 3, 1, 2), torch.from_numpy(labels)
