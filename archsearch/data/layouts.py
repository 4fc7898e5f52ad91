"""Recognise in which of three layouts a dataset lies in a folder."""

from __future__ import annotations

from pathlib import Path

from archsearch.data.cifar10 import TORCHVISION_FOLDER, TRAIN_BATCHES, torchvision_source
from archsearch.data.dataset import Source
from archsearch.data.folders import LAYOUTS, folders_source
from archsearch.data.parquet import SHARD, parquet_source
from archsearch.errors import DataError

_FOUND_SHOWN = 8


def recognise(folder: Path) -> Source:
    """Return how to read the dataset in a folder, without decoding anything yet.

    Raises DataError where there is no folder, no known layout, or a file that the layout needs is missing.
    """
    if not folder.is_dir():
        raise DataError(
            f"`{folder}` is a file; a dataset is a folder" if folder.is_file() else f"no folder `{folder}`",
            remedy="name the folder with the dataset: --data PATH or ARCHSEARCH_DATA; or use --data digits",
        )
    try:
        for candidate in (folder / TORCHVISION_FOLDER, folder):
            if any((candidate / name).is_file() for name in (*TRAIN_BATCHES, "test_batch")):
                return torchvision_source(candidate)
        for candidate in (folder, folder / "data", folder / "plain_text"):
            if candidate.is_dir() and any(SHARD.fullmatch(file.name) for file in candidate.iterdir()):
                return parquet_source(folder, candidate)
        if (folder / "train").is_dir():
            return folders_source(folder)
        found = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        raise DataError(
            f"the folder cannot be read: {error.strerror}",
            place=str(error.filename),
            remedy="check its permissions",
        ) from error
    more = f" and {len(found) - _FOUND_SHOWN} more" if len(found) > _FOUND_SHOWN else ""
    raise DataError(
        f"no known dataset layout; found {', '.join(found[:_FOUND_SHOWN]) + more if found else 'nothing'}",
        place=str(folder),
        remedy=LAYOUTS,
    )
