"""A study as a value: all that decides which networks it may propose and how they are measured."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from archsearch.analysis.limits import Limits
from archsearch.errors import StudyError
from archsearch.notation.user_words import words_from
from archsearch.space.grammar import rule_names
from archsearch.space.space import Space
from archsearch.training.recipe import Recipe
from archsearch.training.seed import check_seed

if TYPE_CHECKING:
    from archsearch.data.dataset import Dataset, Split


_LONGEST_NAME = 200

_HELD_OUT = "validation"
"""So begins the kind of a split whose evaluation images are held out of the training images."""

KEY = ("data_digest", "split", "recipe_digest", "seed")
"""The columns that are, with the digest of the network, the key of a result."""


@dataclass(frozen=True)
class Measurement:
    """How a network is measured: on which data and split, by which recipe, with which seed.

    Raises TrainingError for what is no seed.
    """

    data: str
    data_digest: str
    split: str
    recipe: Recipe
    seed: int

    def __post_init__(self) -> None:
        check_seed(self.seed)

    @staticmethod
    def on(dataset: Dataset, split: Split, recipe: Recipe, seed: int) -> Measurement:
        """Return how networks are measured on a split of a dataset."""
        return Measurement(dataset.name, dataset.digest, split.kind, recipe, seed)

    @property
    def key(self) -> tuple[object, ...]:
        """The values of KEY: two measurements that share them have results that can stand for each other."""
        return tuple(self.columns[name] for name in KEY)

    @property
    def columns(self) -> dict[str, str | int]:
        """The columns of a result that say how it was measured."""
        return {
            "data": self.data,
            "data_digest": self.data_digest,
            "split": self.split,
            "recipe": str(self.recipe),
            "recipe_digest": self.recipe.digest,
            "seed": self.seed,
        }


def is_held_out(split: str) -> bool:
    """Whether a split of that kind measures on images held out of the training images."""
    return split.startswith(_HELD_OUT)


def check_held_out(split: str) -> None:
    """Raise StudyError for a kind of split by which no search may choose: whatever is not held out, as the test.

    >>> check_held_out("test")
    Traceback (most recent call last):
    archsearch.errors.StudyError: a search measures on held-out validation images; these are `test`
      the networks that it has chosen are tested by `archsearch confirm STUDY`
    """
    if not is_held_out(split):
        message = f"a search measures on held-out validation images; these are `{split}`"
        raise StudyError(
            message, remedy="the networks that it has chosen are tested by `archsearch confirm STUDY`"
        )


@dataclass(frozen=True)
class Study:
    """A space with its limits and the user's words, and how its networks are measured.

    `rungs` are the epochs that networks are trained for, many for the first, the best of them for the next, and so
    on: the last are those of the recipe, and they alone where nothing is said.

    It is written to the storage whole, and read back by whoever works on it. Words that import files beside theirs
    cannot be read back: what is kept is the text of one file. The calibration that limits on seconds hold for is
    kept beside it (`archsearch.study.calibrated`), as it is measured when the study begins. Raises StudyError for
    a name that no table can show, for a measurement on test images, and for rungs that do not end with the recipe.
    """

    name: str
    space: Space
    measurement: Measurement
    rungs: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_held_out(self.measurement.split)
        epochs = self.measurement.recipe.epochs
        if not self.rungs:
            object.__setattr__(self, "rungs", (epochs,))
        if [*self.rungs] != sorted({*self.rungs}) or self.rungs[0] < 1 or self.rungs[-1] != epochs:
            message = f"rungs are {_listed(self.rungs)}; each must have more epochs than the one before"
            raise StudyError(message, remedy=f"the last has those of the recipe, {epochs}: as in 2, 7, 15")
        if not self.name.isprintable() or not self.name.strip() or len(self.name) > _LONGEST_NAME:
            shown = self.name[:_LONGEST_NAME] + "..." * (len(self.name) > _LONGEST_NAME)
            message = f"{shown!r} cannot be the name of a study"
            remedy = f"take up to {_LONGEST_NAME} printable characters, with --study NAME"
            raise StudyError(message, remedy=remedy)

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """How networks are measured on each rung."""
        recipe = self.measurement.recipe
        return tuple(replace(self.measurement, recipe=replace(recipe, epochs=epochs)) for epochs in self.rungs)

    def written(self) -> dict[str, Any]:
        """Return the study as plain values, which `Study.of` reads."""
        return {
            "name": self.name,
            "space_name": self.space.name,
            "space": self.space.text,
            "words": self.space.vocabulary.source,
            "limits": str(self.space.limits),
            "measurement": asdict(self.measurement),
            "rungs": [*self.rungs],
        }

    @staticmethod
    def of(values: Mapping[str, Any]) -> Study:
        """Read what `written` returned.

        The code of the user's words runs: read studies only from a storage that you trust. Words and rules of a
        study mean what they did when it was begun, also where built-in words that came later have their names.
        """
        vocabulary = words_from(values["words"]).without(rule_names(values["space"]))
        space = Space.of(values["space"], values["space_name"], vocabulary)
        measured = values["measurement"]
        measurement = Measurement(**{**measured, "recipe": Recipe.of(measured["recipe"])})
        limits = Limits.of(values["limits"])
        return Study(values["name"], space.with_limits(limits), measurement, tuple(values.get("rungs", ())))

    @property
    def settings(self) -> dict[str, str]:
        """What may not change while a study goes on, by name, for a person to compare; words without comments."""
        kept = self.measurement
        return {
            "space": self.space.plain_text,
            "words": " ".join(ast.unparse(ast.parse(self.space.vocabulary.source)).split()),
            "limits": str(self.space.limits),
            "data": kept.data,
            "data_digest": kept.data_digest,
            "split": kept.split,
            "recipe": str(kept.recipe),
            "rungs": _listed(self.rungs),
            "seed": str(kept.seed),
        }


def _listed(rungs: tuple[int, ...]) -> str:
    return ", ".join(map(str, rungs))
