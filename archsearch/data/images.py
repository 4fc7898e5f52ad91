"""Images in memory, and how they are decoded: to 8-bit RGB, all of one size."""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from archsearch.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

REPLACE = "replace the file with an intact copy"

_FORMATS = ("PNG", "JPEG", "BMP", "WEBP")


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


class LabelledImage(NamedTuple):
    """One decoded image, and the place that an error about it names."""

    place: str
    pixels: npt.NDArray[np.uint8]  # H x W x 3
    label: int


def decode(data: bytes | Path, place: str) -> npt.NDArray[np.uint8]:
    """Decode a file or its bytes to H x W x 3 (RGB); raises DataError that names this place."""
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


def stack(train: Sequence[LabelledImage], test: Sequence[LabelledImage]) -> tuple[Images, Images]:
    """Stack the images of both sides; raises DataError for the first whose size differs."""
    first = train[0]
    for image in chain(train, test):
        if image.pixels.shape != first.pixels.shape:
            raise DataError(
                f"this image is {size_of(image.pixels)} pixels; the first one is {size_of(first.pixels)}",
                place=image.place,
                remedy=f"bring all images to one size (the first one is {first.place})",
            )
    return _stacked(train), _stacked(test)


def size_of(pixels: npt.NDArray[np.uint8]) -> str:
    """Write the size of an image as people do: width x height.

    >>> size_of(np.zeros((480, 640, 3), np.uint8))
    '640x480'
    """
    height, width, _ = pixels.shape
    return f"{width}x{height}"


def _stacked(images: Sequence[LabelledImage]) -> Images:
    pixels, labels = [image.pixels for image in images], [image.label for image in images]
    return Images(np.stack(pixels), np.array(labels, np.int64))
