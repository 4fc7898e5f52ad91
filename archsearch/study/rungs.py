"""Where a study stands on its plan: which rung begins a network next, and which network goes on to it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from optuna.trial import FrozenTrial, TrialState

from archsearch.storage import tables
from archsearch.storage.kept import KeptStudy
from archsearch.storage.trials import network_of, recipe_digest
from archsearch.study.plan import Plan
from archsearch.study.ranking import ranked
from archsearch.study.record import is_copy
from archsearch.study.study import Study


class Beginning(NamedTuple):
    """A rung that begins a network: on the first rung any, on later ones the best of the rung before."""

    rung: int
    best: FrozenTrial | None = None


@dataclass
class Rungs:
    """The rungs of a study, in its storage and by its plan.

    What comes next follows from the trials and the time: the seconds of the epochs that other runs have trained,
    and those since this run began. So a run that goes on after another was killed does what that one would have
    done, and several runs spend the time of one plan together.
    """

    study: Study
    kept: KeptStudy
    plan: Plan
    is_exhausted: bool = False
    """Whether no network is left to begin on the first rung."""

    _begun: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.recipes = tuple(measurement.recipe.digest for measurement in self.study.measurements)
        with tables.undamaged():
            self._before = {key: sum(_paces([trial])) for key, trial in self.kept.trials.items()}
            # What cannot be ranked is said now, and not when a network is trained.
            ranked(self.kept.trials.values())

    @property
    def clock(self) -> float:
        """Seconds that the study has taken: the epochs of other runs, and all the time of this one."""
        taken = time.monotonic() - self._begun
        for key, trial in self.kept.trials.items():
            taken += self._before.get(key, 0.0) if self.kept.is_own(trial) else sum(_paces([trial]))
        return taken

    @property
    def trained(self) -> tuple[int, ...]:
        """How many networks were trained to a result on each rung."""
        return tuple(len(self.kept.trained(recipe)) for recipe in self.recipes)

    def of(self, trial: FrozenTrial) -> int:
        """Return the rung of a trial; one that says nothing of a recipe waits for the first."""
        recipe = recipe_digest(trial.user_attrs)
        return self.recipes.index(recipe) if recipe in self.recipes else 0

    def next(self) -> Beginning | None:
        """Return what the first rung that may begin a network begins; None where the plan is done."""
        if self.may_propose:
            return Beginning(0)
        for rung in range(1, len(self.recipes)):
            best = self._candidate(rung)
            if best is not None and self._is_open(rung, [best]):
                return Beginning(rung, best)
        return None

    @property
    def may_propose(self) -> bool:
        """Whether the first rung may begin a network more."""
        return not self.is_exhausted and self._is_open(0, self.kept.trained())

    def _is_open(self, rung: int, like: Iterable[FrozenTrial]) -> bool:
        """Whether a rung may begin a network that takes as long as those that are given, in the median."""
        paces = _paces(like)
        seconds = self.study.rungs[rung] * median(paces) if paces else 0.0
        later = sum(_paces(trial for recipe in self.recipes[rung + 1 :] for trial in self.kept.trained(recipe)))
        return self.plan.is_open(rung, self._begun_on(rung), seconds, self.clock, later)

    def _candidate(self, rung: int) -> FrozenTrial | None:
        """Return the best trial of the rung before whose network was not begun on this one."""
        before = ranked(self.kept.trained(self.recipes[rung - 1]))
        recipe = self.recipes[rung]
        return next((one for one in before if not self.kept.has_begun(network_of(one), recipe)), None)

    def may_resume(self, trial: FrozenTrial) -> bool:
        """Whether a trial that waits may be begun again: its rung has room for it."""
        rung = self.of(trial)
        return self.plan.has_room(rung, self._begun_on(rung), self.clock)

    def _begun_on(self, rung: int) -> int:
        """Return how many networks of a rung are trained; on later ones those that other runs train count too.

        On the first rung they do not, as those runs may never end: there a network more costs little.
        """
        trained = self.trained[rung]
        if rung == 0:
            return trained
        in_training = [one for one in self.kept.trials.values() if one.state is TrialState.RUNNING]
        return trained + sum(self.of(one) == rung for one in in_training)


def _paces(trials: Iterable[FrozenTrial]) -> list[float]:
    """Return the seconds of each epoch of the trials; results of other studies took this one no time."""
    own = (trial.user_attrs for trial in trials if not is_copy(trial))
    return [epoch["seconds"] for kept in own for epoch in kept.get("history", ())]
