"""Finds a torch module by name: `torchvision.models:resnet50`, `my_net.py:Net`."""

from __future__ import annotations

import importlib
import re
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from archsearch.errors import TraceError, suggest
from archsearch.files import import_file, importing_from, is_file

if TYPE_CHECKING:
    from types import ModuleType

    from torch import nn

_FORM = (
    "write package.module:name or file.py:name, where name is a module or makes one when called without arguments"
)
_OWN = "name a function of your own that takes none"
_CALL = re.compile(r"[^\s(#]+:[\w.]+\(")


def is_model(target: str) -> bool:
    """Whether a target names a torch module, rather than a sentence or a file of one.

    >>> is_model("torchvision.models:resnet50"), is_model("conv(24) head()")
    (True, False)
    """
    return ":" in target and ("(" not in target or _CALL.match(target) is not None)


def find_model(target: str) -> nn.Module:
    """Return the module that a target names, or that calling what it names returns.

    The code that is imported runs: name only code that you trust. What it prints goes to the error stream. Raises
    TraceError where there is no such name, where the call fails, and where it returns no torch module.
    """
    from torch import nn  # noqa: PLC0415

    source, _colon, name = target.partition(":")
    if not source or not name:
        raise TraceError("the name of a torch module lacks a part", place=target, remedy=_FORM)
    if "(" in name:
        raise TraceError("a torch module is named without arguments", place=target, remedy=_OWN)
    with redirect_stdout(sys.stderr):
        found: object = _imported(source, target)
        parts = name.split(".")
        for called, part in zip([source, *parts], parts, strict=False):
            found = _part(found, part, called, target)
        if not isinstance(found, nn.Module) and callable(found):
            found = _called(found, target)
    if not isinstance(found, nn.Module):
        message = f"`{name}` is not a torch module: its type is {type(found).__name__}"
        raise TraceError(message, place=target, remedy=_FORM)
    return found


def _part(whole: object, part: str, called: str, target: str) -> object:
    try:
        return getattr(whole, part)
    except AttributeError:
        # What an object has by its class, as every module has a hundred methods, is not what is looked for.
        own = getattr(whole, "_modules", None) or getattr(whole, "__dict__", {})
        named = dir(whole) if hasattr(whole, "__file__") else own
        known = [one for one in named if not one.startswith("_")]
        remedy = suggest(part, known) if known else None
        raise TraceError(f"`{called}` has no `{part}`", place=target, remedy=remedy) from None
    # A property of the user's may raise anything.
    except Exception as error:  # noqa: BLE001
        raise TraceError(f"`{part}` cannot be read: {_summary(error)}", place=target) from None


def _imported(source: str, target: str) -> ModuleType:
    path = Path(source)
    is_python = path.suffix == ".py"
    if is_python and not is_file(path):
        raise TraceError(f"there is no file `{source}`", place=target, remedy=_FORM)
    try:
        if is_python:
            return import_file(path)
        with importing_from(Path.cwd()):
            return importlib.import_module(source)
    # Foreign code may raise anything while it is imported, and may even exit.
    except (Exception, SystemExit) as error:  # noqa: BLE001
        if isinstance(error, ModuleNotFoundError) and f"{source}.".startswith(f"{error.name}."):
            message = f"there is no Python module `{error.name}`"
            raise TraceError(message, place=target, remedy=_FORM) from None
        raise TraceError(f"`{source}` cannot be imported: {_summary(error)}", place=target) from None


def _called(maker: Callable[[], object], target: str) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return maker()
    # Whatever the user's code raises is reported.
    except (Exception, SystemExit) as error:  # noqa: BLE001
        message = f"calling it without arguments fails: {_summary(error)}"
        raise TraceError(message, place=target, remedy=_OWN) from None


def _summary(error: BaseException) -> str:
    """Return the type of an error and the first line of its text."""
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
