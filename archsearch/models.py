"""Finding a torch module by name: `torchvision.models:resnet50`, `my_net.py:Net`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from archsearch.errors import TraceError, suggest

if TYPE_CHECKING:
    from types import ModuleType

    from torch import nn

_FORM = (
    "write package.module:name or file.py:name, where name is a module or makes one when called without arguments"
)


def is_model(target: str) -> bool:
    """Whether a target names a torch module, and is no sentence and no file of one.

    >>> is_model("torchvision.models:resnet50"), is_model("conv(24) head()")
    (True, False)
    """
    return ":" in target and "(" not in target


def find_model(target: str) -> nn.Module:
    """Return the module that a target names, made by calling what it names if that is no module.

    What is imported runs: name only code that you trust. Raises TraceError where there is no such thing, where the
    call fails, and where it makes no torch module.
    """
    from torch import nn  # noqa: PLC0415

    source, _colon, name = target.partition(":")
    found: object = _imported(source, target)
    for part in name.split("."):
        if not hasattr(found, part):
            known = [one for one in vars(found) if not one.startswith("_")]
            raise TraceError(f"`{source}` has no `{part}`", place=target, remedy=suggest(part, known))
        found = getattr(found, part)
    if not isinstance(found, nn.Module):
        found = _made(found, target)
    if not isinstance(found, nn.Module):
        raise TraceError(f"`{name}` is no torch module but a {type(found).__name__}", place=target, remedy=_FORM)
    return found


def _imported(source: str, target: str) -> ModuleType:
    if not source.endswith(".py"):
        sys.path.insert(0, str(Path.cwd()))
    try:
        return _from_file(Path(source)) if source.endswith(".py") else importlib.import_module(source)
    except ModuleNotFoundError as error:
        raise TraceError(f"there is no Python module `{error.name}`", place=target, remedy=_FORM) from None
    except FileNotFoundError:
        raise TraceError(f"there is no file `{source}`", place=target, remedy=_FORM) from None
    # Foreign code may raise anything while it is imported.
    except Exception as error:  # noqa: BLE001
        raise TraceError(f"`{source}` cannot be imported: {type(error).__name__}: {error}", place=target) from None
    finally:
        if not source.endswith(".py"):
            sys.path.remove(str(Path.cwd()))


def _from_file(path: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def _made(maker: object, target: str) -> object:
    if not callable(maker):
        return maker
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return maker()
    # What a foreign maker raises is told to the user.
    except Exception as error:  # noqa: BLE001
        rule = f"calling it without arguments fails: {type(error).__name__}: {error}"
        raise TraceError(rule, place=target, remedy="name a function of your own that takes none") from None
