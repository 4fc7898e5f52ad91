"""Datasets as Parquet, written as on the Hugging Face hub."""

from __future__ import annotations

import json
import re
from functools import partial
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from archsearch.data.cifar10 import CIFAR10_CLASSES, CIFAR10_SHAPE, counted
from archsearch.data.dataset import Contents, Source
from archsearch.data.images import REPLACE, LabelledImage, decode, gathered, one_shape, size_of
from archsearch.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


SHARD = re.compile(r"(train|test)-(\d+)-of-(\d+)\.parquet")


def parquet_source(folder: Path, candidate: Path) -> Source:
    """Recognise the shards in `candidate`; raises DataError for one that is missing."""
    shards = {side: _shards(candidate, side) for side in ("train", "test")}
    read = partial(_read_parquet, folder, shards)
    return Source(folder, shards["train"] + shards["test"], read)


def _shards(folder: Path, side: str) -> tuple[Path, ...]:
    names = [SHARD.fullmatch(file.name) for file in folder.iterdir()]
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
    if named is None and shape != CIFAR10_SHAPE:
        raise DataError(
            f"no class names in the schema, and images of {size_of(shape)} pixels are not CIFAR-10",
            place=str(shards["train"][0]),
            remedy="write the names into the schema as Hugging Face's `datasets` does (ClassLabel)",
        )
    is_cifar10 = classes == CIFAR10_CLASSES and shape == CIFAR10_SHAPE
    name = "cifar10" if is_cifar10 else folder.resolve().name
    contents = Contents(name, classes, gathered(train), gathered(test))
    return counted(contents, folder) if is_cifar10 else contents


def _rows(file: Path) -> Iterator[LabelledImage]:
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
