"""How long the analysis of torchvision's models takes, compared with tools that count a module.

`python benchmarks/models.py` analyzes ten models at 224 pixels (inception_v3 at 299), every figure and every
row, and says how much of that is torch's tracing. The same modules are counted by fvcore, torchinfo, thop and
torch's own counter, each in a copy of its own; and gradients find what the units of the last map see along its
width, as a proof does for each axis. TorchLens, which has receptive fields too, comes after all others, as it
wraps torch's functions and leaves them wrapped. All in eval mode and one thread, on the CPU with random weights;
time is processor time, the median of several rounds. Names after it choose models.

A second table has the figures. `gradients` says whether they find the same sets as our analysis for the map that
our rf is of. TorchLens's rf is that of the last operation for which it gives a size, and `then` what it calls the
field of the next one, such as `whole_input`.
"""

from __future__ import annotations

import copy
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import partial
from importlib import import_module
from statistics import median
from typing import Any, TypeAlias
from unittest.mock import patch

import torch
from counting import Tool, conditions, foreign_tools
from torch import Tensor, nn
from torchvision.models import get_model

from archsearch.analysis.figures import headline
from archsearch.analysis.profile import Profile, profile
from archsearch.graph.shapes import Shape
from archsearch.proof.oracles import by_gradients
from archsearch.pytorch.program import Program
from archsearch.pytorch.trace import Traced, trace
from archsearch.table import render

ROUNDS = 2
MODELS = (
    "resnet18 resnet50 vgg16 densenet121 mobilenet_v3_large efficientnet_b0 convnext_tiny inception_v3 "
    "shufflenet_v2_x1_0 vit_b_16"
)
SIZES = {"inception_v3": 299}
OPTIONS = {"inception_v3": {"init_weights": False}}  # their first values would take a while
OURS, TRACING, ANALYSIS, ORACLE, TORCHLENS = "ours", "tracing", "analysis", "gradients", "TorchLens"

Seconds: TypeAlias = Mapping[str, float | None]
"""Seconds that each tool takes for a model; None where it fails."""


@dataclass(frozen=True)
class Figures:
    """What we say of a model: its receptive field, the last map that it is of, and whether gradients agree."""

    rf: str
    of: str
    gradients: str
    params: int


@dataclass(frozen=True)
class ByTorchLens:
    """What TorchLens says: the last receptive field with a size, of which operation, the status of the next."""

    rf: int
    of: str
    then: str
    params: int


TorchLens: TypeAlias = Callable[[nn.Module, Tensor], ByTorchLens]


def measure(name: str, tools: Mapping[str, Tool]) -> tuple[Seconds, Figures]:
    """Measure a model with every tool but TorchLens, and return our figures beside it."""
    module, image = model(name)
    rounds: list[Seconds] = []
    for _ in range(ROUNDS):
        found, analysed, traced = ours(module, tuple(image.shape[1:]))
        with torch.no_grad():
            others = {tool: seconds(partial(count, copy.deepcopy(module), image)) for tool, count in tools.items()}
        rounds.append({**found, **others})
    started = time.process_time()
    agree = by_oracle(analysed, traced)
    spent = time.process_time() - started
    at_most = "at most " if analysed.last_map.field.bound else ""
    last = analysed.last_map.path or analysed.last_map.op
    figures = Figures(f"{at_most}{analysed.figures['rf']:,}", last, agree, int(analysed.figures["params"]))
    return {**medians(rounds), ORACLE: spent}, figures


def model(name: str) -> tuple[nn.Module, Tensor]:
    """Return a model in eval mode, and an image for it."""
    module = get_model(name, weights=None, **OPTIONS.get(name, {})).eval()
    return module, torch.zeros(1, 3, *[SIZES.get(name, 224)] * 2)


def ours(module: nn.Module, shape: Shape) -> tuple[Seconds, Profile, Traced]:
    """Measure `analyze` with all its figures."""
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
    return {OURS: total, TRACING: spent[0], ANALYSIS: total - spent[0]}, found, traced


