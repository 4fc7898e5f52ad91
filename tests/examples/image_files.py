"""What the tests of datasets share: images, written in the three layouts, and what loading says of them."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from archsearch.data import torchvision
from archsearch.data.copies import content_keys
from archsearch.data.images import Images
from archsearch.data.load import load_data
from archsearch.data.torchvision import CIFAR10_CLASSES, CIFAR10_FOLDER
from archsearch.errors import DataError

REPLACE = "  replace the file with an intact copy"


def random_images(count: int, classes: int, *, seed: int, size: tuple[int, int] = (32, 32)) -> Images:
    pixels = np.random.default_rng(seed).integers(0, 256, (count, *size, 3), dtype=np.uint8)
    return Images(pixels, np.arange(count) % classes)


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    return encoded(Image.fromarray(pixels))


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def write_shard(file: Path, content: Images, *, names: tuple[str, ...] | None = None) -> None:
    table = pa.table(
        {
            "img": [{"bytes": png(pixels), "path": "x.png"} for pixels in content.pixels],
            "label": content.labels,
        }
    )
    if names is not None:
        features = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(features)})
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, file)


def write_parquet(folder: Path, train: Images, test: Images, *, names: tuple[str, ...] | None = None) -> Path:
    half = len(train) // 2
    write_shard(folder / "train-00000-of-00002.parquet", train.take(slice(0, half)), names=names)
    write_shard(folder / "train-00001-of-00002.parquet", train.take(slice(half, None)), names=names)
    write_shard(folder / "test-00000-of-00001.parquet", test, names=names)
    return folder


def write_torchvision(
    folder: Path, train: Images, test: Images, monkeypatch: pytest.MonkeyPatch, *, protocol: int = 2
) -> Path:
    """Write the folder of CIFAR-10 with fewer images, whose checksums count as the official ones."""
    batches = folder / CIFAR10_FOLDER
    batches.mkdir(parents=True)
    parts = [train.take(part) for part in np.array_split(np.arange(len(train)), 5)]
    named = {f"data_batch_{number}": part for number, part in enumerate(parts, start=1)} | {"test_batch": test}
    for name, part in named.items():
        rows = part.pixels.transpose(0, 3, 1, 2).reshape(len(part), 3072)
        batch = {"batch_label": name, "labels": part.labels.tolist(), "data": rows}
        (batches / name).write_bytes(pickle.dumps(batch, protocol=protocol))
    meta = {"num_cases_per_batch": 10000, "label_names": list(CIFAR10_CLASSES), "num_vis": 3072}
    (batches / "batches.meta").write_bytes(pickle.dumps(meta, protocol=protocol))
    make_official(monkeypatch, batches)
    return folder


def write_class_folders(folder: Path, *, size: tuple[int, int] = (9, 7), test: str = "test") -> Path:
    for side, count in (("train", 20), (test, 4)):
        content = random_images(2 * count, 2, seed=count, size=size)
        write_images(folder / side, content)
    return folder


def write_images(folder: Path, content: Images) -> None:
    for number, (pixels, label) in enumerate(zip(content.pixels, content.labels, strict=True)):
        file = folder / ("cat", "dog")[label] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(png(pixels))


def make_official(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for file in folder.iterdir():
        checksum = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
        monkeypatch.setitem(torchvision.CHECKSUMS, f"{folder.name}/{file.name}", checksum)


def error_of(path: Path | str | None) -> str:
    with pytest.raises(DataError) as caught:
        load_data(path)
    return str(caught.value)


def same(one: Images | None, other: Images | None) -> bool:
    assert one is not None
    assert other is not None
    return np.array_equal(one.pixels, other.pixels) and np.array_equal(one.labels, other.labels)


def as_set(content: Images | None) -> set[bytes]:
    assert content is not None
    return set(content_keys(content))
