"""CIFAR-10 as torchvision stores it, and what is known of CIFAR-10 in any layout."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from archsearch.data.dataset import Dataset, Source
from archsearch.data.images import REPLACE, Images
from archsearch.data.pickles import unpickle
from archsearch.errors import DataError

TORCHVISION_FOLDER = "cifar-10-batches-py"
CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip

CIFAR10_SHAPE = (32, 32, 3)
CIFAR10_COUNTS = {"training": 50_000, "test": 10_000}
TRAIN_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))


def torchvision_source(folder: Path) -> Source:
    """Recognise torchvision's folder; raises DataError for a missing file."""
    files = tuple(folder / name for name in (*TRAIN_BATCHES, "test_batch", "batches.meta"))
    for file in files:
        if not file.is_file():
            raise DataError(
                "a file of torchvision's CIFAR-10 is missing",
                place=str(file),
                remedy="unpack cifar-10-python.tar.gz again",
            )
    return Source(folder, files, partial(_read_torchvision, folder))


def check_counts(train: Images, test: Images, folder: Path) -> None:
    """Raise DataError unless these are as many images as CIFAR-10 has."""
    for side, images in (("training", train), ("test", test)):
        if len(images) != CIFAR10_COUNTS[side]:
            raise DataError(
                f"CIFAR-10 has {CIFAR10_COUNTS[side]:,} {side} images; here are {len(images):,}",
                place=str(folder),
                remedy="complete the files, or give the classes other names if this is another dataset",
            )


def _read_torchvision(folder: Path) -> Dataset:
    names = unpickle(folder / "batches.meta").get("label_names")
    if names != list(CIFAR10_CLASSES):
        raise DataError("the class names are not CIFAR-10's", place=str(folder / "batches.meta"), remedy=REPLACE)
    batches = [_read_batch(folder / name) for name in TRAIN_BATCHES]
    train = Images(
        np.concatenate([batch.pixels for batch in batches]),
        np.concatenate([batch.labels for batch in batches]),
    )
    test = _read_batch(folder / "test_batch")
    check_counts(train, test, folder)
    return Dataset.of("cifar10", CIFAR10_CLASSES, train, test)


def _read_batch(file: Path) -> Images:
    batch = unpickle(file)
    rows, labels = batch.get("data"), batch.get("labels")
    if not (
        isinstance(rows, np.ndarray)
        and rows.dtype == np.uint8
        and rows.shape[1:] == (3072,)
        and isinstance(labels, list)
        and len(labels) == len(rows)
        and all(type(label) is int and 0 <= label < len(CIFAR10_CLASSES) for label in labels)
    ):
        raise DataError(
            "this is not a CIFAR-10 batch; `data` must be N x 3072 bytes and `labels` N numbers 0..9",
            place=str(file),
            remedy=REPLACE,
        )
    pixels = rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return Images(np.ascontiguousarray(pixels), np.array(labels, np.int64))
