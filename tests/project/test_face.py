"""What `archsearch` exports, and nothing else does."""

from __future__ import annotations

import subprocess
import sys

import pytest
from examples.console import ROOT

import archsearch

PACKAGES = sorted(path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "archsearch").rglob("__init__.py"))
FACES = {"archsearch", "archsearch/graph", "archsearch/notation", "archsearch/cli"}


@pytest.mark.parametrize("name", archsearch.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(archsearch, name).__name__ == name


@pytest.mark.parametrize(
    "name",
    [
        *("Completion", "Feasible", "confirm", "explain", "load_data", "load_results", "load_weights", "search"),
        "train",
    ],
)
def test_what_trains_is_loaded_when_it_is_used(name: str) -> None:
    code = f"import sys, archsearch; before = {{*sys.modules}}; archsearch.{name}"
    code += "; heavy = {'numpy', 'optuna', 'torch'}; assert not before & heavy; assert {*sys.modules} & heavy"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_another_name_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="module `archsearch` has no attribute `serach`"):
        archsearch.serach  # noqa: B018


def test_no_module_at_the_root_has_the_name_of_a_function() -> None:
    modules = {path.stem for path in (ROOT / "archsearch").iterdir()}
    assert not modules & set(archsearch.__all__)


@pytest.mark.parametrize("package", sorted(set(PACKAGES) - FACES))
def test_other_packages_export_nothing(package: str) -> None:
    text = (ROOT / package / "__init__.py").read_text()
    assert "import" not in text.split('"""')[2]
