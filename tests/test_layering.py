"""Imports run one way, and what judges networks never loads what trains them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "archsearch"

# Each module imports only from those above it.
LAYERS = [
    "errors",
    "table",
    "syntax",
    "notation",
    "steps",
    "ops",
    "graph",
    "words",
    "own_words",
    "network",
    "receptive",
    "axis",
    "cutting",
    "layout",
    "sight",
    "costs",
    "describe",
    "analysis",
    "limits",
    "rules",
    "grammar",
    "space",
    "candidate",
    "recipe",
    "module",
    "lowering",
    "program",
    "trace",
    "models",
    "analyzer",
    "panels",
    "picture",
    "compare",
    "positive",
    "oracles",
    "proof",
    "images",
    "pickles",
    "sources",
    "download",
    "data",
    "augmentation",
    "training",
    "proposal",
    "storage",
    "record",
    "results",
    "search",
    "cli",
]
WITHOUT_TORCH = LAYERS[: LAYERS.index("module")]
HEAVY = {"torch", "optuna", "pandas", "numpy", "albumentations", "sklearn", "pyarrow", "rich", "sqlalchemy"}


def imported(path: Path) -> set[str]:
    """Modules of the package that a file names in its imports, those for type checking too."""
    names = [
        node.module
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("archsearch.")
    ]
    return {name.split(".")[1] for name in names}


def test_every_module_has_its_layer() -> None:
    found = {path.stem for path in PACKAGE.glob("*.py")} | {
        path.name for path in PACKAGE.iterdir() if path.is_dir()
    }
    assert found - {"__init__", "__main__", "__pycache__"} == set(LAYERS)


@pytest.mark.parametrize("module", LAYERS)
def test_imports_run_one_way(module: str) -> None:
    path = PACKAGE / module
    files = list(path.glob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    below = set(LAYERS[LAYERS.index(module) + 1 :])
    assert not [name for file in files for name in imported(file) & below]


def test_judging_loads_nothing_heavy() -> None:
    modules = ", ".join(f"archsearch.{name}" for name in [*WITHOUT_TORCH, "cli"])
    code = f"import sys, {modules}; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not HEAVY & set(loaded.stdout.split())
