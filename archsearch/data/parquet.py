"""Datasets as Parquet, written as on the Hugging Face hub: which files there are, and which side each is of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from archsearch.data.rows import open_rows
from archsearch.data.source import SIDES, Side, Source, side_of_file, side_of_folder, visible
from archsearch.errors import DataError

_NUMBERED = re.compile(r"(.*?)(\d+)-of-(\d+)")


def parquet_source(folder: Path) -> Source | None:
    """Recognise the Parquet files in a folder, or in the only folder in it that has some.

    Returns None where there are none; raises DataError for a missing shard, shards of several versions, files that
    name no side beside others that do, several folders with files, and where none are to train on.
    """
    sides = _sides(folder) or _only(folder)
    if not sides:
        return None
    if "train" not in sides:
        names = " and ".join(side for side in SIDES if side in sides)
        message = f"there are Parquet files for {names} but none to train on"
        raise DataError(message, place=str(folder), remedy="put train*.parquet beside them")
    files = tuple(file for side in SIDES for file in sides.get(side, ()))
    return Source(folder, folder.resolve().name, files, partial(open_rows, folder, sides))


def _sides(folder: Path) -> Mapping[Side, Sequence[Path]]:
    """Return the files in a folder, by the side in their names, or in that of the folder in it where they lie."""
    files = _files(folder)
    found: dict[Side, list[Path]] = {}
    for file in files:
        side = side_of_file(file.stem)
        if side is not None:
            found.setdefault(side, []).append(file)
    strangers = [file for file in files if side_of_file(file.stem) is None]
    if strangers and found:
        message = f"the name of `{strangers[0].name}` does not say which side it is of"
        remedy = "name it like train.parquet, validation.parquet or test.parquet, or move it away"
        raise DataError(message, place=str(strangers[0]), remedy=remedy)
    if strangers:
        found["train"] = strangers
    if not files:
        for entry in visible(folder):
            side = side_of_folder(entry.name) if entry.is_dir() else None
            if side is not None and (inside := _files(entry)):
                found.setdefault(side, []).extend(inside)
    for shards in found.values():
        _check_complete(shards)
    return found


def _only(folder: Path) -> Mapping[Side, Sequence[Path]]:
    """Return the files of the only configuration: a folder of its own, as the hub has them."""
    found = {entry: sides for entry in visible(folder) if entry.is_dir() and (sides := _sides(entry))}
    if len(found) > 1:
        raise DataError(
            f"Parquet files are in {', '.join(f'{entry.name}/' for entry in found)}; each is a dataset of its own",
            place=str(folder),
            remedy=f"name one of them, as in --data {next(iter(found))}",
        )
    return next(iter(found.values()), {})


def _files(folder: Path) -> list[Path]:
    return [entry for entry in visible(folder) if entry.suffix.lower() == ".parquet" and entry.is_file()]


def _check_complete(shards: Sequence[Path]) -> None:
    matches = [_NUMBERED.match(file.stem) for file in shards]
    numbered = [match for match in matches if match is not None]
    if not numbered:
        return
    first, place = numbered[0], str(shards[0].parent)
    numbers, total = sorted(int(match[2]) for match in numbered), int(first[3])
    totals = {int(match[3]) for match in numbered}
    if len(numbered) < len(shards) or len(totals) > 1 or len(set(numbers)) < len(numbers) or numbers[-1] >= total:
        raise DataError(
            f"these shards do not belong together: {', '.join(file.name for file in shards)}",
            place=place,
            remedy="keep the shards of one version only",
        )
    absent = sorted(set(range(total)) - set(numbers))
    if absent:
        name = f"{first[1]}{absent[0]:0{len(first[2])}}-of-{first[3]}.parquet"
        raise DataError(
            f"a Parquet shard is missing; found {', '.join(file.name for file in shards)}",
            place=str(shards[0].with_name(name)),
            remedy="put the missing shard beside the others",
        )
