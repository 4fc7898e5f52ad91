"""Files damaged at random: each is read or refused as a mistake of the data, and nothing else happens."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import pytest
from examples.image_files import encoded, random_images, write_parquet
from PIL import Image

from archsearch.data.decode import decode
from archsearch.data.load import load_data
from archsearch.errors import DataError

PIXELS = random_images(1, 1, seed=5, size=(24, 31)).pixels[0]
KINDS = ("PNG", "JPEG", "BMP", "WEBP", "MPO")


def damaged(content: bytes, seed: int) -> bytes:
    """Cut a file off, or change, zero, repeat or leave out some of its bytes."""
    chance = random.Random(seed)
    at, length = chance.randrange(len(content)), chance.randrange(1, 40)
    match chance.randrange(5):
        case 0:
            return content[:at]
        case 1:
            changed = bytearray(content)
            for _ in range(length):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            return bytes(changed)
        case 2:
            return content[:at] + bytes(length) + content[at + length :]
        case 3:
            return content[:at] + content[at : at + length] * 2 + content[at + length :]
        case _:
            return content[:at] + content[at + length :]


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_images(kind: str) -> None:
    options = {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"} if kind != "BMP" else {}
    content = encoded(Image.fromarray(PIXELS), kind, **options)
    refused = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(200):
            try:
                assert decode(damaged(content, seed)).pixels.ndim == 3
            except DataError:
                refused += 1
    assert refused > 0


@pytest.mark.usefixtures("cache")
def test_damaged_parquet(tmp_path: Path) -> None:
    folder = write_parquet(
        tmp_path, *(random_images(8, 2, seed=seed, size=(5, 6)) for seed in (1, 2)), names=("a", "b")
    )
    file = folder / "train-00001-of-00002.parquet"
    content = file.read_bytes()
    refused = 0
    for seed in range(200):
        file.write_bytes(damaged(content, seed))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                load_data(folder)
            except DataError:
                refused += 1
    assert refused > 0
