"""The decoded copy of a dataset in the per-user cache."""

from __future__ import annotations

import hashlib
import json
import tempfile
import warnings
import zipfile
from pathlib import Path

import numpy as np
import platformdirs

from archsearch.data.dataset import RGB, Dataset, Source
from archsearch.data.images import Images

_CACHE_FORMAT = 1


def cache_folder() -> Path:
    """Return the folder of this user in which datasets are kept."""
    return platformdirs.user_cache_path("archsearch")


def cached(source: Source) -> Dataset:
    """Return the dataset of a source from its decoded copy, or read the source and keep a copy.

    A copy holds as long as the names, sizes and times of the source's files stay the same. A copy that cannot
    be read or written is a warning, not an error.
    """
    name = hashlib.sha256(bytes(source.folder.resolve())).hexdigest()[:16]
    file = cache_folder() / "datasets" / f"{name}.npz"
    facts = [(str(part.resolve()), (stat := part.stat()).st_size, stat.st_mtime_ns) for part in source.files]
    key = hashlib.sha256(json.dumps([_CACHE_FORMAT, facts]).encode()).hexdigest()
    dataset = _read(file, key)
    if dataset is None:
        dataset = source.read()
        _write(file, key, dataset)
    return dataset


def _read(file: Path, key: str) -> Dataset | None:
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
                mean=RGB(*content["mean"].tolist()),
                std=RGB(*content["std"].tolist()),
            )
    except (FileNotFoundError, NotADirectoryError):
        return None
    # What a damaged archive raises, depending on where the damage is; its checksums find all of it.
    except (
        OSError, EOFError, ValueError, TypeError, LookupError, RuntimeError, MemoryError, zipfile.BadZipFile,
    ) as error:  # fmt: skip
        problem = f"{type(error).__name__}: {error}"
        message = f"the cached copy {file} cannot be read ({problem}); the images are decoded again"
        warnings.warn(message, stacklevel=4)
        return None


def _write(file: Path, key: str, dataset: Dataset) -> None:
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
        message = (
            f"the decoded images cannot be kept in {file.parent} ({error}); the next start will be slow again"
        )
        warnings.warn(message, stacklevel=4)
