"""The decoded copy of a dataset in the per-user cache."""

from __future__ import annotations

import hashlib
import json
import tempfile
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import platformdirs

from archsearch.data.dataset import RGB, Dataset
from archsearch.data.images import Images
from archsearch.data.reading import read
from archsearch.data.source import SIDES, DataWarning, Side, Source

_CACHE_FORMAT = 3  # raised when a dataset would be made of the same files in another way


def cache_folder() -> Path:
    """Return the folder of this user in which datasets are kept."""
    return platformdirs.user_cache_path("archsearch")


def cached(source: Source, size: tuple[int, int] | None) -> Dataset:
    """Return the dataset of a source at a size from its decoded copy, or read the source and keep a copy.

    A copy holds as long as names and content of the source's files stay the same. A copy that cannot be read or
    written is a warning, not an error.
    """
    name = hashlib.sha256(bytes(source.folder.resolve())).hexdigest()[:16]
    at_size = "" if size is None else f"-{size[1]}x{size[0]}"
    file = cache_folder() / "datasets" / f"{name}{at_size}.npz"
    key = _key(source)
    dataset = _read(file, key) if key else None
    if dataset is None:
        dataset = read(source, size)
        if key:
            _write(file, key, dataset)
    return dataset


def _key(source: Source) -> str | None:
    """Return a hash of what the files hold; None where one cannot be read, as whoever decodes it will say."""
    try:
        content = [
            (str(file.relative_to(source.folder)), hashlib.sha256(file.read_bytes()).hexdigest())
            for file in source.files
        ]
    except OSError:
        return None
    return hashlib.sha256(json.dumps([_CACHE_FORMAT, content]).encode()).hexdigest()


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
                validation=_images(content, "validation"),
                test=_images(content, "test"),
                mean=RGB(*content["mean"].tolist()),
                std=RGB(*content["std"].tolist()),
                notes=tuple(content["notes"].tolist()),
            )
    except (FileNotFoundError, NotADirectoryError):
        return None
    # What a damaged archive raises, depending on where the damage is; its checksums find all of it.
    except (
        OSError, EOFError, ValueError, TypeError, LookupError, RuntimeError, MemoryError, zipfile.BadZipFile,
    ) as error:  # fmt: skip
        problem = f"{type(error).__name__}: {error}"
        message = f"the cached copy {file} cannot be read ({problem}); the images are decoded again"
        warnings.warn(message, DataWarning, stacklevel=4)
        return None


def _images(content: Mapping[str, npt.NDArray[Any]], side: Side) -> Images | None:
    if f"{side}_pixels" not in content:
        return None
    return Images(content[f"{side}_pixels"], content[f"{side}_labels"])


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
                mean=dataset.mean,
                std=dataset.std,
                notes=np.array(dataset.notes, np.str_),
                **{
                    f"{side}_{part}": getattr(images, part)
                    for side in SIDES
                    if (images := getattr(dataset, side)) is not None
                    for part in ("pixels", "labels")
                },
            )
            written.replace(file)
    except OSError as error:
        message = (
            f"the decoded images cannot be kept in {file.parent} ({error}); the next start will be slow again"
        )
        warnings.warn(message, DataWarning, stacklevel=4)
