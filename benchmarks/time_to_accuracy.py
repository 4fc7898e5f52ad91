"""Seconds until 85 % of the held-out images: the recipe `fast` against the assignment's loop, written plainly.

    python benchmarks/time_to_accuracy.py --results times.jsonl

Both train the reference network on the same 45,000 images on this machine. Each run is a line of the file, written
when it ends; a run that is there is not made again. Where 85 % is never reached, the best accuracy and the whole
time stand instead. To make runs beside each other, give each process --threads 1 and its own part of them:

    python benchmarks/time_to_accuracy.py --results times.jsonl --threads 1 --seeds 0 1 2 --plain-epochs 0
    python benchmarks/time_to_accuracy.py --results times.jsonl --threads 1 --seeds --plain-epochs 25
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import albumentations
import cv2
import numpy as np
import torch
from albumentations.pytorch import ToTensorV2
from runs import Run, append, of, read
from torch.utils.data import DataLoader, Dataset

from archsearch.data.dataset import RGB, Split
from archsearch.data.images import Images
from archsearch.data.load import load_data
from archsearch.notation.network import parse
from archsearch.pytorch.build import build
from archsearch.training.device import Device
from archsearch.training.probe import choose
from archsearch.training.recipe import Recipe
from archsearch.training.train import train
from archsearch.training.wanted import Wanted

GOAL = 85.0
GRAPH = parse(Path("search_spaces/era_s9.net").read_text(encoding="utf-8")).lower()


class Augmented(Dataset[tuple[torch.Tensor, int]]):
    """Images, each through the pipeline when it is asked for."""

    def __init__(self, images: Images, pipeline: albumentations.Compose) -> None:
        self.images, self.pipeline = images, pipeline

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.pipeline(image=self.images.pixels[index])["image"], int(self.images.labels[index])


def course(mean: RGB) -> list[albumentations.BasicTransform]:
    """Return the assignment's augmentation of images whose colours have this mean, as albumentations has it."""
    return [
        albumentations.HorizontalFlip(p=0.5),
        albumentations.Affine(
            translate_percent=(-0.0625, 0.0625),
            scale=(0.8, 1.2),
            rotate=(-10, 10),
            keep_ratio=True,
            border_mode=cv2.BORDER_REFLECT_101,
            p=0.2,
        ),
        albumentations.PadIfNeeded(64, 64, border_mode=cv2.BORDER_CONSTANT, fill=0),
        albumentations.CoarseDropout(
            num_holes_range=(1, 1),
            hole_height_range=(16, 16),
            hole_width_range=(16, 16),
            fill=tuple(255 * value for value in mean),
            p=0.2,
        ),
        albumentations.CenterCrop(32, 32),
    ]


def plain(split: Split, epochs: int, seed: int) -> Iterator[tuple[float, float, float]]:
    """Yield, after each epoch, seconds of training, seconds in all, and accuracy: the assignment's own loop."""
    torch.manual_seed(seed)
    last = [albumentations.Normalize(tuple(split.mean), tuple(split.std)), ToTensorV2()]
    augmented, as_they_are = albumentations.Compose([*course(split.mean), *last]), albumentations.Compose(last)
    train_loader = DataLoader(Augmented(split.train, augmented), batch_size=64, shuffle=True, num_workers=2)
    test_loader = DataLoader(Augmented(split.evaluation, as_they_are), batch_size=64, num_workers=2)
    model = build(GRAPH, dropout=0.02)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=8, gamma=0.1)
    learning, begun = 0.0, time.perf_counter()
    for _ in range(epochs):
        started = time.perf_counter()
        model.train()
        for images, labels in train_loader:
            optimizer.zero_grad()
            torch.autograd.backward(torch.nn.functional.cross_entropy(model(images), labels))
            optimizer.step()
        learning += time.perf_counter() - started
        model.eval()
        correct = 0
        with torch.no_grad():
            for images, labels in test_loader:
                correct += int((model(images).argmax(1) == labels).sum())
        scheduler.step()
        yield learning, time.perf_counter() - begun, 100 * correct / len(split.evaluation)


def fast(split: Split, device: Device, recipe: Recipe, seed: int) -> Iterator[tuple[float, float, float]]:
    """Yield the same of `archsearch train` by a recipe."""
    trained = train(GRAPH, split, recipe, seed, device=device)
    learning = seconds = 0.0
    for epoch in trained.history:
        seconds += epoch.seconds
        learning += len(split.train) / (epoch.images_per_second or 1)
        yield learning, seconds, epoch.accuracy or 0.0


def main() -> None:
    """Make the runs that are not there yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--recipe", default="fast")
    parser.add_argument("--epochs", type=int, help="epochs of the recipe, where not its own")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2], help="seeds of the recipe")
    parser.add_argument("--plain-epochs", type=int, default=25, help="epochs of the plain loop, 0 for none")
    parser.add_argument("--threads", type=int, help="threads of each training, where not chosen or torch's own")
    asked = parser.parse_args()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    split = load_data().split("validation")
    recipe = Recipe.find(asked.recipe)
    recipe = replace(recipe, epochs=asked.epochs or recipe.epochs)
    runs: list[tuple[Run, Callable[[], Iterator[tuple[float, float, float]]]]] = []
    if asked.seeds:
        wanted = Wanted(threads=asked.threads)
        choice = choose(GRAPH, recipe.batch_size, wanted, len(split.train) * recipe.epochs)
        print(choice.reason, flush=True)
        same = {"name": f"{asked.recipe}, {recipe.epochs} epochs", "recipe": str(recipe)}
        train_with = partial(fast, split, choice.device, recipe)
        runs += [({**same, "seed": seed}, partial(train_with, seed)) for seed in asked.seeds]
    if asked.plain_epochs:
        name = f"plain, {asked.plain_epochs} epochs"
        runs.append(({"name": name, "seed": 0}, partial(plain, split, asked.plain_epochs, 0)))
    for key, make in runs:
        if of(key, read(asked.results)):
            continue
        curve = []
        for epoch in make():
            curve.append(epoch)
            print(f"{key['name']}, seed {key['seed']}: {epoch[2]:.2f} % after {epoch[1]:.0f} s", flush=True)
        append(asked.results, {**key, "curve": curve})
    show(read(asked.results), len(split.train))


def show(runs: list[Run], images: int) -> None:
    """Print for each run when it reached the goal, its last and best accuracy, and images a second of training."""
    print(f"{'run':20} {'seed':>4} {f'to {GOAL:g} %':>8} {'whole':>8} {'best':>6} {'last':>6} {'images/s':>9}")
    for run in runs:
        curve = np.array(run["curve"])
        reached = curve[curve[:, 2] >= GOAL]
        when = f"{reached[0, 1]:.0f} s" if len(reached) else "never"
        speed = images * len(curve) / curve[-1, 0]
        whole, best, last = curve[-1, 1], curve[:, 2].max(), curve[-1, 2]
        print(f"{run['name']:20} {run['seed']:4} {when:>8} {whole:6.0f} s {best:6.2f} {last:6.2f} {speed:9.0f}")


if __name__ == "__main__":
    main()
