"""The fields of a recipe: what each means, in which unit, and which values it takes."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from archsearch.training.schedule import SCHEDULES

AUGMENTATIONS = ("none", "crop", "flip_crop", "alternating_flip_crop", "course")
"""What `archsearch.training.augmentation` can do to the training images."""

WITHDRAWN = {"assignment": "course"}
"""Augmentations of earlier versions, which results still name, with the one to use instead."""

LARGEST = 1_000_000
"""The largest number that a recipe takes."""


@dataclass(frozen=True)
class Field:
    """A field of a recipe: what it means (with its unit), and the values that it takes, as a rule and in words."""

    meaning: str
    allowed: str
    holds: Callable[[object], bool]
    choices: Collection[str] = ()


def _whole(meaning: str, least: int, reason: str = "") -> Field:
    allowed = f"a whole number from {least} to {LARGEST:,}{reason}"
    return Field(meaning, allowed, lambda value: type(value) is int and least <= value <= LARGEST)


def _number(meaning: str, allowed: str, holds: Callable[[float], bool]) -> Field:
    return Field(meaning, allowed, lambda value: isinstance(value, float) and holds(value))


def _amount(meaning: str) -> Field:
    return _number(meaning, f"a number from 0 to {LARGEST:,}", lambda value: 0 <= value <= LARGEST)


def _share(meaning: str) -> Field:
    return _number(meaning, "a number from 0 to below 1", lambda value: 0 <= value < 1)


def _positive(meaning: str, most: int, words: str) -> Field:
    return _number(meaning, words, lambda value: 0 < value <= most)


def _one_of(meaning: str, choices: Collection[str]) -> Field:
    return Field(meaning, f"one of {', '.join(choices)}", lambda value: value in choices, choices)


def _switch(meaning: str) -> Field:
    return Field(meaning, "true or false", lambda value: type(value) is bool)


FIELDS: Mapping[str, Field] = {
    "epochs": _whole("passes over the training images", 1),
    # Batch norm over a map of one pixel has no variance to divide by when the batch is a single image.
    "batch_size": _whole("images in a step of the optimizer", 2, ", as batch norm compares images"),
    "learning_rate": _positive("peak of the learning rate", LARGEST, f"a number above 0, of at most {LARGEST:,}"),
    "momentum": _share("momentum of SGD; of AdamW the first beta (the second is 0.999)"),
    "weight_decay": _amount("weight decay, as torch's optimizers define it"),
    "augmentation": Field(
        "random changes of the training images",
        f"one of {', '.join(AUGMENTATIONS)}",
        lambda value: value in (*AUGMENTATIONS, *WITHDRAWN),
        AUGMENTATIONS,
    ),
    "optimizer": _one_of("what changes the weights", ("sgd", "adamw")),
    "nesterov": _switch("whether the momentum of SGD is Nesterov's"),
    "muon_learning_rate": _amount(
        "peak of the learning rate of Muon, which then changes the kernels of dense convolutions; 0 for no Muon"
    ),
    "weight_decay_on": _one_of("which parameters decay: all, or all but biases and norms", ("all", "kernels")),
    "schedule": _one_of("how the learning rate runs", tuple(SCHEDULES)),
    "warmup": _share("share of the training during which the learning rate rises (not of the schedule `steps`)"),
    "cooldown": _share("share of the training, at its end, during which the schedule `constant` falls to 0"),
    "step_epochs": _whole("epochs after each of which the schedule `steps` multiplies the rate", 1),
    "step_factor": _positive("factor of the schedule `steps`", 1, "a number above 0, of at most 1"),
    "label_smoothing": _share("share of each label that is spread evenly over all classes"),
    "dropout": _share("probability that a value is dropped, after each activation"),
    "ema_decay": _share(
        "decay, a step, of the average of the weights that is measured and kept; 0 for no average"
    ),
    "whitening": _switch("whether the first convolution starts with kernels that whiten patches of the images"),
    "cutout": _whole(
        "side in pixels of a square that is set to the mean colour after augmentation; 0 for none", 0
    ),
    "mixup": _amount("alpha of mixup: each image is mixed with another by a share from Beta(alpha, alpha)"),
    "early_scale": _positive(
        "sides of the images during `early_share`, as a share of theirs", 1, "a number above 0, of at most 1"
    ),
    "early_share": _share("share of the epochs, at the start, in which images are scaled by `early_scale`"),
}
"""By name, in the order of `Recipe`."""


def plain(value: object, kind: type) -> object:
    """Return a number of numpy as Python's own, and a whole one for a float; anything else as it is."""
    match value:
        case bool():
            return value
        case numbers.Integral():
            whole = int(value)
            return kind(whole) if kind is float and abs(whole) <= LARGEST else whole
        case numbers.Real():
            # As many digits as are written down; and -0.0 is equal to 0.0, but has another digest.
            return float(f"{float(value):.12g}") + 0.0
        case _:
            return value


def option(name: str, text: str = "") -> str:
    """Write the option of the command line for a field, with the text of its value if there is one.

    >>> option("epochs"), option("weight_decay", "0.01"), option("nesterov", "True"), option("nesterov", "False")
    ('--epochs', '--weight-decay 0.01', '--nesterov', '--no-nesterov')
    """
    dashed = name.replace("_", "-")
    switch = {"True": f"--{dashed}", "False": f"--no-{dashed}"}
    return switch.get(text, f"--{dashed} {text}".rstrip())
