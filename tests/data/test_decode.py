"""One image as it is decoded: the right pixels, said changes, or a refusal that says what it is."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from examples.image_files import encoded, png, random_images
from PIL import Image

from archsearch.data.decode import BLENDED, CONVERTED, TURNED, decode
from archsearch.errors import DataError

PIXELS = random_images(1, 1, seed=5, size=(6, 4)).pixels[0]
GREY = np.repeat(np.array([[0, 255], [255, 0]], np.uint8)[..., None], 3, axis=2)
WHITE = [255, 255, 255]


def deep_png(width: int, height: int, colour_type: int) -> bytes:
    """Write a PNG of 16 bits a channel, every sample 4000."""
    samples = {0: 1, 2: 3, 4: 2, 6: 4}[colour_type]
    rows = (b"\0" + struct.pack(">H", 4000) * (samples * width)) * height
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    written = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def oriented(orientation: int, kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(Image.fromarray(PIXELS), kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))


def refusal(data: bytes | Path) -> str:
    with pytest.raises(DataError) as caught:
        decode(data)
    return str(caught.value)


# --- pixels ---


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "RGB"])
def test_other_kinds_of_opaque_png_become_rgb_without_a_word(mode: str) -> None:
    pixels, changes = decode(encoded(Image.fromarray(GREY).convert(mode)))
    assert np.array_equal(pixels, GREY)
    assert changes == ()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP"])
def test_lossless_formats_keep_every_pixel(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    found = decode(encoded(Image.fromarray(PIXELS), kind, **options))
    assert np.array_equal(found.pixels, PIXELS)
    assert found.changes == ()


@pytest.mark.parametrize("colour_type", [0, 2, 4, 6])
def test_16_bits_a_channel_are_refused_in_grey_and_in_colour(colour_type: int) -> None:
    assert refusal(deep_png(2, 3, colour_type)) == (
        "this image has more than 8 bits a channel\n  convert it to 8 bits"
    )


# How EXIF 2.32, table "Orientation", shows each value: what is done to the stored rows to see it upright.
@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, PIXELS),
        (2, PIXELS[:, ::-1]),
        (3, PIXELS[::-1, ::-1]),
        (4, PIXELS[::-1]),
        (5, PIXELS.transpose(1, 0, 2)),
        (6, np.rot90(PIXELS, -1)),
        (7, PIXELS[::-1, ::-1].transpose(1, 0, 2)),
        (8, np.rot90(PIXELS)),
        (9, PIXELS),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_the_exif_orientation_turns_an_image_upright(kind: str, orientation: int, upright: object) -> None:
    pixels, changes = decode(oriented(orientation, kind))
    assert np.array_equal(pixels, np.asarray(upright))
    assert changes == ((TURNED,) if 2 <= orientation <= 8 else ())


def test_a_photo_on_its_side_is_upright(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(oriented(6, "JPEG"))
    assert decode(file).pixels.shape == (4, 6, 3)


def test_transparency_is_blended_onto_white() -> None:
    layered = np.array([[[255, 0, 0, 255], [255, 0, 0, 0]], [[0, 0, 0, 51], [9, 9, 9, 255]]], np.uint8)
    blended = [[[255, 0, 0], WHITE], [[204, 204, 204], [9, 9, 9]]]
    for kind, options in (("PNG", {}), ("WEBP", {"lossless": True, "exact": True})):
        found = decode(encoded(Image.fromarray(layered), kind, **options))
        assert found.pixels.tolist() == blended
        assert found.changes == (BLENDED,)


@pytest.mark.parametrize(
    ("mode", "transparency"), [("P", bytes([0, 255])), ("P", 0), ("L", 0), ("RGB", (0, 0, 0)), ("1", 0)]
)
def test_a_transparent_colour_is_blended_onto_white(mode: str, transparency: object) -> None:
    found = decode(encoded(Image.fromarray(GREY).convert(mode), transparency=transparency))
    assert found.pixels.tolist() == [[WHITE, WHITE], [WHITE, WHITE]]
    assert found.changes == (BLENDED,)


def test_a_transparent_photo_on_its_side() -> None:
    layered = np.zeros((2, 3, 4), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels, changes = decode(encoded(Image.fromarray(layered), exif=exif))
    assert pixels.shape == (3, 2, 3)
    assert changes == (BLENDED, TURNED)


def test_colours_for_print_are_converted_and_said() -> None:
    pixels, changes = decode(encoded(Image.new("CMYK", (2, 2)), "JPEG"))
    assert pixels.tolist() == [[WHITE] * 2] * 2
    assert changes == (CONVERTED,)


def test_the_second_picture_of_a_phones_jpeg_is_left_alone() -> None:
    stream = io.BytesIO()
    other = Image.new("RGB", (2, 2))
    Image.new("RGB", (8, 8), "white").save(stream, "MPO", save_all=True, append_images=[other])
    assert decode(stream.getvalue()).pixels.tolist() == [[WHITE] * 8] * 8


# --- sizes ---


def test_a_size_is_covered_and_the_middle_kept() -> None:
    wide = np.zeros((4, 12, 3), np.uint8)
    wide[:, 4:8] = 200
    pixels, changes = decode(png(wide), (4, 4))
    assert np.array_equal(pixels, wide[:, 4:8])
    assert changes == ("resized to 4x4",)
    assert decode(wide, (4, 4)).changes == ("resized to 4x4",)
    assert decode(png(wide), (4, 12)).changes == ()
    assert decode(png(wide), (2, 3)).pixels.shape == (2, 3, 3)


# --- what is refused ---


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("WEBP", {"lossless": True})],
)
def test_animated_files_are_refused(kind: str, options: dict[str, object]) -> None:
    first, second = Image.fromarray(PIXELS), Image.new("RGB", (4, 6))
    animated = encoded(first, kind, save_all=True, append_images=[second], **options)
    assert refusal(animated) == "this image is animated, with 2 frames\n  keep one frame of it"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "this file is empty\n  replace the file with an intact copy"),
        (
            b"<html>not found</html>",
            "this is not a PNG, JPEG, BMP or WEBP image\n  replace the file with an intact copy",
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
            "this is a Git LFS pointer, not the image\n  run `git lfs pull`",
        ),
        (b"\0\0\0\x18ftypheic", "this is a HEIC, AVIF or video file\n  convert it to PNG or JPEG"),
        (
            encoded(Image.fromarray(PIXELS), "GIF"),
            "this is a GIF image, whatever its name\n  convert it to PNG or JPEG",
        ),
        (
            encoded(Image.fromarray(PIXELS), "TIFF"),
            "this is a TIFF image, whatever its name\n  convert it to PNG or JPEG",
        ),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_said_to_be_what_it_is(data: bytes, message: str) -> None:
    assert refusal(data) == message


def test_a_file_cut_off() -> None:
    assert refusal(png(PIXELS)[:-30]).startswith("this image cannot be decoded: ")


def test_an_image_of_too_many_pixels() -> None:
    content = png(PIXELS)
    header = b"IHDR" + struct.pack(">II", 20_000, 20_000) + content[24:29]
    large = content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:]
    assert refusal(large) == "this image has more than 89,478,485 pixels\n  bring it to a smaller size"


def test_a_size_that_no_memory_has_room_for() -> None:
    with pytest.raises(DataError) as caught:
        decode(png(PIXELS), (1, 10**9))
    assert str(caught.value) == "there is no memory for this image\n  bring it to a smaller size"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    folder, link, text = (tmp_path / name for name in ("folder.png", "link.png", "notes.txt"))
    folder.mkdir()
    link.symlink_to("nowhere")
    text.touch()
    assert refusal(folder) == "this is a folder, not an image\n  move it out of the class folder"
    assert refusal(link) == "this link leads nowhere\n  remove it, or put its target back"
    assert refusal(text) == (
        "a class folder holds images only (.png, .jpg, .jpeg, .jfif, .jpe, .bmp, .webp)\n"
        "  convert it, or move it out of the dataset"
    )


@pytest.mark.parametrize("suffix", [".jfif", ".JPG", ".jpeg", ".jpe"])
def test_names_of_jpeg_files(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"photo{suffix}"
    file.write_bytes(encoded(Image.fromarray(GREY), "JPEG"))
    assert decode(file).pixels.shape == GREY.shape
