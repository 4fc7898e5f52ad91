"""Images in memory, all of one size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""One image, H x W x 3 (RGB, 0..255), or many, N x H x W x 3."""


@dataclass(frozen=True, eq=False)
class Images:
    """Images and their classes: `pixels` N x H x W x 3 (RGB, 0..255), `labels` N (0..classes - 1).

    The arrays are shared between values and must not be written to.

    >>> images = Images(np.zeros((3, 8, 8, 3), np.uint8), np.array([0, 1, 1]))
    >>> len(images.take(images.labels == 1))
    2
    """

    pixels: Pixels
    labels: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of one image as a network sees it: 3, height, width."""
        _, height, width, channels = self.pixels.shape
        return channels, height, width

    def take(self, index: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> Images:
        """Take some of the images, by their positions, a mask or a slice."""
        return Images(self.pixels[index], self.labels[index])

    def join(self, other: Images) -> Images:
        """Return these images and then the others."""
        return Images(np.concatenate([self.pixels, other.pixels]), np.concatenate([self.labels, other.labels]))


def size_of(pixels: Pixels) -> str:
    """Write the size of an image as people do: width x height.

    >>> size_of(np.zeros((480, 640, 3), np.uint8))
    '640x480'
    """
    height, width, _ = pixels.shape
    return f"{width}x{height}"
