"""Python files of the user's own, imported by their path."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


def import_file(path: Path) -> ModuleType:
    """Return the module that a Python file makes; its code runs, and may raise anything.

    As with a script, the file may import its neighbours.
    """
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    # A dataclass looks its module up while it is made.
    sys.modules.setdefault(path.stem, module)
    with importing_from(path.resolve().parent):
        specification.loader.exec_module(module)
    return module


@contextmanager
def importing_from(folder: Path) -> Iterator[None]:
    """Let modules of a folder be imported for a while, before all others."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
