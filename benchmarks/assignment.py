"""The reference network trained by the published recipe, its curve beside the published one.

    python benchmarks/assignment.py

The test images are measured after each epoch: this one comparison needs it, no search does it. Row, history,
predictions and weights are kept in results/assignment/. The command may be interrupted and given again: it goes on
with the epoch that it was in.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import torch

from archsearch.analyzer import analyze
from archsearch.data.load import load_data
from archsearch.notation.network import parse
from archsearch.training.device import Device
from archsearch.training.history import Epoch
from archsearch.training.predict import predict, save_predictions
from archsearch.training.probe import choose
from archsearch.training.recipe import Recipe
from archsearch.training.train import train
from archsearch.training.wanted import Wanted
from archsearch.training.weights import save_weights

FOLDER = Path("results/assignment")
PUBLISHED = {1: 52.74, 8: 81.51, 9: 84.11, 25: 85.43}
"""Percent of the test images, in the README of the assignment's solution."""


def main() -> None:
    """Train, or go on training, and show the curve."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    network = parse(Path("search_spaces/era_s9.net").read_text(encoding="utf-8"))
    graph, recipe = network.lower(), Recipe.find("assignment")
    split = replace(load_data().split("test"), kind="test after each epoch")
    choice = choose(graph, recipe.batch_size, Wanted(), len(split.train) * recipe.epochs)
    print(choice.reason, flush=True)
    weights = FOLDER / "weights.safetensors"
    trained = train(graph, split, recipe, 0, show, device=choice.device, checkpoint=weights)
    save_weights(weights, trained, network, split, recipe)
    # In float32, whatever it was trained in.
    logits = predict(trained, split, Device(trained.device.kind))
    save_predictions(FOLDER / "predictions.npz", logits, split.evaluation.labels)
    row = {
        "sentence": str(network),
        "digest": graph.digest,
        "figures": dict(analyze(network).figures),
        "recipe": str(recipe),
        "recipe_digest": recipe.digest,
        "seed": 0,
        "data": split.data,
        "split": split.kind,
        "precision": str(trained.device),
        "device": choice.reason,
        "torch": torch.__version__,
        "history": [asdict(epoch) for epoch in trained.history],
    }
    (FOLDER / "row.json").write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")


def show(epoch: Epoch) -> None:
    """Print an epoch, beside the published accuracy where there is one."""
    published = f"published {PUBLISHED[epoch.epoch]:.2f}" if epoch.epoch in PUBLISHED else ""
    print(f"{epoch.epoch:3}  {epoch.accuracy:.2f} %  {epoch.seconds:6.1f} s  {published}", flush=True)


if __name__ == "__main__":
    main()
