"""What is done to whole batches on their way into the network: normalised, scaled down, mixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, interpolate

if TYPE_CHECKING:
    from archsearch.data.dataset import Split


@dataclass(frozen=True, eq=False)
class Normalisation:
    """(value / 255 - mean) / std of each channel; mean and std are on the scale 0..1."""

    mean: Tensor
    std: Tensor

    @staticmethod
    def of(mean: tuple[float, ...], std: tuple[float, ...], device: torch.device) -> Normalisation:
        """Put mean and std of the channels on a device."""
        tensors = (255 * torch.tensor(values).view(-1, 1, 1) for values in (mean, std))
        return Normalisation(*(tensor.to(device) for tensor in tensors))

    def __call__(self, pixels: Tensor) -> Tensor:
        """Normalise N x C x H x W of 0..255 to float32."""
        return (pixels - self.mean).div_(self.std)


def first_images(split: Split, count: int) -> Tensor:
    """Return so many training images, normalised, on the CPU: any will do, as a dataset is sorted by a hash."""
    pixels = torch.from_numpy(split.train.pixels[:count]).permute(0, 3, 1, 2)
    return Normalisation.of(split.mean, split.std, pixels.device)(pixels)


@dataclass(frozen=True, eq=False)
class Labelled:
    """Images with their labels, or mixtures of two images each with the labels of both."""

    images: Tensor
    labels: Tensor
    others: Tensor | None = None
    share: float = 1.0

    def mixed(self, alpha: float, random: np.random.Generator) -> Labelled:
        """Mix each image with the one before it, by a share that is drawn once from Beta(alpha, alpha).

        The batch has to be in random order. So nothing but the share is drawn, and no device is waited for.

        Source: Zhang, Cisse, Dauphin, Lopez-Paz, "mixup: Beyond Empirical Risk Minimization" (arXiv 1710.09412).
        """
        share = float(random.beta(alpha, alpha))
        images = self.images.lerp(self.images.roll(1, 0), 1 - share)
        return Labelled(images, self.labels, self.labels.roll(1), share)

    def loss(self, logits: Tensor, smoothing: float) -> Tensor:
        """Return the mean cross-entropy, to the labels of both images where they are mixed."""
        loss = cross_entropy(logits, self.labels, label_smoothing=smoothing)
        if self.others is None:
            return loss
        return self.share * loss + (1 - self.share) * cross_entropy(logits, self.others, label_smoothing=smoothing)

    def correct(self, logits: Tensor) -> Tensor:
        """Return how many images are classified correctly, a mixture by the shares of its two."""
        guesses = logits.argmax(1)
        correct = (guesses == self.labels).sum(dtype=torch.float32)
        if self.others is None:
            return correct
        return self.share * correct + (1 - self.share) * (guesses == self.others).sum(dtype=torch.float32)


def scaled(images: Tensor, scale: float) -> Tensor:
    """Bring images to a share of their sides, smoothly.

    >>> scaled(torch.zeros(2, 3, 32, 64), 0.75).shape
    torch.Size([2, 3, 24, 48])
    """
    size = [max(1, round(scale * side)) for side in images.shape[2:]]
    return interpolate(images, size, mode="bilinear", antialias=True)
