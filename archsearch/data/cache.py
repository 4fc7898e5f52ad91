"""The decoded copy of a dataset in the per-user cache."""

from __future__ import annotations

import hashlib
import json
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import platformdirs

from archsearch.data.dataset import Dataset, colour
from archsearch.data.images import Images

if TYPE_CHECKING:
    from collections.abc import Sequence


_CACHE_FORMAT = 1


def cache_folder() -> Path:
    """Return the folder of this user in which datasets are kept."""
    return platformdirs.user_cache_path("archsearch")


def fingerprint(files: Sequence[Path]) -> str:
    """Return a key that changes when one of the files does."""
    facts = [(str(file.resolve()), (stat := file.stat()).st_size, stat.st_mtime_ns) for file in files]
    return hashlib.sha256(json.dumps([_CACHE_FORMAT, facts]).encode()).hexdigest()


def read_cache(file: Path, key: str) -> Dataset | None:
    """Return the dataset kept in a file under this key, if there is one; a warning says what cannot be read."""
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
            if str(content["key"]) != key:
                return None
            return Dataset(
                name=str(content["name"]),
                digest=str(content["digest"]),
                classes=tuple(content["classes"].tolist()),
                train=Images(content["train_pixels"], content["train_labels"]),
                test=Images(content["test_pixels"], content["test_labels"]),
                mean=colour(content["mean"]),
                std=colour(content["std"]),
            )
    except (FileNotFoundError, NotADirectoryError):
        return None
    # What a damaged archive raises, by where the damage is; the archive's checksums find all of it.
    except (
        OSError,
        EOFError,
        ValueError,
        LookupError,
        RuntimeError,
        MemoryError,
        zipfile.BadZipFile,
    ) as error:
        warnings.warn(
            f"the cached copy {file} cannot be read and is made anew ({type(error).__name__}: {error})",
            stacklevel=3,
        )
        return None


def write_cache(file: Path, key: str, dataset: Dataset) -> None:
    """Keep a dataset in a file under a key; a warning says why it cannot be."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent) as temporary:
            written = Path(temporary) / file.name
            np.savez(
                written,
                key=key,
                name=dataset.name,
                digest=dataset.digest,
                classes=np.array(dataset.classes),
                train_pixels=dataset.train.pixels,
                train_labels=dataset.train.labels,
                test_pixels=dataset.test.pixels,
                test_labels=dataset.test.labels,
                mean=dataset.mean,
                std=dataset.std,
            )
            written.replace(file)
    except OSError as error:
        warnings.warn(
            f"the decoded images cannot be kept in {file.parent}, so the next start is slow again ({error})",
            stacklevel=3,
        )
