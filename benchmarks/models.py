"""How long the analysis of torchvision's models takes, compared with tools that count a module.

`python benchmarks/models.py` analyzes ten models at 224 pixels (inception_v3 at 299), every figure and every
row, and says how much of that is torch's tracing. The same modules are counted by fvcore, torchinfo, thop and
torch's own counter, each in a copy of its own; and gradients find what the units of the last map see along its
width, as a proof does for each axis. All in eval mode and one thread, on the CPU with random weights; time is
processor time, the median of several rounds. Names after it choose models.
"""

from __future__ import annotations

import copy
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import median
from typing import TypeAlias
from unittest.mock import patch

import torch
from counting import Tool, conditions, foreign_tools
from torch import nn
from torchvision.models import get_model

from archsearch.analysis.profile import profile
from archsearch.graph.shapes import Shape
from archsearch.proof.oracles import by_gradients
from archsearch.pytorch.program import Program
from archsearch.pytorch.trace import trace
from archsearch.table import render

ROUNDS = 2
MODELS = (
    "resnet18 resnet50 vgg16 densenet121 mobilenet_v3_large efficientnet_b0 convnext_tiny inception_v3 "
    "shufflenet_v2_x1_0 vit_b_16"
)
SIZES = {"inception_v3": 299}
OPTIONS = {"inception_v3": {"init_weights": False}}  # their first values would take a while
OURS, TRACING, ANALYSIS, ORACLE = "ours", "tracing", "analysis", "gradients"

Seconds: TypeAlias = Mapping[str, float | None]
"""Seconds that each tool takes for a model; None where it fails."""


def measure(name: str, tools: Mapping[str, Tool]) -> Seconds:
    """Measure a model with every tool."""
    module = get_model(name, weights=None, **OPTIONS.get(name, {})).eval()
    shape = (3, *[SIZES.get(name, 224)] * 2)
    image = torch.zeros(1, *shape)
    rounds: list[Seconds] = []
    for _ in range(ROUNDS):
        found, gradients = ours(module, shape)
        with torch.no_grad():
            others = {tool: seconds(partial(count, copy.deepcopy(module), image)) for tool, count in tools.items()}
        rounds.append({**found, **others})
    return {**medians(rounds), ORACLE: seconds(gradients)}


def ours(module: nn.Module, shape: Shape) -> tuple[Seconds, Callable[[], object]]:
    """Measure `analyze` with all its figures; return also a function that asks gradients about the last map."""
    spent = []
    of = Program.of

    def watched(module: nn.Module, shape: Shape) -> Program:
        started = time.process_time()
        program = of(module, shape)
        spent.append(time.process_time() - started)
        return program

    started = time.process_time()
    with patch.object(Program, "of", watched):
        traced = trace(module, shape)
    found = profile(traced.graph)
    assert dict(found.figures)
    assert [row.figures for row in found.rows]
    total = time.process_time() - started

    last = found.last_map.field
    number = max(number for number in traced.steps if found.fields[number] is last)
    dim = max(dim for dim in range(len(last.shape)) if last.carried(dim))
    gradients = partial(by_gradients, traced.program, traced.steps[number], dim)
    return {OURS: total, TRACING: spent[0], ANALYSIS: total - spent[0]}, gradients


def seconds(work: Callable[[], object]) -> float | None:
    """Return how long some work takes, or None if it fails."""
    started = time.process_time()
    try:
        work()
    # A tool may raise anything on a model that it was not made for.
    except Exception as error:  # noqa: BLE001
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return None
    return time.process_time() - started


def medians(rows: Sequence[Seconds]) -> Seconds:
    """Return the median of each column, leaving out failures."""
    columns = {name: [one for row in rows if (one := row[name]) is not None] for name in rows[0]}
    return {name: median(column) if column else None for name, column in columns.items()}


def ratios(found: Mapping[str, Seconds], to: str) -> dict[str, Seconds]:
    """Return what the other tools take as multiples of `to`, their medians in the last row."""
    others = [name for name in next(iter(found.values())) if name not in {OURS, TRACING, ANALYSIS}]
    rows: dict[str, Seconds] = {}
    for model, row in found.items():
        unit = row[to]
        assert unit
        rows[model] = {name: None if (one := row[name]) is None else one / unit for name in others}
    return {**rows, "median": medians(list(rows.values()))}


def table(title: str, rows: Mapping[str, Seconds]) -> str:
    """Write rows under the names of the tools."""
    columns = next(iter(rows.values()))
    cells = [(name, *("fails" if one is None else one for one in row.values())) for name, row in rows.items()]
    return render((title, *columns), cells)


def main(names: list[str]) -> None:
    """Print seconds, and how many times as long as ours the others take."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    tools = foreign_tools()
    ours(nn.Conv2d(3, 8, 3), (3, 32, 32))  # loads what torch loads at its first tracing
    found = {name: measure(name, tools) for name in names or MODELS.split()}
    print(f"processor time, the median of {ROUNDS} rounds ({ORACLE}: one); {conditions()}\n")
    print(table("seconds", found))
    print()
    print(table(f"times {OURS}", ratios(found, OURS)))
    print()
    print(table(f"times {ANALYSIS}", ratios(found, ANALYSIS)))


if __name__ == "__main__":
    main(sys.argv[1:])
