"""Where a dataset lies and what it consists of, whatever its layout; and what its parts are called."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias, get_args

from archsearch.data.images import Pixels
from archsearch.errors import DataError

Side: TypeAlias = Literal["train", "validation", "test"]
SIDES: tuple[Side, ...] = get_args(Side)

_ALIASES: Mapping[Side, frozenset[str]] = {
    "train": frozenset({"train", "training"}),
    "validation": frozenset({"validation", "valid", "val", "dev"}),
    "test": frozenset({"test", "testing"}),
}

LAYOUTS = """these layouts are read:
    class folders: train/<class>/*.png, beside it test/ and validation/, or <class>/*.png alone
    Parquet as Hugging Face writes it: train*.parquet, and test*.parquet and validation*.parquet alike
    torchvision's: cifar-10-batches-py/, cifar-100-python/, MNIST/raw/, FashionMNIST/raw/"""


class DataWarning(UserWarning):
    """Something about a dataset that its user should know, though it can be used."""


class Encoded(NamedTuple):
    """One image as it lies in the dataset: where, what to decode or the pixels, and the name of its class."""

    place: str
    data: Path | bytes | Pixels | DataError
    class_name: str


@dataclass(frozen=True)
class Contents:
    """The classes of a dataset in the order of the labels, the images of its sides, and what there is to say."""

    classes: tuple[str, ...]
    sides: Mapping[Side, Iterable[Encoded]]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A folder whose layout is known: the files that make up the dataset, and how to open them.

    `open` finds the images and decodes none; it raises DataError for files that cannot be read. `name` is that of
    the dataset in the results.
    """

    folder: Path
    name: str
    files: tuple[Path, ...]
    open: Callable[[], Contents]


def side_of_folder(name: str) -> Side | None:
    """Return the side that a folder is named after.

    >>> side_of_folder("Training"), side_of_folder("test_set"), side_of_folder("test_tube")
    ('train', 'test', None)
    """
    plain = re.sub(r"[-_ ]?(set|data|images|split)$", "", name.lower())
    return next((side for side, aliases in _ALIASES.items() if plain in aliases), None)


def side_of_file(name: str) -> Side | None:
    """Return the side that the words in the name of a file speak of, if they speak of one.

    >>> side_of_file("train-00000-of-00002-6f3a"), side_of_file("pets_val_1"), side_of_file("trainer")
    ('train', 'validation', None)
    """
    words = set(re.split(r"[^a-z]+", name.lower()))
    found = [side for side, aliases in _ALIASES.items() if words & aliases]
    return found[0] if len(found) == 1 else None


def visible(folder: Path) -> list[Path]:
    """Return what a folder holds, without what systems leave behind."""
    return sorted(
        entry
        for entry in folder.iterdir()
        if not entry.name.startswith((".", "__MACOSX", "Icon\r"))
        and entry.name.lower() not in {"thumbs.db", "ehthumbs.db", "desktop.ini"}
        and ":zone.identifier" not in entry.name.lower()
    )


def unnamed(label: int, names: Sequence[str]) -> str:
    """Say that no class has a label.

    >>> unnamed(10, "0123456789")
    'label 10 has no class name; there are 10 classes, from 0'
    """
    return f"label {label} has no class name; there are {len(names)} classes, from 0"
