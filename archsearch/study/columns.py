"""The columns of the results table, with their meanings, and a row of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archsearch.analysis.figures import FIGURES, SECONDS
from archsearch.data.dataset import COPIES_TOGETHER
from archsearch.errors import ArchsearchError, suggest
from archsearch.notation.condition import ColumnValue

PREDICTED = "predicted_seconds"
"""The figure `seconds`, where a limit named it; the column of that name is of the time that was measured."""

COLUMNS: Mapping[str, str] = {
    "study": "the search that proposed it, `train`, or `STUDY confirmed`",
    "number": "its number in the study",
    "confirms": "the network of a search that was trained once more for the test, as STUDY#NUMBER",
    "state": "refused, pruned, complete, failed, running or waiting",
    "reason": "why it was refused, pruned or failed, or where its result comes from",
    "val_accuracy": "percent of the held-out validation images, after the last epoch",
    "val_loss": "mean loss of the same images, in nats: by it the networks of a search are ranked",
    "test_accuracy": "percent of the test images, after the last epoch on all training images",
    "class_accuracy": "percent of the test images of each class, for a network that was confirmed",
    "train_accuracy": "percent of the augmented training images, over the last epoch",
    "first_train_loss": "mean loss of the augmented training images over the first epoch, in nats",
    **{name: meaning for name, meaning in FIGURES.items() if name != SECONDS},
    PREDICTED: FIGURES[SECONDS],
    "synflow": "natural logarithm of the synaptic flow through the network before training (no unit)",
    "naswot": "log-determinant of how alike its ReLUs answer to training images before training (no unit)",
    "epochs": "epochs trained",
    "data": "the dataset",
    "data_digest": "digest of its images and labels",
    "split": "validation (images held out of training; `copies together` where that changes which) or test",
    "recipe": "how it was trained",
    "recipe_digest": "of every value of the recipe",
    "seed": "of initialisation, order and augmentation",
    "seconds": "of training and measuring",
    "precision": "bf16 or fp32, and the device",
    "threads": "threads that computed",
    "images_per_second": "images a second in training, the median of the epochs",
    "device": "how it was computed, and the images a second of what else was tried",
    "digest": "of the network's graph",
    "sentence": "the network",
}
"""Every column with its meaning; `--where` and `--sort` take their names."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "study": (),
    "confirms": (),
    "class_accuracy": (),
    "state": ("complete", "failed", "pruned", "refused", "running", "waiting"),
    "reason": (),
    "data": (),
    "data_digest": (),
    "split": ("test", "validation", COPIES_TOGETHER),
    "recipe": (),
    "recipe_digest": (),
    "precision": (),
    "device": (),
    "digest": (),
    "sentence": (),
}
"""The columns that hold words, with those that they can hold unless it is any; the others hold numbers."""

SHOWN = (
    "study",
    "number",
    "state",
    "val_accuracy",
    "test_accuracy",
    "rf",
    "params",
    "macs",
    "reason",
    "data",
    "epochs",
    "seed",
    "seconds",
    "digest",
)
"""The columns that a table for people shows."""


ALWAYS_THERE = ("study", "number", "state", "sentence")
"""The columns that every row has a value in."""


@dataclass(frozen=True)
class ResultRow:
    """One network: a value, or None, for each column."""

    values: Mapping[str, ColumnValue]

    def __getitem__(self, column: str) -> ColumnValue:
        return self.values[column]


def check_column(name: str) -> None:
    """Raise ArchsearchError for an unknown column."""
    if name not in COLUMNS:
        raise ArchsearchError(f"there is no column `{name}`", remedy=suggest(name, COLUMNS))
