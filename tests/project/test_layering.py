"""Imports run one way, and what judges networks never loads what trains them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from examples.console import ROOT

PACKAGE = ROOT / "archsearch"

# Each module imports only from those above it.
LAYERS = [
    "errors",
    "graph.shapes",
    "graph.ops.operation",
    "graph.windows",
    "graph.ops.maps",
    "graph.ops.mixing",
    "analysis.costs",
    "analysis.describe",
    "analysis.receptive.pattern",
    "analysis.receptive.field",
    "analysis.receptive.axis",
    "analysis.receptive.tensor",
    "graph.graph",
    "analysis.op_profile",
    "graph.ops.moving",
    "analysis.receptive.rules",
    "analysis.figures",
    "table",
    "analysis.profile",
    "notation.syntax",
    "notation.parser",
    "notation.condition",
    "files",
    "graph.builder",
    "notation.word",
    "notation.arguments",
    "notation.vocabulary",
    "notation.network",
    "analysis.limits",
    "analyzer",
    "graph",
    "notation",
    "notation.user_words",
    "space.checks",
    "space.choose",
    "space.grammar",
    "space.space",
    "data.images",
    # Loaded only where a tensor is no map: it needs numpy.
    "analysis.receptive.indexed",
    "data.dataset",
    "data.cache",
    "data.pickles",
    "data.cifar10",
    "data.download",
    "data.folders",
    "data.parquet",
    "data.layouts",
    "data.load",
    "pytorch.lowering.place",
    "pytorch.lowering.computing",
    "pytorch.lowering.moving",
    "pytorch.lowering.known",
    "pytorch.program",
    "proof.compare",
    "proof.positive",
    "proof.oracles",
    "proof.prove",
    "pytorch.build",
    "pytorch.find",
    "pytorch.trace",
    "report.panels",
    "report.picture",
    "study.propose",
    "study.storage",
    "study.record",
    "study.results",
    "training.history",
    "study.watch",
    "training.recipe",
    "training.augmentation",
    "training.batches",
    "training.train",
    "study.loop",
    "cli.output",
    "cli.options",
    "cli.targets",
    "cli.analyze",
    "cli.check",
    "cli.search",
    "cli.quickstart",
    "cli.results",
    "cli.sample",
    "cli.train",
    "cli",
    "cli.progress",
]
WITHOUT_TORCH = LAYERS[: LAYERS.index("data.images")]
OUTERMOST = {"__init__", "__main__"}
HEAVY = {"torch", "optuna", "pandas", "numpy", "albumentations", "sklearn", "pyarrow", "rich", "sqlalchemy"}


def path_of(module: str) -> Path:
    """The file of a module, a package's `__init__`."""
    path = PACKAGE.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imported(path: Path) -> set[str]:
    """Modules of the package that a file names at its head, those for type checking left out."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("archsearch"):
            base = node.module.removeprefix("archsearch").removeprefix(".")
            names = [f"{base}.{alias.name}".removeprefix(".") for alias in node.names]
            found |= {name if name in LAYERS else base for name in names}
    return found


def test_every_module_has_its_layer() -> None:
    files = [path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem not in OUTERMOST]
    assert {path for path in files if path.read_text().count("\n") > 1} == set(map(path_of, LAYERS))


@pytest.mark.parametrize("module", LAYERS)
def test_imports_run_one_way(module: str) -> None:
    below = set(LAYERS[LAYERS.index(module) + 1 :])
    assert not imported(path_of(module)) & below


def test_judging_loads_nothing_heavy() -> None:
    modules = ", ".join(f"archsearch.{name}" for name in [*WITHOUT_TORCH, "cli"])
    code = f"import sys, {modules}; print(*{{name.split('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not HEAVY & set(loaded.stdout.split())