def by_oracle(found: Profile, traced: Traced) -> str:
    """Ask gradients what the units of the last map see along its last dim: the same sets, fewer, or others."""
    number = headline(found, among=traced.steps)
    field = found.fields[number]
    dim = max(dim for dim in range(len(field.shape)) if field.carried(dim))
    rows = by_gradients(traced.program, traced.steps[number], dim)
    pairs = [pair for axis in field.carried(dim) for pair in zip(field.along(dim, axis), rows[axis], strict=True)]
    if all(analysed == asked for analysed, asked in pairs):
        return "equal"
    return "within" if not any(asked & ~analysed for analysed, asked in pairs) else "differ"


def torchlens_tool() -> TorchLens:
    """Return how TorchLens analyses a module; exits if it is not installed."""
    try:
        torchlens = import_module("torchlens")
    except ImportError as error:
        sys.exit(f"{error}; the benchmark needs: pip install torchlens")
    # By default it keeps what each operation computes; without, it knows fewer receptive fields.
    return partial(by_torchlens, torchlens.trace)


def measure_torchlens(tool: TorchLens, name: str) -> tuple[float | None, ByTorchLens | None]:
    """Measure TorchLens's trace of a model with the receptive fields of all operations."""
    module, image = model(name)
    kept: list[ByTorchLens] = []
    with torch.no_grad():
        rounds = [{TORCHLENS: seconds(lambda: kept.append(tool(module, image)))} for _ in range(ROUNDS)]
    return medians(rounds)[TORCHLENS], kept[-1] if kept else None


def by_torchlens(trace: Callable[..., Any], module: nn.Module, image: Tensor) -> ByTorchLens:
    """Return TorchLens's figures of a module."""
    found = trace(module, image)
    rows = found.receptive_fields().to_pandas()
    rows = rows[~rows["name"].str.startswith("buffer")].reset_index()
    last = rows.index[rows["spatial_rank"] == image.dim() - 2][-1]
    of, size = rows["name"][last].partition(":")[0], min(rows["size"][last])
    then = next((status.value for status in rows["status"][last + 1 :]), "")
    return ByTorchLens(size, of, then, found.num_params)


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


def figures_table(found: Mapping[str, tuple[Figures, ByTorchLens | None]]) -> str:
    """Write our figures of each model, and those of TorchLens."""
    theirs = (f"rf by {TORCHLENS}", "of", "then", f"params by {TORCHLENS}")
    fails = ("fails", *("",) * (len(theirs) - 1))
    cells = [(name, *astuple(our), *(astuple(their) if their else fails)) for name, (our, their) in found.items()]
    return render(("figures", "rf", "of", ORACLE, "params", *theirs), cells)


def main(names: list[str]) -> None:
    """Print seconds, how many times as long as ours the others take, and the figures."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    tools, torchlens = foreign_tools(), torchlens_tool()
    ours(nn.Conv2d(3, 8, 3), (3, 32, 32))  # loads what torch loads at its first tracing
    measured = {name: measure(name, tools) for name in names or MODELS.split()}
    torchlens(nn.Conv2d(3, 8, 3), torch.zeros(1, 3, 32, 32))  # wraps torch's functions
    lens = {name: measure_torchlens(torchlens, name) for name in measured}
    found = {name: {**row, TORCHLENS: lens[name][0]} for name, (row, _figures) in measured.items()}
    print(f"processor time, the median of {ROUNDS} rounds ({ORACLE}: one); {conditions('torchlens')}\n")
    print(table("seconds", found))
    print()
    print(table(f"times {OURS}", ratios(found, OURS)))
    print()
    print(table(f"times {ANALYSIS}", ratios(found, ANALYSIS)))
    print()
    print(figures_table({name: (figures, lens[name][1]) for name, (_row, figures) in measured.items()}))


if __name__ == "__main__":
    main(sys.argv[1:])
