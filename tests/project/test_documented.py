"""Every public method has a docstring, unless it overrides one that is documented where it is defined."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest

import archsearch

MODULES = [
    module.name
    for module in pkgutil.walk_packages(archsearch.__path__, "archsearch.")
    if not module.name.endswith("__main__")
]


def undocumented(module: str) -> Iterator[str]:
    for name, found in vars(import_module(module)).items():
        if inspect.isclass(found) and found.__module__ == module and not name.startswith("_"):
            for method, member in vars(found).items():
                function = getattr(member, "fget", None) or getattr(member, "func", None) or member
                is_public = inspect.isfunction(function) and not method.startswith("_")
                if (
                    is_public
                    and not function.__doc__
                    and not any(hasattr(base, method) for base in found.__bases__)
                ):
                    yield f"{name}.{method}"


@pytest.mark.parametrize("module", MODULES)
def test_every_public_method_is_documented(module: str) -> None:
    assert not list(undocumented(module))
