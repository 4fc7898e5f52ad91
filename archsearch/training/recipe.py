"""How a network is trained, as a value that can be checked and written down before torch is loaded."""

from __future__ import annotations

import hashlib
import json
import math
import numbers
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeAlias

from archsearch.errors import ArchsearchError, suggest

AUGMENTATIONS = ("none", "crop", "flip_crop", "assignment")
"""What `archsearch.training.augmentation` can do to the training images."""

_RISE = 0.25
_WRITTEN = re.compile(
    r"(?P<epochs>\d+) epochs?, batch (?P<batch_size>\d+), lr (?P<learning_rate>\S+), momentum (?P<momentum>\S+), "
    r"wd (?P<weight_decay>\S+), (?P<augmentation>\w+)"
)
_LARGEST = 1_000_000
_Rule: TypeAlias = tuple[Callable[[Any], bool], str]


def _whole(least: int, reason: str = "") -> _Rule:
    return (
        lambda value: type(value) is int and least <= value <= _LARGEST,
        f"a whole number from {least} to {_LARGEST:,}{reason}",
    )


def _number(holds: Callable[[float], bool], meaning: str) -> _Rule:
    return (lambda value: type(value) in {int, float} and holds(value), meaning)


_RULES: Mapping[str, _Rule] = {
    "epochs": _whole(1),
    # Batch norm over a map of one pixel has no variance to divide by when the batch is a single image.
    "batch_size": _whole(2, ", as batch norm compares images"),
    "learning_rate": _number(lambda value: 0 < value <= _LARGEST, f"a number above 0, of at most {_LARGEST:,}"),
    "momentum": _number(lambda value: 0 <= value < 1, "a number from 0 to below 1"),
    "weight_decay": _number(lambda value: 0 <= value <= _LARGEST, f"a number from 0 to {_LARGEST:,}"),
}


def _plain(value: object, kind: type) -> object:
    """Return a number of numpy as Python's own, and a whole one for a float; anything else as it is."""
    match value:
        case bool():
            return value
        case numbers.Integral():
            whole = int(value)
            return kind(whole) if abs(whole) <= _LARGEST else whole
        case numbers.Real():
            return float(value)
        case _:
            return value


def check_augmentation(name: str) -> None:
    """Raise ArchsearchError for an augmentation that is not one of AUGMENTATIONS."""
    if name not in AUGMENTATIONS:
        raise ArchsearchError(f"there is no augmentation `{name}`", remedy=suggest(str(name), AUGMENTATIONS))


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; with its seed, data and split it makes a result repeatable.

    SGD with Nesterov's momentum and weight decay on every parameter; `learning_rate` is the peak of one cycle
    (`rate`), `augmentation` one of `AUGMENTATIONS`. `dataclasses.asdict` writes a recipe as a plain dict,
    which `Recipe.of` reads. Raises ArchsearchError for a value that is not allowed.

    A field that a recipe gained after version 0.1 is left out of its `digest` while it has the value in `gained`:
    it re-keys no result.

    >>> print(Recipe())
    8 epochs, batch 128, lr 0.15, momentum 0.9, wd 0.0005, flip_crop
    >>> Recipe.of({"epochs": 20}) == Recipe(epochs=20)
    True
    """

    gained: ClassVar[Mapping[str, object]] = {}
    epochs: int = 8
    batch_size: int = 128
    learning_rate: float = 0.15
    momentum: float = 0.9
    weight_decay: float = 5e-4
    augmentation: str = "flip_crop"

    def __post_init__(self) -> None:
        for name, (holds, meaning) in _RULES.items():
            value = getattr(self, name)
            plain = _plain(value, type(getattr(type(self), name)))
            object.__setattr__(self, name, plain)
            if not holds(plain):
                raise ArchsearchError(
                    f"{name} is {value!r}; it must be {meaning}",
                    remedy=f"the default is {getattr(type(self), name)}",
                )
        check_augmentation(self.augmentation)

    @staticmethod
    def of(values: Mapping[str, Any]) -> Recipe:
        """Read what `dataclasses.asdict` wrote, the default for what is not there.

        Raises ArchsearchError for a name or a value that is not allowed.
        """
        names = [field.name for field in fields(Recipe)]
        for name in values:
            if name not in names:
                raise ArchsearchError(f"a recipe has no `{name}`", remedy=suggest(name, names))
        return Recipe(**values)

    @staticmethod
    def read(text: str) -> Recipe:
        """Read what `str` wrote, as version 0.1 kept it beside a result; raises ArchsearchError for anything else.

        >>> Recipe.read(str(Recipe(epochs=1))) == Recipe(epochs=1)
        True
        """
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise ArchsearchError(f"`{text}` is not a recipe", remedy=f"as in: {Recipe()}")
        # Each in the type of its default.
        return Recipe(**{name: type(getattr(Recipe, name))(value) for name, value in found.groupdict().items()})

    @property
    def digest(self) -> str:
        """First 16 hex digits of SHA-256 over every field with its value."""
        # In the type of its default, so that a learning rate of 1 is one of 1.0.
        names = [field.name for field in fields(self)]
        typed = {name: type(getattr(type(self), name))(getattr(self, name)) for name in names}
        values = {name: value for name, value in typed.items() if self.gained.get(name, ...) != value}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]

    def rate(self, done: float) -> float:
        """Learning rate after a share `done` (0 to 1) of the training: half a cosine up, half a cosine down.

        It starts at 0, is `learning_rate` after a quarter, and ends at 0.

        >>> [round(Recipe(learning_rate=0.2).rate(done), 3) for done in (0, 0.125, 0.25, 0.625, 1)]
        [0.0, 0.1, 0.2, 0.1, 0.0]
        """
        phase = done / _RISE if done < _RISE else (1 - done) / (1 - _RISE)
        return self.learning_rate * (1 - math.cos(math.pi * phase)) / 2

    def __str__(self) -> str:
        """Write every value to 12 digits; one in `gained` is to be written where it differs from that."""
        return (
            f"{self.epochs} epoch{'s' if self.epochs > 1 else ''}, batch {self.batch_size}, "
            f"lr {self.learning_rate:.12g}, momentum {self.momentum:.12g}, wd {self.weight_decay:.12g}, "
            f"{self.augmentation}"
        )
