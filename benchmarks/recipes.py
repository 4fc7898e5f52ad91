"""What each field of a recipe is worth for nets this small: a recipe with one change at a time.

    python benchmarks/recipes.py --epochs 4 --seeds 0 --results results/recipes.jsonl

Every run is a line of the file, written when it ends; a run that is there is not made again, and several processes
may work on one file, each with its part of the arms (--part 1/2). The table is printed at the end.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import torch

from archsearch.data.load import load_data
from archsearch.notation.network import parse
from archsearch.training.device import Device
from archsearch.training.recipe import Recipe
from archsearch.training.train import train

BASE = Recipe(epochs=4)
MUON = {"muon_learning_rate": 0.02}
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
    "muon 0.02, constant, down in 0.4": {**MUON, "schedule": "constant", "warmup": 0.1, "cooldown": 0.4},
    "muon 0.02, batch 64": {**MUON, "batch_size": 64},
    "muon 0.02, rate 0.05": {**MUON, "learning_rate": 0.05},
    "muon 0.02, dropout 0.02": {**MUON, "dropout": 0.02},
    "muon 0.02, cutout 8": {**MUON, "cutout": 8},
    "muon 0.02, mixup 0.2": {**MUON, "mixup": 0.2},
    "adamw": {"optimizer": "adamw", "learning_rate": 0.01, "weight_decay": 0.01},
}


def main() -> None:
    """Read what is asked for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--network", type=Path, default=Path("search_spaces/era_s9.net"))
    parser.add_argument("--epochs", type=int, default=BASE.epochs)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--arms", nargs="+", default=[*ARMS], choices=[*ARMS], metavar="ARM")
    parser.add_argument("--part", default="1/1", metavar="K/N")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument(
        "--show", action="store_true", help="print the table of the runs that are there, train nothing"
    )
    asked = parser.parse_args()
    if not asked.show:
        make(asked)
    shown = asked.network.stem, asked.epochs
    show([run for run in runs(asked.results) if (run["network"], run["epochs"]) == shown])


def make(asked: argparse.Namespace) -> None:
    """Make the runs that are asked for and not there yet."""
    part, parts = map(int, asked.part.split("/"))
    split = load_data().split("validation")
    graph = parse(asked.network.read_text(encoding="utf-8")).lower()
    wanted = [(seed, arm) for seed in asked.seeds for arm in asked.arms]
    for seed, arm in wanted[part - 1 :: parts]:
        key = {"network": asked.network.stem, "epochs": asked.epochs, "seed": seed, "arm": arm}
        if any(key.items() <= run.items() for run in runs(asked.results)):
            continue
        recipe = replace(BASE, epochs=asked.epochs, **ARMS[arm])
        trained = train(graph, split, recipe, seed, device=Device(threads=asked.threads))
        last = trained.history[-1]
        run = {**key, "recipe": str(recipe), "accuracy": last.accuracy, "loss": last.loss}
        run |= {"seconds": sum(epoch.seconds for epoch in trained.history), "torch": torch.__version__}
        run |= {"curve": [epoch.accuracy for epoch in trained.history]}
        with asked.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(run) + "\n")


def runs(path: Path) -> Iterator[dict[str, Any]]:
    """Read the runs of a file."""
    if path.exists():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def show(found: list[dict[str, Any]]) -> None:
    """Print, for each arm, mean accuracy over its seeds, and the gain over the base with the same seeds."""
    by_arm = {arm: {run["seed"]: run for run in found if run["arm"] == arm} for arm in ARMS}
    base = by_arm["base"]
    print(f"{'change':50} {'accuracy':>8} {'gain':>6} {'seconds':>8}  seeds")
    for arm, by_seed in by_arm.items():
        if not by_seed:
            continue
        gains = [run["accuracy"] - base[seed]["accuracy"] for seed, run in by_seed.items() if seed in base]
        gain = f"{mean(gains):+.2f}" if gains else ""
        accuracy = mean(run["accuracy"] for run in by_seed.values())
        seconds = mean(run["seconds"] for run in by_seed.values())
        print(f"{arm:50} {accuracy:8.2f} {gain:>6} {seconds:8.0f}  {', '.join(map(str, by_seed))}")


if __name__ == "__main__":
    main()
