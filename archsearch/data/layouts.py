"""Recognise in which layout a dataset lies in a folder."""

from __future__ import annotations

from pathlib import Path

from archsearch.data.folders import folders_source
from archsearch.data.parquet import parquet_source
from archsearch.data.source import LAYOUTS, Source, visible
from archsearch.data.torchvision import torchvision_sources
from archsearch.errors import DataError
from archsearch.files import exists

_FOUND_SHOWN = 8
_ELSEWHERE = {
    ".arrow": "read it with `datasets` and write each split: dataset.to_parquet('train.parquet')",
    ".zip": "unpack it first",
    ".gz": "unpack it first",
    ".tar": "unpack it first",
}


def recognise(folder: Path) -> Source:
    """Return how to read the dataset in a folder, or in the only folder that it holds; nothing is decoded yet.

    Raises DataError where there is no folder, no known layout, more than one dataset, or a file of the layout is
    missing.
    """
    is_there = exists(folder)
    if not is_there or not folder.is_dir():
        raise DataError(
            f"`{folder}` is a file; a dataset is a folder" if is_there else f"no folder `{folder}`",
            remedy="name the folder with the dataset: --data PATH or ARCHSEARCH_DATA; or use --data digits",
        )
    try:
        found = _found(folder)
        inside = visible(folder)
        while not found and len(inside) == 1 and inside[0].is_dir():
            found, inside = _found(inside[0]), visible(inside[0])
    except OSError as error:
        raise DataError(
            f"the folder cannot be read: {error.strerror}",
            place=str(error.filename),
            remedy="check its permissions",
        ) from error
    if len(found) > 1:
        remedy = f"name one of them, as in --data {found[0].folder}"
        names = ", ".join(source.name for source in found)
        raise DataError(f"there are {len(found)} datasets: {names}", place=str(folder), remedy=remedy)
    if found:
        return found[0]
    raise _unknown(folder)


def _found(folder: Path) -> list[Source]:
    if found := torchvision_sources(folder):
        return found
    source = parquet_source(folder) or folders_source(folder)
    return [source] if source else []


def _unknown(folder: Path) -> DataError:
    entries = visible(folder)
    remedies = [_ELSEWHERE[entry.suffix] for entry in entries if entry.suffix in _ELSEWHERE]
    names = [entry.name for entry in entries]
    more = f" and {len(names) - _FOUND_SHOWN} more" if len(names) > _FOUND_SHOWN else ""
    return DataError(
        f"no known dataset layout; found {', '.join(names[:_FOUND_SHOWN]) + more if names else 'nothing'}",
        place=str(folder),
        remedy="; ".join([*remedies[:1], LAYOUTS]),
    )
