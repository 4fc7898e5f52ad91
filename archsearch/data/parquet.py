"""Datasets as Parquet, written as on the Hugging Face hub."""

from __future__ import annotations

import json
import re
from functools import partial
from importlib import import_module
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from archsearch.data.cifar10 import CIFAR10_CLASSES, CIFAR10_SHAPE, check_counts
from archsearch.data.dataset import Dataset, Source
from archsearch.data.images import REPLACE, LabelledImage, decode, size_of, stack
from archsearch.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyarrow import Schema


SHARD = re.compile(r"(train|test)-(\d+)-of-(\d+)\.parquet")

_NAME_THE_CLASSES = "write the names into the schema as Hugging Face's `datasets` does (ClassLabel)"


def parquet_source(folder: Path, candidate: Path) -> Source:
    """Recognise the shards in `candidate`, which is `folder` or lies in it; raises DataError for a missing one."""
    shards = {side: _shards(candidate, side) for side in ("train", "test")}
    return Source(folder, shards["train"] + shards["test"], partial(_read_parquet, folder, shards))


def _shards(folder: Path, side: str) -> tuple[Path, ...]:
    names = [SHARD.fullmatch(file.name) for file in folder.iterdir()]
    matches = [match for match in names if match is not None and match[1] == side]
    found = sorted(match.string for match in matches)
    totals = sorted({match[3] for match in matches})
    if len(totals) > 1 or any(int(match[2]) >= int(match[3]) for match in matches):
        raise DataError(
            f"these shards do not belong together: {', '.join(found)}",
            place=str(folder),
            remedy="keep the shards of one version only",
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


def _read_parquet(folder: Path, shards: Mapping[str, Sequence[Path]]) -> Dataset:
    rows = {side: [row for file in files for row in _rows(file)] for side, files in shards.items()}
    for side in shards:
        if not rows[side]:
            raise DataError("these shards hold no images", place=str(shards[side][0]), remedy=REPLACE)
    schema = shards["train"][0]
    named = _class_names(schema)
    classes = named or CIFAR10_CLASSES
    for row in chain(rows["train"], rows["test"]):
        if not 0 <= row.label < len(classes):
            message = f"label {row.label} has no class name; there are {len(classes)} classes, from 0"
            raise DataError(message, place=row.place, remedy=_NAME_THE_CLASSES)
    train, test = stack(rows["train"], rows["test"])
    first = train.pixels[0]
    if named is None and first.shape != CIFAR10_SHAPE:
        message = f"no class names in the schema, and images of {size_of(first)} pixels are not CIFAR-10"
        raise DataError(message, place=str(schema), remedy=_NAME_THE_CLASSES)
    if classes != CIFAR10_CLASSES or first.shape != CIFAR10_SHAPE:
        return Dataset.of(folder.resolve().name, classes, train, test)
    check_counts(train, test, folder)
    return Dataset.of("cifar10", classes, train, test)


def _rows(file: Path) -> Iterator[LabelledImage]:
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    numbers = count()
    try:
        with parquet.ParquetFile(file) as reader:
            column = _image_column(reader.schema_arrow, file)
            for batch in reader.iter_batches(columns=[f"{column}.bytes", "label"]):
                images, labels = batch.column(column).field("bytes"), batch.column("label")
                for data, label in zip(images.to_pylist(), labels.to_pylist(), strict=True):
                    place = f"{file}, row {next(numbers)}, counted from 0"
                    if data is None or label is None:
                        raise DataError("an image or its label is null", place=place, remedy=REPLACE)
                    yield LabelledImage(place, decode(data, place), label)
    except (arrow.ArrowException, OSError) as error:
        raise DataError(f"this Parquet file cannot be read: {error}", place=str(file), remedy=REPLACE) from error


def _image_column(schema: Schema, file: Path) -> str:
    types = import_module("pyarrow").types
    column: str | None = next((name for name in ("img", "image") if name in schema.names), None)
    if (
        column is None
        or not types.is_struct(schema.field(column).type)
        or schema.field(column).type.get_field_index("bytes") < 0
        or "label" not in schema.names
        or not types.is_integer(schema.field("label").type)
    ):
        raise DataError(
            "the columns must be `img` or `image` (a struct with `bytes`) and `label` (integers); "
            f"found {', '.join(f'{field.name}: {field.type}' for field in schema)}",
            place=str(file),
            remedy="write the file as Hugging Face's `datasets` does (Image, ClassLabel)",
        )
    return column


def _class_names(file: Path) -> tuple[str, ...] | None:
    metadata = import_module("pyarrow.parquet").read_schema(file).metadata or {}
    try:
        names = json.loads(metadata[b"huggingface"])["info"]["features"]["label"]["names"]
    except (KeyError, TypeError, ValueError):
        return None
    return tuple(str(name) for name in names)
