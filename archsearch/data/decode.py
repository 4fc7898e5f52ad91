"""One image to 8-bit RGB: turned upright, blended onto white, brought to a size, or refused."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from archsearch.data.images import Pixels
from archsearch.errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".jpe", ".bmp", ".webp")
REPLACE = "replace the file with an intact copy"

TURNED = "turned upright by the EXIF orientation"
BLENDED = "transparent, and blended onto white"
CONVERTED = "converted from CMYK to RGB"

_FORMATS = ("PNG", "JPEG", "BMP", "WEBP")
_CONVERT = "convert it to PNG or JPEG"
_ORIENTATION = 0x0112
_ORIENTED = frozenset({"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"})

# What Pillow raises on arbitrary bytes, beside UnidentifiedImageError.
_DAMAGED = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, AttributeError, OverflowError, EOFError,
    NotImplementedError, MemoryError, struct.error, zlib.error, RuntimeWarning, Image.DecompressionBombError,
)  # fmt: skip


class Decoded(NamedTuple):
    """The pixels of an image, H x W x 3, and what was done to it beside decoding."""

    pixels: Pixels
    changes: tuple[str, ...] = ()


def decode(data: Path | bytes | Pixels, size: tuple[int, int] | None = None) -> Decoded:
    """Decode a file, its bytes, or pixels, and bring it to a size (height, width) if one is given.

    An image of another shape is scaled to cover that size, and its middle is kept. Raises DataError, without a
    place, for what is no intact image of 8 bits a channel in one of the formats, or is animated.
    """
    if isinstance(data, np.ndarray):
        return _fitted(Image.fromarray(data), (), size) if size else Decoded(data)
    encoded = data if isinstance(data, bytes) else _content(data)
    try:
        with Image.open(io.BytesIO(encoded), formats=_FORMATS) as image:
            _check(image, encoded)
            image.load()
            return _fitted(*_upright(*_opaque(image)), size)
    except UnidentifiedImageError:
        raise _unidentified(encoded) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        message = f"this image has more than {Image.MAX_IMAGE_PIXELS:,} pixels"
        raise DataError(message, remedy="bring it to a smaller size") from error
    except MemoryError:
        raise DataError("there is no memory for this image", remedy="bring it to a smaller size") from None
    except _DAMAGED as error:
        raise DataError(f"this image cannot be decoded: {error}", remedy=REPLACE) from error


def _content(file: Path) -> bytes:
    if file.suffix.lower() not in SUFFIXES:
        message = f"a class folder holds images only ({', '.join(SUFFIXES)})"
        raise DataError(message, remedy="convert it, or move it out of the dataset")
    try:
        return file.read_bytes()
    except IsADirectoryError:
        raise DataError("this is a folder, not an image", remedy="move it out of the class folder") from None
    except FileNotFoundError:
        raise DataError("this link leads nowhere", remedy="remove it, or put its target back") from None
    except OSError as error:
        raise DataError(f"this file cannot be read: {error.strerror}", remedy="check its permissions") from error


def _check(image: Image.Image, encoded: bytes) -> None:
    # Pillow cuts 16-bit colour to its high byte; byte 24 of a PNG is its bit depth.
    if image.mode.startswith(("I", "F")) or (image.format == "PNG" and encoded[24] > 8):
        raise DataError("this image has more than 8 bits a channel", remedy="convert it to 8 bits")
    # A phone's photo may be MPO: a JPEG that carries another picture along.
    if image.format != "MPO" and (frames := getattr(image, "n_frames", 1)) > 1:
        raise DataError(f"this image is animated, with {frames} frames", remedy="keep one frame of it")


def _opaque(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        least, _ = layered.getchannel("A").getextrema()
        white = Image.new("RGBA", layered.size, "white")
        blended = Image.alpha_composite(white, layered).convert("RGB")
        blended.info = image.info
        return blended, () if least == 255 else (BLENDED,)
    return image, (CONVERTED,) if image.mode == "CMYK" else ()


def _upright(image: Image.Image, changes: tuple[str, ...]) -> tuple[Image.Image, tuple[str, ...]]:
    if _ORIENTED & image.info.keys() and image.getexif().get(_ORIENTATION, 1) in range(2, 9):
        return ImageOps.exif_transpose(image), (*changes, TURNED)
    return image, changes


def _fitted(image: Image.Image, changes: tuple[str, ...], size: tuple[int, int] | None) -> Decoded:
    colour = image if image.mode == "RGB" else image.convert("RGB")
    if size is not None and (colour.height, colour.width) != size:
        height, width = size
        colour = ImageOps.fit(colour, (width, height), Image.Resampling.BICUBIC)
        changes = (*changes, f"resized to {width}x{height}")
    # On small images this takes two thirds of the time of np.asarray(colour).
    pixels = np.frombuffer(colour.tobytes(), np.uint8)
    return Decoded(pixels.reshape(colour.height, colour.width, 3), changes)


def _unidentified(encoded: bytes) -> DataError:
    """Say what a file is that is none of the formats."""
    if not encoded:
        return DataError("this file is empty", remedy=REPLACE)
    if encoded.startswith(b"version https://git-lfs"):
        return DataError("this is a Git LFS pointer, not the image", remedy="run `git lfs pull`")
    if encoded[4:8] == b"ftyp":
        return DataError("this is a HEIC, AVIF or video file", remedy=_CONVERT)
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            return DataError(f"this is a {image.format} image, whatever its name", remedy=_CONVERT)
    except _DAMAGED:
        formats = f"{', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}"
        return DataError(f"this is not a {formats} image", remedy=REPLACE)
