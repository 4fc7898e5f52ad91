"""The datasets that torchvision downloads, as it stores them; and what is known of CIFAR-10 in any layout."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from archsearch.data.decode import REPLACE
from archsearch.data.images import Images, Pixels
from archsearch.data.source import Contents, Encoded, Side, Source, unnamed
from archsearch.errors import DataError

CIFAR10_FOLDER = "cifar-10-batches-py"
CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
CIFAR10_COUNTS: dict[Side, int] = {"train": 50_000, "test": 10_000}

CHECKSUMS = {
    "cifar-10-batches-py/data_batch_1": "c99cafc152244af753f735de768cd75f",
    "cifar-10-batches-py/data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "cifar-10-batches-py/data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "cifar-10-batches-py/data_batch_4": "634d18415352ddfa80567beed471001a",
    "cifar-10-batches-py/data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "cifar-10-batches-py/test_batch": "40351d587109b95175f43aff81a1287e",
    "cifar-10-batches-py/batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
    "cifar-100-python/train": "16019d7e3df5f24257cddd939b257f8d",
    "cifar-100-python/test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
    "cifar-100-python/meta": "7973b15100ade9c7d40fb424638fde48",
}
"""The MD5 checksum of each file of the authors' archives, https://www.cs.toronto.edu/~kriz/cifar.html."""


@dataclass(frozen=True)
class _Pickled:
    """How one of the CIFAR datasets is stored."""

    name: str
    folder: str
    sides: Mapping[Side, tuple[str, ...]]
    meta: str
    names: str
    labels: str

    @property
    def files(self) -> tuple[str, ...]:
        return (*self.sides["train"], *self.sides["test"], self.meta)


_CIFAR = (
    _Pickled(
        "cifar10",
        CIFAR10_FOLDER,
        {"train": tuple(f"data_batch_{number}" for number in range(1, 6)), "test": ("test_batch",)},
        meta="batches.meta",
        names="label_names",
        labels="labels",
    ),
    _Pickled(
        "cifar100",
        "cifar-100-python",
        {"train": ("train",), "test": ("test",)},
        meta="meta",
        names="fine_label_names",
        labels="fine_labels",
    ),
)

