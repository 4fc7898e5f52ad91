"""Images in memory: the value, and how one is decoded; whatever is read becomes 8-bit RGB of one size."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from archsearch.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

REPLACE = "replace the file with an intact copy"

_FORMATS = ("PNG", "JPEG", "BMP", "WEBP")

LabelledImage = tuple[str, npt.NDArray[np.uint8], int]  # place, H x W x 3 pixels, label


@dataclass(frozen=True, eq=False)
class Images:
    """Images and their classes: `pixels` N x H x W x 3 (RGB, 0..255), `labels` N (0..classes - 1).

    The arrays are shared between values and must not be written to.

    >>> images = Images(np.zeros((3, 8, 8, 3), np.uint8), np.array([0, 1, 1]))
    >>> len(images.take(images.labels == 1))
    2
    """

    pixels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> Images:
        """Take some of the images, by their positions, a mask or a slice."""
        return Images(self.pixels[index], self.labels[index])


def decode(data: bytes | Path, place: str) -> npt.NDArray[np.uint8]:
    """Decode a file's bytes, or a file, to H x W x 3 (RGB); DataError with this place."""
    try:
        encoded = data if isinstance(data, bytes) else data.read_bytes()
        with Image.open(io.BytesIO(encoded), formats=_FORMATS) as image:
            if image.mode.startswith(("I", "F")):
                raise DataError(
                    f"this image has more than 8 bits a channel (mode {image.mode})",
                    place=place,
                    remedy="convert it to 8 bits",
                )
            # A palette's transparency is lost without a warning only by way of RGBA.
            opaque = image.convert("RGBA") if "transparency" in image.info else image
            colour = opaque if opaque.mode == "RGB" else opaque.convert("RGB")
            # On small images this takes two thirds of the time of np.asarray(colour).
            pixels = np.frombuffer(colour.tobytes(), np.uint8)
            return pixels.reshape(colour.height, colour.width, 3)
    except UnidentifiedImageError as error:
        raise DataError(
            f"this is not a {', '.join(_FORMATS[:-1])} or {_FORMATS[-1]} image", place=place, remedy=REPLACE
        ) from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"this image cannot be decoded: {error}", place=place, remedy=REPLACE) from error


def one_shape(rows: Sequence[LabelledImage]) -> tuple[int, ...]:
    """Return the height, width and channels that all images have; DataError for the first that differs."""
    first_place, first, _ = rows[0]
    for place, image, _ in rows:
        if image.shape != first.shape:
            raise DataError(
                f"this image is {size_of(image.shape)} pixels; the first one is {size_of(first.shape)}",
                place=place,
                remedy=f"bring all images to one size (the first one is {first_place})",
            )
    return first.shape


def size_of(shape: tuple[int, ...]) -> str:
    """Write a shape (height, width, channels) as people do.

    >>> size_of((480, 640, 3))
    '640x480'
    """
    height, width, _ = shape
    return f"{width}x{height}"


def gathered(rows: Sequence[LabelledImage]) -> Images:
    """Put rows of one shape together."""
    return Images(np.stack([image for _, image, _ in rows]), np.array([label for _, _, label in rows], np.int64))
