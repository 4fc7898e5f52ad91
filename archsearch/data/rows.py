"""The rows of Parquet files: which columns hold the image and its label, and what the labels stand for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archsearch.data.decode import REPLACE
from archsearch.data.source import SIDES, Contents, Encoded, Side, unnamed
from archsearch.errors import DataError

if TYPE_CHECKING:
    from pyarrow import DataType, Schema

_IMAGES = ("img", "image", "images", "picture")
_LABELS = ("label", "labels", "fine_label", "target", "class")
_WRITE = "write the file as Hugging Face's `datasets` does (Image, ClassLabel)"


@dataclass(frozen=True)
class _Columns:
    """Where a file keeps images and labels.

    An image that is `nested` is the field `bytes` of a struct. `names` are the classes that whole numbers stand
    for, if the file says so.
    """

    image: str
    nested: bool
    label: str
    numbered: bool
    names: tuple[str, ...] | None


def open_rows(folder: Path, sides: Mapping[Side, Sequence[Path]]) -> Contents:
    """Find the images of the files of each side, and the classes, by name, whatever each file numbers them by."""
    sides = {side: sides[side] for side in SIDES if side in sides}
    columns = {file: _columns(file) for files in sides.values() for file in files}
    values = {
        side: set(chain.from_iterable(_labels(file, columns[file].label) for file in files))
        for side, files in sides.items()
    }
    notes: list[str] = []
    for side in ("validation", "test"):
        if values.get(side) and values[side] <= {None, -1}:
            notes.append(f"the labels of the {side} images are hidden, and they are not used")
            del values[side]
    _check_named({file: columns[file] for side in values for file in sides[side]})
    names = _classes(columns, set(chain.from_iterable(values.values())))
    read = {side: _rows(sides[side], columns) for side in values}
    return Contents(names, read, tuple(notes))


def _classes(columns: Mapping[Path, _Columns], values: set[Any]) -> tuple[str, ...]:
    """Return the names of the classes in the order of the first file that names them, or else sorted."""
    named = dict.fromkeys(name for one in columns.values() for name in one.names or ())
    if named:
        return tuple(named)
    return tuple(str(value) for value in sorted(value for value in values if value is not None))


def _rows(files: Sequence[Path], columns: Mapping[Path, _Columns]) -> Iterator[Encoded]:
    for file in files:
        found, numbers = columns[file], count()
        image = f"{found.image}.bytes" if found.nested else found.image
        with _reading(file) as reader:
            for batch in reader.iter_batches(columns=[image, found.label]):
                images, labels = batch.column(found.image), batch.column(found.label)
                content = images.field("bytes") if found.nested else images
                for data, label in zip(content.to_pylist(), labels.to_pylist(), strict=True):
                    place = f"{file}, row {next(numbers)}, counted from 0"
                    yield _encoded(place, data, label, found.names)


def _encoded(place: str, data: bytes | None, label: int | str | None, names: tuple[str, ...] | None) -> Encoded:
    if data is None or label is None:
        return Encoded(place, DataError("an image or its label is null", remedy=REPLACE), "")
    if names is None or isinstance(label, str):
        return Encoded(place, data, str(label))
    if not 0 <= label < len(names):
        remedy = "write the names of all classes into the schema"
        return Encoded(place, DataError(unnamed(label, names), remedy=remedy), "")
    return Encoded(place, data, names[label])


def _labels(file: Path, column: str) -> list[Any]:
    """Return the labels that occur."""
    with _reading(file) as reader:
        labels: list[Any] = reader.read(columns=[column]).column(column).unique().to_pylist()
        return labels


def _check_named(columns: Mapping[Path, _Columns]) -> None:
    unnamed = [file for file, found in columns.items() if found.numbered and found.names is None]
    named = [file for file in columns if file not in unnamed]
    if named and unnamed:
        message = f"this file does not name the classes that its labels stand for; {named[0].name} does"
        raise DataError(message, place=str(unnamed[0]), remedy=_WRITE)
    for file in named:
        names = columns[file].names or ()
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise DataError(f"two classes are named `{twice}`", place=str(file), remedy="rename one of them")


@contextmanager
def _reading(file: Path) -> Iterator[Any]:
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    try:
        with parquet.ParquetFile(file) as reader:
            yield reader
    except (arrow.ArrowException, OSError) as error:
        raise DataError(f"this Parquet file cannot be read: {error}", place=str(file), remedy=REPLACE) from error


def _columns(file: Path) -> _Columns:
    with _reading(file) as reader:
        schema = reader.schema_arrow
    features = _features(schema)
    unique = [name for name, times in Counter(schema.names).items() if times == 1]
    images = [name for name in unique if _is_image(schema.field(name).type)]
    labels = [name for name in unique if _is_label(schema.field(name).type)]
    image = _one_of(images, _IMAGES) or _only(images)
    label = _one_of(labels, _LABELS) or _only([name for name in labels if "names" in features.get(name, {})])
    if image is None or label is None:
        what = "image (a struct with `bytes`, or binary)" if image is None else "label (whole numbers or texts)"
        found = ", ".join(f"{field.name}: {field.type}" for field in schema)
        raise DataError(
            f"no single column is the {what}; found {found}",
            place=str(file),
            remedy=f"name the columns `image` and `label`, or {_WRITE}",
        )
    nested = import_module("pyarrow").types.is_struct(schema.field(image).type)
    numbered = _is_number(schema.field(label).type)
    names = features.get(label, {}).get("names")
    named = tuple(map(str, names)) if numbered and isinstance(names, list) else None
    return _Columns(image, nested, label, numbered, named)


def _one_of(columns: Sequence[str], usual: Sequence[str]) -> str | None:
    return next((name for name in usual if name in columns), None)


def _only(columns: Sequence[str]) -> str | None:
    return columns[0] if len(columns) == 1 else None


def _is_image(kind: DataType) -> bool:
    types = import_module("pyarrow").types
    if types.is_struct(kind):
        return kind.get_field_index("bytes") >= 0 and _is_image(kind.field("bytes").type)
    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _is_label(kind: DataType) -> bool:
    types = import_module("pyarrow").types
    value = kind.value_type if types.is_dictionary(kind) else kind
    return bool(_is_number(kind) or types.is_string(value) or types.is_large_string(value))


def _is_number(kind: DataType) -> bool:
    types = import_module("pyarrow").types
    return bool(types.is_integer(kind.value_type if types.is_dictionary(kind) else kind))


def _features(schema: Schema) -> Mapping[str, Mapping[str, Any]]:
    """Return what Hugging Face's metadata says of the columns."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
    except (KeyError, TypeError, ValueError):
        return {}
    kinds = features.items() if isinstance(features, dict) else ()
    return {name: kind for name, kind in kinds if isinstance(kind, dict)}
