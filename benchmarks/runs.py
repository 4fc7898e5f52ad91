"""Trainings that a benchmark keeps in a file: a line of JSON for each, written when it ends, and none made twice.

Several processes may work on one file, each with its part of what is wanted. What other benchmarks import.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, median
from typing import Any, TypeAlias

import torch

from archsearch.data.dataset import Split
from archsearch.data.load import load_data
from archsearch.graph.graph import Graph
from archsearch.training.device import Device
from archsearch.training.recipe import Recipe
from archsearch.training.train import train

Run: TypeAlias = Mapping[str, Any]
"""A training: its key, which says what was trained and how, and what was measured."""


def options(description: str | None, epochs: int) -> argparse.ArgumentParser:
    """Return a parser of the options that all such benchmarks have."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument(
        "--part", default="1/1", type=part, metavar="K/N", help="make every N-th run, from the K-th on"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--results", type=Path, required=True, help="the file of the runs")
    parser.add_argument(
        "--show", action="store_true", help="print the table of the runs that are there, train nothing"
    )
    return parser


def part(text: str) -> str:
    """Return "K/N" as it is written; raises ArgumentTypeError where it is no part."""
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"`{text}` is no part of the runs; give one as in 1/2 or 2/2")
    return text


def held_out(images: int | None = None) -> Split:
    """Return the validation split of CIFAR-10, or of what ARCHSEARCH_DATA names; with so many training images."""
    split = load_data().split("validation")
    return split if images is None else replace(split, train=split.train.take(slice(images)))


def read(path: Path) -> list[Run]:
    """Return the runs in a file, none where there is no file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def append(path: Path, run: Run) -> None:
    """Write a run that ended."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(run) + "\n")


def of(key: Run, found: Iterable[Run]) -> Run | None:
    """Return the run with a key, if there is one."""
    return next((run for run in found if key.items() <= run.items()), None)


def missing(wanted: Sequence[Run], path: Path, part: str) -> Iterator[Run]:
    """Yield part "K/N" of the keys wanted: each whose run is not in the file when its turn comes."""
    first, step = map(int, part.split("/"))
    return (key for key in wanted[first - 1 :: step] if of(key, read(path)) is None)


def trained(graph: Graph, split: Split, recipe: Recipe, seed: int, threads: int) -> Run:
    """Train a network; return what was measured of it."""
    history = train(graph, split, recipe, seed, device=Device(threads=threads)).history
    return {
        "recipe": str(recipe),
        "accuracy": history[-1].accuracy,
        "loss": history[-1].loss,
        "seconds": sum(epoch.seconds for epoch in history),
        "images_per_second": median(epoch.images_per_second or 0 for epoch in history),
        "torch": torch.__version__,
        "curve": [epoch.accuracy for epoch in history],
    }


def by_arm(found: Iterable[Run], arms: Iterable[str]) -> dict[str, dict[int, Run]]:
    """Return the runs of each arm that has any, in the order of the arms, by their seeds."""
    runs = list(found)
    seeds = {arm: {run["seed"]: run for run in runs if run["arm"] == arm} for arm in arms}
    return {arm: by_seed for arm, by_seed in seeds.items() if by_seed}


def gains(arm: Mapping[int, Run], base: Mapping[int, Run]) -> list[float]:
    """Return what an arm has above the base with each seed that both have, in percentage points."""
    return [run["accuracy"] - base[seed]["accuracy"] for seed, run in sorted(arm.items()) if seed in base]


def average(runs: Mapping[int, Run], name: str) -> float:
    """Return the mean of a value over the runs of an arm."""
    values: list[float] = [run[name] for run in runs.values()]
    return mean(values)
