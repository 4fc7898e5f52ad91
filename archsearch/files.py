"""Texts and Python files that a user names, and the files that archsearch ships."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from archsearch.errors import ArchsearchError

if TYPE_CHECKING:
    from types import ModuleType


def import_file(path: Path) -> ModuleType:
    """Import a Python file; its code runs, and may raise anything.

    Like a script, the file may import its neighbours.
    """
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    # A dataclass looks up its module while it is being created.
    sys.modules.setdefault(path.stem, module)
    with importing_from(path.resolve().parent):
        specification.loader.exec_module(module)
    return module


@contextmanager
def importing_from(folder: Path) -> Iterator[None]:
    """Put a folder first on the import path while the context is open."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def read_text(path: Path) -> str:
    """Read a text in UTF-8; raises ArchsearchError, which names the file, if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        remedy = "give the path of a text file in UTF-8"
        raise ArchsearchError(f"cannot read `{path}`: {reason}", remedy=remedy) from None


def exists(path: Path) -> bool:
    """Whether there is something at a path; no system has a file of a name that is too long for it.

    >>> exists(Path("relu " * 100))
    False
    """
    try:
        return path.exists()
    except OSError:
        return False


def is_file(path: Path) -> bool:
    """Whether there is a file at a path, of whatever length."""
    return exists(path) and path.is_file()


_FOLDERS = {".space": "search_spaces", ".net": "search_spaces", ".toml": "recipes"}


def shipped(suffix: str) -> dict[str, Path]:
    """Return the files that archsearch ships with a suffix, by name.

    >>> sorted(shipped(".toml"))
    ['assignment.toml', 'fast.toml', 'gpu.toml', 'long.toml']
    """
    folder = Path(str(files(f"archsearch.{_FOLDERS[suffix]}")))
    return {path.name: path for path in folder.iterdir() if path.suffix == suffix}
