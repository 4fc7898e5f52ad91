"""How a network is trained, as a value that can be checked and written down before torch is loaded."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from archsearch.errors import ArchsearchError, suggest
from archsearch.files import is_file, read_text, shipped
from archsearch.training.fields import FIELDS, plain
from archsearch.training.schedule import SCHEDULES

_SUFFIX = ".toml"
_WRITTEN = re.compile(
    r"(?P<epochs>\d+) epochs?, batch (?P<batch_size>\d+), lr (?P<learning_rate>\S+), momentum (?P<momentum>\S+), "
    r"wd (?P<weight_decay>\S+), (?P<augmentation>\w+)(?P<gained>(?:, \w+ \S+)*)"
)


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; with its seed, data and split it makes a result repeatable.

    `archsearch.training.fields.FIELDS` says what each field means. Without arguments it is SGD with Nesterov's
    momentum over one cycle; `Recipe.find` reads those that are shipped. `dataclasses.asdict` writes a recipe as a
    plain dict, which `Recipe.of` reads. Raises ArchsearchError for a value that is not allowed.

    A field that recipes gained after version 0.1 is left out of text and digest while it has its default: it
    re-keys no result.

    >>> print(Recipe())
    8 epochs, batch 128, lr 0.15, momentum 0.9, wd 0.0005, flip_crop
    >>> print(Recipe(epochs=20, label_smoothing=0.1))
    20 epochs, batch 128, lr 0.15, momentum 0.9, wd 0.0005, flip_crop, label_smoothing 0.1
    >>> Recipe.of({"epochs": 20}) == Recipe(epochs=20)
    True
    """

    epochs: int = 8
    batch_size: int = 128
    learning_rate: float = 0.15
    momentum: float = 0.9
    weight_decay: float = 5e-4
    augmentation: str = "flip_crop"
    # From here on: gained after version 0.1.
    optimizer: str = "sgd"
    nesterov: bool = True
    muon_learning_rate: float = 0.0
    weight_decay_on: str = "all"
    schedule: str = "one_cycle"
    warmup: float = 0.25
    cooldown: float = 0.25
    step_epochs: int = 8
    step_factor: float = 0.1
    label_smoothing: float = 0.0
    dropout: float = 0.0
    ema_decay: float = 0.0
    whitening: bool = False
    cutout: int = 0
    mixup: float = 0.0
    early_scale: float = 1.0
    early_share: float = 0.0

    def __post_init__(self) -> None:
        for name, field in FIELDS.items():
            value, default = getattr(self, name), getattr(Recipe, name)
            found = plain(value, type(default))
            object.__setattr__(self, name, found)
            if field.holds(found):
                continue
            if field.choices and isinstance(found, str):
                raise ArchsearchError(f"there is no {name} `{found}`", remedy=suggest(found, field.choices))
            raise ArchsearchError(
                f"{name} is {value!r}; it must be {field.allowed}", remedy=f"the default is {default}"
            )

    @staticmethod
    def of(values: Mapping[str, Any]) -> Recipe:
        """Read what `dataclasses.asdict` wrote, the default for what is not there.

        Raises ArchsearchError for a name or a value that is not allowed.
        """
        for name in values:
            if name not in FIELDS:
                raise ArchsearchError(f"a recipe has no `{name}`", remedy=suggest(name, FIELDS))
        return Recipe(**values)

    @staticmethod
    def read(text: str) -> Recipe:
        """Read what `str` wrote; raises ArchsearchError for anything else.

        >>> Recipe.read(str(Recipe(epochs=1, nesterov=False))) == Recipe(epochs=1, nesterov=False)
        True
        """
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise ArchsearchError(f"`{text}` is not a recipe", remedy=f"as in: {Recipe()}")
        values = found.groupdict()
        gained = [item.split(" ") for item in values.pop("gained").split(", ")[1:]]
        return Recipe.of({name: value_of(name, word) for name, word in [*values.items(), *gained]})

    @staticmethod
    def find(name: str) -> Recipe:
        """Return the recipe in a TOML file, a field a line; or the shipped one of that name.

        Raises ArchsearchError, which names the file, for what is not a recipe, and if there is no such file.

        >>> Recipe.find("assignment").epochs
        25
        """
        path = Path(name)
        if not is_file(path):
            paths = {found.stem: found for found in shipped(_SUFFIX).values()}
            stem = name.removesuffix(_SUFFIX)
            if stem not in paths:
                remedy = f"give the path of a {_SUFFIX} file or a shipped name; {suggest(name, paths)}"
                raise ArchsearchError(f"there is no recipe `{name}`", remedy=remedy)
            path = paths[stem]
        try:
            return Recipe.of(tomllib.loads(read_text(path)))
        except tomllib.TOMLDecodeError as error:
            message, remedy = f"this is not TOML: {error}", "write a line for each field, as in epochs = 20"
        except ArchsearchError as error:
            message, remedy = error.message, error.remedy or ""
        raise ArchsearchError(f"{name}: {message}", remedy=remedy)

    @property
    def digest(self) -> str:
        """First 16 hex digits of SHA-256 over every field with its value, those gained at their default apart."""
        values = {name: getattr(self, name) for name in [*_FIRST, *self._gained()]}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]

    def rate(self, done: float) -> float:
        """Share of the peak that the learning rate has after a share `done` (0 to 1) of the training.

        >>> [round(Recipe().rate(done), 3) for done in (0, 0.125, 0.25, 0.625, 1)]
        [0.0, 0.5, 1.0, 0.5, 0.0]
        """
        function, names = SCHEDULES[self.schedule]
        return function(done, **{name: getattr(self, name) for name in names})

    def differing(self, other: Recipe) -> dict[str, str]:
        """Return the fields that another recipe has another value of, each with the text of its value in this one.

        >>> Recipe(epochs=20, nesterov=False).differing(Recipe())
        {'epochs': '20', 'nesterov': 'False'}
        """
        return {name: value_text(value) for name, value in vars(self).items() if value != getattr(other, name)}

    def __str__(self) -> str:
        """Write every value to 12 digits, but for those gained that have their default."""
        first = (
            f"{self.epochs} epoch{'s' if self.epochs > 1 else ''}, batch {self.batch_size}, "
            f"lr {value_text(self.learning_rate)}, momentum {value_text(self.momentum)}, "
            f"wd {value_text(self.weight_decay)}, {self.augmentation}"
        )
        return ", ".join([first, *(f"{name} {value_text(getattr(self, name))}" for name in self._gained())])

    def _gained(self) -> list[str]:
        """Return the fields gained after version 0.1 that do not have their default."""
        return [name for name in FIELDS if name not in _FIRST and getattr(self, name) != getattr(Recipe, name)]


_FIRST = [field.name for field in fields(Recipe)][:6]


def value_text(value: object) -> str:
    """Write the value of a field, a number to 12 digits.

    >>> value_text(5e-4), value_text(8), value_text(False)
    ('0.0005', '8', 'False')
    """
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def value_of(name: str, text: str) -> object:
    """Read what `value_text` wrote for a field, as far as it can be read: a recipe refuses what stays text.

    >>> value_of("weight_decay", "0"), value_of("epochs", "1.5"), value_of("nesterov", "False")
    (0.0, '1.5', False)
    """
    kind: type[Any] = type(getattr(Recipe, name, text))
    if kind is bool:
        return {"True": True, "False": False}.get(text, text)
    try:
        return kind(text)
    except ValueError:
        return text
