"""Images that stay on the device that trains, and are augmented there.

>>> import numpy as np
>>> from archsearch.data.images import Images
>>> from archsearch.training.augmentation import augmentation
>>> images = Images(np.zeros((5, 32, 32, 3), np.uint8), np.arange(5))
>>> pipeline = augmentation("flip_crop", mean=(0.5, 0.5, 0.5), size=(32, 32))
>>> resident = ResidentImages(images, torch.device("cpu"))
>>> [tuple(x.shape) for x, _ in resident.batches(pipeline, batch_size=4, order=1, epoch=0)]
[(4, 3, 32, 32), (1, 3, 32, 32)]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from archsearch.training.on_tensors import augmenter

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch import Tensor

    from archsearch.data.images import Images
    from archsearch.training.augmentation import Pipeline


class ResidentImages:
    """All images, a byte a value, and their labels on one device: 3 KB for an image of 32 x 32."""

    def __init__(self, images: Images, torch_device: torch.device) -> None:
        self.pixels = torch.tensor(np.ascontiguousarray(images.pixels), device=torch_device)
        self.labels = torch.tensor(images.labels, dtype=torch.int64, device=torch_device)

    def __len__(self) -> int:
        return len(self.labels)

    def batches(
        self, pipeline: Pipeline, *, batch_size: int, order: int | None, epoch: int
    ) -> Generator[tuple[Tensor, Tensor], None, None]:
        """Yield all images once, as bytes N x 3 x H x W with the channels last in memory, and their labels.

        Augmented and in random order where `order` is a seed; as they are and in their own order where it is None.
        The pipeline, the seed and the epoch decide all random numbers on a device of one kind. The last batch
        may be smaller. Once an epoch has begun, nothing in it waits for the device.

        Raises ArchsearchError for images of another size than the pipeline's, and for a batch size below 1.
        """
        _, height, width, _ = self.pixels.shape
        pipeline.check((height, width), batch_size)
        if order is None:
            return self._as_they_are(batch_size)
        return self._augmented(pipeline, batch_size, order, epoch)

    def _as_they_are(self, batch_size: int) -> Generator[tuple[Tensor, Tensor], None, None]:
        for start in range(0, len(self), batch_size):
            part = slice(start, start + batch_size)
            yield self.pixels[part].permute(0, 3, 1, 2), self.labels[part]

    def _augmented(
        self, pipeline: Pipeline, batch_size: int, order: int, epoch: int
    ) -> Generator[tuple[Tensor, Tensor], None, None]:
        device = self.pixels.device
        state = np.random.SeedSequence((pipeline.seed, order, epoch)).generate_state(1, np.uint64)
        generator = torch.Generator(device).manual_seed(int(state[0]))
        augment = augmenter(pipeline, images=len(self), epoch=epoch, generator=generator)
        shuffled = torch.randperm(len(self), generator=generator, device=device)
        for start in range(0, len(self), batch_size):
            positions = shuffled[start : start + batch_size]
            yield augment(self.pixels[positions], positions).permute(0, 3, 1, 2), self.labels[positions]
