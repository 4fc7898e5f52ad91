"""What each field of a recipe is worth for nets this small: a recipe with one change at a time.

    python benchmarks/recipes.py --epochs 4 --seeds 0 --results results/recipes.jsonl

Every run is a line of the file, written when it ends; a run that is there is not made again, and several processes
may work on one file, each with its part of the arms (--part 1/2). The table is printed at the end.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import runs

from archsearch.notation.network import parse
from archsearch.training.recipe import Recipe

BASE = Recipe(epochs=4)
MUON = {"muon_learning_rate": 0.02}
CONSTANT = {**MUON, "schedule": "constant", "warmup": 0.1, "cooldown": 0.4}
ARMS: Mapping[str, Mapping[str, Any]] = {
    "base": {},
    "whitening": {"whitening": True},
    "label smoothing 0.1": {"label_smoothing": 0.1},
    "muon 0.02": MUON,
    "muon 0.05": {"muon_learning_rate": 0.05},
    "muon 0.02, label smoothing 0.1": {**MUON, "label_smoothing": 0.1},
    "muon 0.02, ema 0.995": {**MUON, "ema_decay": 0.995},
    "muon 0.02, whitening": {**MUON, "whitening": True},
    "muon 0.02, alternating flips": {**MUON, "augmentation": "alternating_flip_crop"},
    "muon 0.02, alternating flips, label smoothing 0.1": {
        **MUON,
        "augmentation": "alternating_flip_crop",
        "label_smoothing": 0.1,
    },
    "muon 0.02, 3/4 size for half": {**MUON, "early_scale": 0.75, "early_share": 0.5},
    "muon 0.02, decay of kernels only": {**MUON, "weight_decay_on": "kernels"},
    "muon 0.02, cosine, warm-up 0.1": {**MUON, "schedule": "cosine", "warmup": 0.1},
    "muon 0.02, constant, down in 0.4": CONSTANT,
    "muon 0.02, constant, down in 0.6": {**CONSTANT, "cooldown": 0.6},
    "muon 0.05, constant, down in 0.4": {**CONSTANT, "muon_learning_rate": 0.05},
    "muon 0.02, constant, down in 0.4, label smoothing 0.1": {**CONSTANT, "label_smoothing": 0.1},
    "muon 0.02, batch 64": {**MUON, "batch_size": 64},
    "muon 0.02, rate 0.05": {**MUON, "learning_rate": 0.05},
    "muon 0.02, dropout 0.02": {**MUON, "dropout": 0.02},
    "muon 0.02, cutout 8": {**MUON, "cutout": 8},
    "muon 0.02, mixup 0.2": {**MUON, "mixup": 0.2},
    "adamw": {"optimizer": "adamw", "learning_rate": 0.01, "weight_decay": 0.01},
}


def main() -> None:
    """Read what is asked for, and print the table."""
    parser = runs.options(__doc__, BASE.epochs)
    parser.add_argument("--network", type=Path, default=Path("search_spaces/era_s9.net"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--arms", nargs="+", default=[*ARMS], choices=[*ARMS], metavar="ARM")
    asked = parser.parse_args()
    if not asked.show:
        make(asked)
    shown = asked.network.stem, asked.epochs
    show([run for run in runs.read(asked.results) if (run["network"], run["epochs"]) == shown])


def make(asked: argparse.Namespace) -> None:
    """Make the runs that are asked for and not there yet."""
    split = runs.held_out()
    graph = parse(asked.network.read_text(encoding="utf-8")).lower()
    same = {"network": asked.network.stem, "epochs": asked.epochs}
    wanted = [{**same, "seed": seed, "arm": arm} for seed in asked.seeds for arm in asked.arms]
    for key in runs.missing(wanted, asked.results, asked.part):
        recipe = replace(BASE, epochs=asked.epochs, **ARMS[key["arm"]])
        run = runs.trained(graph, split, recipe, key["seed"], asked.threads)
        runs.append(asked.results, {**key, **run})


def show(found: list[runs.Run]) -> None:
    """Print, for each arm, mean accuracy over its seeds, and the gain over the base with the same seeds."""
    arms = runs.by_arm(found, ARMS)
    print(f"{'change':54} {'accuracy':>8} {'gain':>6} {'seconds':>8}  seeds")
    for arm, by_seed in arms.items():
        gains = runs.gains(by_seed, arms.get("base", {}))
        gain = f"{mean(gains):+.2f}" if gains else ""
        accuracy, seconds = (runs.average(by_seed, name) for name in ("accuracy", "seconds"))
        print(f"{arm:54} {accuracy:8.2f} {gain:>6} {seconds:8.0f}  {', '.join(map(str, by_seed))}")


if __name__ == "__main__":
    main()