_DIGITS = tuple("0123456789")
_GREY: Mapping[str, tuple[str, ...]] = {
    "MNIST": _DIGITS,
    "FashionMNIST": (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
}  # fmt: skip
_IDX: Mapping[Side, str] = {"train": "train", "test": "t10k"}
_IDX_PARTS = ("images-idx3-ubyte", "labels-idx1-ubyte")
_IDX_BYTES = 8  # the type of the numbers in it, as http://yann.lecun.com/exdb/mnist defines the format


def torchvision_sources(folder: Path) -> list[Source]:
    """Return the datasets of torchvision in a folder, which may be the one that torchvision was given or its own.

    Raises DataError for a missing file.
    """
    pickled = [
        _pickled_source(candidate, kind)
        for kind in _CIFAR
        for candidate in (folder / kind.folder, folder)
        if any((candidate / file).is_file() for files in kind.sides.values() for file in files)
    ]
    grey = [
        _grey_source(candidate)
        for candidate in (*(folder / name / "raw" for name in _GREY), folder / "raw", folder)
        if any(candidate.glob("*-ubyte*"))
    ]
    return pickled + grey


def known_name(
    name: str, classes: tuple[str, ...], images: Mapping[Side, Images]
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return name, classes and notes of a dataset, which may be CIFAR-10 or a part of it in any layout.

    CIFAR-10 is what has its classes and 32 x 32 images, or else its numbers of images, with labels for names.
    """
    counts = {side: len(found) for side, found in images.items()}
    if images["train"].shape != (3, 32, 32):
        return name, classes, ()
    if counts == CIFAR10_COUNTS and classes in {CIFAR10_CLASSES, _DIGITS}:
        return "cifar10", CIFAR10_CLASSES, ()
    if classes != CIFAR10_CLASSES:
        return name, classes, ()
    found = ", ".join(f"{count:,} {side}" for side, count in counts.items())
    whole = ", ".join(f"{count:,} {side}" for side, count in CIFAR10_COUNTS.items())
    return "cifar10-part", classes, (f"this is not the whole of CIFAR-10 ({whole}) but {found} images of it",)


def _pickled_source(folder: Path, kind: _Pickled) -> Source:
    files = tuple(folder / name for name in kind.files)
    for file in files:
        if not file.is_file():
            message, remedy = f"a file of {kind.folder} is missing", "unpack its archive again"
            raise DataError(message, place=str(file), remedy=remedy)
    return Source(folder, kind.name, files, partial(_open_pickled, folder, kind))


def _open_pickled(folder: Path, kind: _Pickled) -> Contents:
    def side(names: tuple[str, ...]) -> Iterator[Encoded]:
        for name in names:
            batch = _unpickled(folder / name, f"{kind.folder}/{name}")
            pixels = np.ascontiguousarray(batch["data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
            for number, label in enumerate(batch[kind.labels]):
                yield Encoded(f"{folder / name}, image {number}", pixels[number], classes[label])

    classes = tuple(_unpickled(folder / kind.meta, f"{kind.folder}/{kind.meta}")[kind.names])
    return Contents(classes, {name: side(files) for name, files in kind.sides.items()})


def _unpickled(file: Path, official: str) -> dict[str, Any]:
    """Load one of the authors' pickles, known by its checksum: what another file holds is never unpickled."""
    try:
        content = file.read_bytes()
    except OSError as error:
        message = f"this file cannot be read: {error.strerror}"
        raise DataError(message, place=str(file), remedy="check its permissions") from error
    checksum = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if checksum != CHECKSUMS[official]:
        message = f"this is not the authors' file: its MD5 checksum is {checksum}, not {CHECKSUMS[official]}"
        raise DataError(message, place=str(file), remedy="unpack the archive again")
    loaded: dict[str, Any] = pickle.loads(content, encoding="latin1")  # noqa: S301  (see above)
    return loaded


def _grey_source(folder: Path) -> Source:
    files = {
        side: tuple(_idx_file(folder, f"{word}-{what}") for what in _IDX_PARTS) for side, word in _IDX.items()
    }
    found = folder.resolve()
    name = found.parent.name if found.name == "raw" else found.name
    everything = tuple(file for pair in files.values() for file in pair)
    return Source(folder, name.lower(), everything, partial(_open_grey, files, _GREY.get(name, _DIGITS)))


def _idx_file(folder: Path, name: str) -> Path:
    for file in (folder / name, folder / f"{name}.gz"):
        if file.is_file():
            return file
    raise DataError("a file of MNIST's layout is missing", place=str(folder / name), remedy="download it again")


def _open_grey(files: Mapping[Side, tuple[Path, ...]], names: tuple[str, ...]) -> Contents:
    def side(images: Path, labels: Path) -> Iterator[Encoded]:
        pixels, numbers = _idx(images, dimensions=3), _idx(labels, dimensions=1)
        if len(pixels) != len(numbers):
            message = f"{len(pixels):,} images have {len(numbers):,} labels"
            raise DataError(message, place=str(labels), remedy=REPLACE)
        if (largest := int(numbers.max(initial=0))) >= len(names):
            raise DataError(unnamed(largest, names), place=str(labels), remedy=REPLACE)
        for number, label in enumerate(numbers.tolist()):
            colour = np.repeat(pixels[number][..., None], 3, axis=2)
            yield Encoded(f"{images}, image {number}", colour, names[label])

    return Contents(names, {name: side(*pair) for name, pair in files.items()})


def _idx(file: Path, dimensions: int) -> Pixels:
    """Read an IDX file of bytes: two zeros, the type, the number of dimensions, each of them, and the content."""
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            start = stream.read(4 + 4 * dimensions)
            shape = tuple(int.from_bytes(start[at : at + 4]) for at in range(4, len(start), 4))
            content = stream.read()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"this file cannot be read: {error}", place=str(file), remedy=REPLACE) from error
    kind = bytes([0, 0, _IDX_BYTES, dimensions])
    if start[:4] != kind or len(shape) < dimensions or len(content) != prod(shape):
        message = f"this is no IDX file of bytes in {dimensions} dimensions, or not the whole of it"
        raise DataError(message, place=str(file), remedy=REPLACE)
    return np.frombuffer(content, np.uint8).reshape(shape)
