"""Datasets as folders of images, one for each class, on each side or on the only one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from unicodedata import normalize

from archsearch.data.decode import SUFFIXES
from archsearch.data.source import Contents, Encoded, Side, Source, side_of_folder, visible
from archsearch.errors import DataError


def folders_source(folder: Path) -> Source | None:
    """Recognise train/<class>/ with test/ or validation/ beside it, or <class>/ alone, which is to train on.

    Returns None where there are no such folders; raises DataError for two folders of one side, and for test or
    validation images alone.
    """
    folders = [entry for entry in visible(folder) if entry.is_dir()]
    sides = _sides(folder, folders)
    # A class may be named train.
    flat = "train" not in sides or not any(entry.is_dir() for entry in visible(sides["train"]))
    if flat and any(_holds_images(entry) for entry in folders if entry not in sides.values()):
        sides = {"train": folder}
    if not sides:
        return None
    if "train" not in sides:
        found = " and ".join(f"`{entry.name}`" for entry in sides.values())
        remedy = "add train/<class>/ with images"
        raise DataError(f"there is {found} but no train folder", place=str(folder), remedy=remedy)
    files = {side: tuple(_files(path)) for side, path in sides.items()}
    everything = tuple(file for found in files.values() for file in found)
    return Source(folder, folder.resolve().name, everything, partial(_open, sides, files))


def _sides(folder: Path, entries: Sequence[Path]) -> dict[Side, Path]:
    sides: dict[Side, Path] = {}
    for entry in entries:
        side = side_of_folder(entry.name)
        if side in sides:
            raise DataError(
                f"`{sides[side].name}` and `{entry.name}` are both the {side} side",
                place=str(folder),
                remedy="move one of them away, or its images into the other",
            )
        if side is not None:
            sides[side] = entry
    return sides


def _holds_images(folder: Path) -> bool:
    return any(file.suffix.lower() in SUFFIXES for file in folder.iterdir())


def _files(side: Path) -> Iterator[Path]:
    for entry in visible(side):
        if entry.is_dir():
            yield from visible(entry)
        elif entry.suffix.lower() in SUFFIXES:
            yield entry


def _class_of(folder: Path) -> str:
    # Some systems write letters with accents in two parts, so that equal names would differ.
    return normalize("NFC", folder.name)


def _open(sides: Mapping[Side, Path], files: Mapping[Side, Sequence[Path]]) -> Contents:
    notes: list[str] = []
    read: dict[Side, list[Encoded]] = {}
    for side, path in sides.items():
        loose = [file for file in files[side] if file.parent == path]
        if loose and side != "train" and len(loose) == len(files[side]):
            notes.append(f"the {len(loose):,} images in {path.name}/ have no class folders and are not used")
            continue
        if loose:
            remedy = f"put it into {path.name}/<class>/"
            raise DataError(f"`{loose[0].name}` is in no class folder", place=str(loose[0]), remedy=remedy)
        read[side] = [Encoded(str(file), file, _class_of(file.parent)) for file in files[side]]
    names = {_class_of(entry) for side in read for entry in visible(sides[side]) if entry.is_dir()}
    return Contents(tuple(sorted(names)), read, tuple(notes))
