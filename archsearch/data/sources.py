"""Read an image dataset from a folder, in one of three layouts; a reader checks everything that it reads."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from archsearch.data.images import REPLACE, Images, Row, decode, gathered, one_shape, size_of
from archsearch.data.pickles import unpickle
from archsearch.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

TORCHVISION_FOLDER = "cifar-10-batches-py"
CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip

_CIFAR10_SHAPE = (32, 32, 3)
_CIFAR10_COUNTS = {"training": 50_000, "test": 10_000}
_TRAIN_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
_SHARD = re.compile(r"(train|test)-(\d+)-of-(\d+)\.parquet")
_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
_FOUND_SHOWN = 8
_LAYOUTS = (
    "three layouts are read:\n"
    f"    torchvision's CIFAR-10: {TORCHVISION_FOLDER}/ with data_batch_1..5, test_batch, batches.meta\n"
    "    Hugging Face Parquet: train-*-of-*.parquet, test-*-of-*.parquet, here or in data/ or plain_text/\n"
    "    class folders: train/<class>/*.png and test/<class>/*.png (or val/, valid/; jpg, jpeg, bmp, webp)"
)


@dataclass(frozen=True, eq=False)
class Contents:
    """What a folder holds: a name for it, the classes in the order of the labels, and the images."""

    name: str
    classes: tuple[str, ...]
    train: Images
    test: Images


@dataclass(frozen=True, eq=False)
class Source:
    """A folder whose layout is known: the files that count, and how to read them (slow; DataError)."""

    folder: Path
    files: tuple[Path, ...]
    read: Callable[[], Contents]


def recognise(folder: Path) -> Source:
    """Say in which layout a dataset lies in a folder, without decoding anything.

    Raises DataError where there is no folder, no known layout, or a file that the layout needs is missing.
    """
    if not folder.is_dir():
        raise DataError(
            f"`{folder}` is a file; a dataset is a folder" if folder.is_file() else f"no folder `{folder}`",
            remedy="name the folder with the dataset: --data PATH or ARCHSEARCH_DATA; or use --data digits",
        )
    try:
        for candidate in (folder / TORCHVISION_FOLDER, folder):
            if any((candidate / name).is_file() for name in (*_TRAIN_BATCHES, "test_batch")):
                return _torchvision(candidate)
        for candidate in (folder, folder / "data", folder / "plain_text"):
            if candidate.is_dir() and any(_SHARD.fullmatch(file.name) for file in candidate.iterdir()):
                return _parquet(folder, candidate)
        if (folder / "train").is_dir():
            return _class_folders(folder)
        found = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        raise DataError(
            f"the folder cannot be read: {error.strerror}",
            place=str(error.filename),
            remedy="check its rights",
        ) from error
    more = f" and {len(found) - _FOUND_SHOWN} more" if len(found) > _FOUND_SHOWN else ""
    raise DataError(
        f"no known dataset layout; found {', '.join(found[:_FOUND_SHOWN]) + more if found else 'nothing'}",
        place=str(folder),
        remedy=_LAYOUTS,
    )


def _torchvision(folder: Path) -> Source:
    files = tuple(folder / name for name in (*_TRAIN_BATCHES, "test_batch", "batches.meta"))
    for file in files:
        if not file.is_file():
            raise DataError(
                "a file of torchvision's CIFAR-10 is missing",
                place=str(file),
                remedy="unpack cifar-10-python.tar.gz again",
            )
    return Source(folder, files, partial(_read_torchvision, folder))


def _read_torchvision(folder: Path) -> Contents:
    names = unpickle(folder / "batches.meta").get("label_names")
    if names != list(CIFAR10_CLASSES):
        raise DataError("the class names are not CIFAR-10's", place=str(folder / "batches.meta"), remedy=REPLACE)
    batches = [_read_batch(folder / name) for name in _TRAIN_BATCHES]
    train = Images(
        np.concatenate([batch.pixels for batch in batches]),
        np.concatenate([batch.labels for batch in batches]),
    )
    return _counted(Contents("cifar10", CIFAR10_CLASSES, train, _read_batch(folder / "test_batch")), folder)


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


def _parquet(folder: Path, candidate: Path) -> Source:
    shards = {side: _shards(candidate, side) for side in ("train", "test")}
    read = partial(_read_parquet, folder, shards)
    return Source(folder, shards["train"] + shards["test"], read)


def _shards(folder: Path, side: str) -> tuple[Path, ...]:
    names = [_SHARD.fullmatch(file.name) for file in folder.iterdir()]
    matches = [match for match in names if match is not None and match[1] == side]
    found = sorted(match.string for match in matches)
    totals = sorted({match[3] for match in matches})
    if len(totals) > 1 or any(int(match[2]) >= int(match[3]) for match in matches):
        raise DataError(
            f"these shards do not belong together: {', '.join(found)}",
            place=str(folder),
            remedy="keep those of one edition only",
        )
    total = totals[0] if totals else "00001"
    expected = [f"{side}-{number:0{len(total)}}-of-{total}.parquet" for number in range(int(total))]
    for name in expected:
        if name not in found:
            raise DataError(
                f"a Parquet shard is missing; found {', '.join(found) or 'none'} for `{side}`",
                place=str(folder / name),
                remedy="put the missing shard beside the others",
            )
    return tuple(folder / name for name in expected)


def _read_parquet(folder: Path, shards: Mapping[str, Sequence[Path]]) -> Contents:
    train, test = ([row for file in shards[side] for row in _rows(file)] for side in ("train", "test"))
    for side, rows in (("train", train), ("test", test)):
        if not rows:
            raise DataError("these shards hold no images", place=str(shards[side][0]), remedy=REPLACE)
    named = _class_names(shards["train"][0])
    classes = named or CIFAR10_CLASSES
    for place, _, label in chain(train, test):
        if not 0 <= label < len(classes):
            raise DataError(
                f"label {label} has no class name; there are {len(classes)} classes, from 0",
                place=place,
                remedy="write the names into the schema as Hugging Face's `datasets` does (ClassLabel)",
            )
    shape = one_shape(train + test)
    if named is None and shape != _CIFAR10_SHAPE:
        raise DataError(
            f"no class names in the schema, and images of {size_of(shape)} pixels are not CIFAR-10",
            place=str(shards["train"][0]),
            remedy="write the names into the schema as Hugging Face's `datasets` does (ClassLabel)",
        )
    is_cifar10 = classes == CIFAR10_CLASSES and shape == _CIFAR10_SHAPE
    name = "cifar10" if is_cifar10 else folder.resolve().name
    contents = Contents(name, classes, gathered(train), gathered(test))
    return _counted(contents, folder) if is_cifar10 else contents


def _rows(file: Path) -> Iterator[Row]:
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    try:
        with parquet.ParquetFile(file) as reader:
            schema = reader.schema_arrow
            column = next((name for name in ("img", "image") if name in schema.names), None)
            if (
                column is None
                or not arrow.types.is_struct(schema.field(column).type)
                or schema.field(column).type.get_field_index("bytes") < 0
                or "label" not in schema.names
                or not arrow.types.is_integer(schema.field("label").type)
            ):
                raise DataError(
                    "the columns must be `img` or `image` (a struct with `bytes`) and `label` (integers); "
                    f"found {', '.join(f'{field.name}: {field.type}' for field in schema)}",
                    place=str(file),
                    remedy="write the file as Hugging Face's `datasets` does (Image, ClassLabel)",
                )
            number = 0
            for batch in reader.iter_batches(columns=[f"{column}.bytes", "label"]):
                images = batch.column(column).field("bytes").to_pylist()
                for data, label in zip(images, batch.column("label").to_pylist(), strict=True):
                    place = f"{file}, row {number}, counted from 0"
                    if data is None or label is None:
                        raise DataError("an image or its label is null", place=place, remedy=REPLACE)
                    yield place, decode(data, place), label
                    number += 1
    except (arrow.ArrowException, OSError) as error:
        raise DataError(f"this Parquet file cannot be read: {error}", place=str(file), remedy=REPLACE) from error


def _class_names(file: Path) -> tuple[str, ...] | None:
    metadata = import_module("pyarrow.parquet").read_schema(file).metadata or {}
    try:
        names = json.loads(metadata[b"huggingface"])["info"]["features"]["label"]["names"]
    except (KeyError, TypeError, ValueError):
        return None
    return tuple(str(name) for name in names)


def _class_folders(folder: Path) -> Source:
    others = [folder / name for name in ("test", "val", "valid") if (folder / name).is_dir()]
    if len(others) > 1:
        raise DataError(
            f"{' and '.join(f'{side.name}/' for side in others)} stand beside train/; one of them is measured on",
            place=str(folder),
            remedy="move the others away, or into train/: a search holds images out of train/ itself",
        )
    if not others:
        raise DataError(
            "`train` has no folder to measure on beside it",
            place=str(folder),
            remedy="add test/<class>/ (or val/, valid/) with images",
        )
    sides = (folder / "train", others[0])
    names = [{entry.name for entry in _visible(side) if entry.is_dir()} for side in sides]
    for name in sorted(names[0] ^ names[1]):
        here, there = sides if name in names[0] else reversed(sides)
        raise DataError(
            f"class `{name}` is in {here.name}/ but not in {there.name}/",
            place=str(there / name),
            remedy="both sides must have the same classes",
        )
    classes = tuple(sorted(names[0]))
    if len(classes) < 2:
        raise DataError(
            f"a dataset needs at least 2 classes; found {len(classes)}", place=str(sides[0]), remedy=_LAYOUTS
        )
    train, test = ([(file, k) for k, name in enumerate(classes) for file in _files(side / name)] for side in sides)
    files = tuple(file for file, _ in train + test)
    return Source(folder, files, partial(_read_class_folders, folder, classes, train, test))


def _visible(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def _files(folder: Path) -> list[Path]:
    files = _visible(folder)
    for file in files:
        if not file.is_file() or file.suffix.lower() not in _SUFFIXES:
            raise DataError(
                f"a class folder holds images only ({', '.join(_SUFFIXES)})",
                place=str(file),
                remedy="convert it, or move it out of the dataset",
            )
    if not files:
        raise DataError(
            "this class has no images",
            place=str(folder),
            remedy="add images, or remove the class on both sides",
        )
    return files


def _read_class_folders(
    folder: Path, classes: tuple[str, ...], train: list[tuple[Path, int]], test: list[tuple[Path, int]]
) -> Contents:
    sides = [[(str(file), decode(file, str(file)), label) for file, label in side] for side in (train, test)]
    one_shape(sides[0] + sides[1])
    return Contents(folder.resolve().name, classes, gathered(sides[0]), gathered(sides[1]))


def _counted(contents: Contents, folder: Path) -> Contents:
    for side, images in (("training", contents.train), ("test", contents.test)):
        if len(images) != _CIFAR10_COUNTS[side]:
            raise DataError(
                f"CIFAR-10 has {_CIFAR10_COUNTS[side]:,} {side} images; here are {len(images):,}",
                place=str(folder),
                remedy="complete the files, or give the classes other names if this is another dataset",
            )
    return contents
