"""A study in memory, where Optuna's sampler proposes and its pruner compares without a read of the storage."""

from __future__ import annotations

import random
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from heapq import nlargest
from operator import attrgetter
from typing import Any

import optuna
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, Trial, TrialState

from archsearch.study.fitting import Fitting
from archsearch.study.guided import Guided
from archsearch.study.samplers import sampler as sampler_of

_BEST, _LATEST = 20, 40
"""Of so many trials a sampler learns whose time grows with their number."""

_CONSTRAINTS = "constraints"
"""Attributes whose names begin like this say how far a trial is from its limits."""

_NOTES = ("tpe:", "gp:")
"""What these samplers note of a trial are its parameters once more."""

_LEARNT = (TrialState.COMPLETE, TrialState.PRUNED)
"""The states of trials that a sampler learns from."""


class _Memory(InMemoryStorage):
    """Shows all trials, or only those `shown`; of the study, then nothing that a sampler has noted."""

    shown: list[FrozenTrial] | None = None

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        if self.shown is None or states == (TrialState.WAITING,):
            return super().get_all_trials(study_id, deepcopy, states)
        return [trial for trial in self.shown if states is None or trial.state in states]

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        return super().get_study_system_attrs(study_id) if self.shown is None else {}


def _best_and_latest(trials: list[FrozenTrial]) -> list[FrozenTrial]:
    earlier = [trial for trial in trials[:-_LATEST] if trial.state is TrialState.COMPLETE]
    best = nlargest(_BEST, earlier, key=attrgetter("value"))
    return sorted(best, key=attrgetter("number")) + trials[-_LATEST:]


def pruner_for(rungs: Sequence[int]) -> BasePruner:
    """Return the pruner where none is given: networks of several rungs are compared when they are trained."""
    if len(rungs) > 1:
        return NopPruner()
    return MedianPruner(n_startup_trials=4, n_warmup_steps=1 + rungs[0] // 3)


class Mirror:
    """What a study's storage has of it, in memory, and what this run adds to it.

    The numbers of trials are its own: what was proposed and is no new network is in no storage. With `fitting`,
    what is proposed can still fit, and refused trials teach nothing.
    """

    def __init__(
        self, name: str, seed: int, sampler: BaseSampler | str, pruner: BasePruner, fitting: Fitting | None = None
    ) -> None:
        self._memory = _Memory()
        self._seed = seed
        self._sampler = sampler_of(sampler)
        self._is_named = isinstance(sampler, str)
        self._fitting = fitting
        self._copies: dict[int, int] = {}
        self.study = optuna.create_study(
            study_name=name,
            storage=self._memory,
            sampler=self._sampler.make(seed, None),
            pruner=pruner,
            direction="maximize",
        )

    @property
    def first(self) -> float:
        """So many networks are trained before the sampler learns of them."""
        return self._sampler.first

    @property
    def fits_only(self) -> bool:
        """Whether only what can still fit is proposed."""
        return self._fitting is not None

    def update(self, trials: Iterable[FrozenTrial]) -> None:
        """Take over how trials of the storage are now; those that wait are nobody's yet."""
        for trial in trials:
            mirrored = self._copies.pop(trial._trial_id, None)
            if mirrored is not None:
                self._end(mirrored, trial)
            elif trial.state is not TrialState.WAITING:
                created = self._memory.create_new_trial(self.study._study_id, template_trial=trial)
                if not trial.state.is_finished():
                    self._copies[trial._trial_id] = created

    @contextmanager
    def proposing(self, choices: Mapping[str, str] | None) -> Iterator[tuple[Trial, Guided]]:
        """Return a trial of `choices`, or where there are none of what the sampler suggests, and that sampler."""
        if choices:
            self.study.enqueue_trial(dict(choices))
        guided = self._guided(whole=choices is not None)
        try:
            trial = self.study.ask()
            # Also where all is chosen: it is then that NSGA-II counts the trial among those of a generation.
            _ = trial.relative_params
            yield trial, guided
        finally:
            self._memory.shown = None

    def _guided(self, *, whole: bool) -> Guided:
        """Let the study have its sampler for the next trial, which knows those before, and return it.

        What is proposed follows from the trials alone, also where another run goes on with them. Where a `whole`
        network is chosen already, it need not fit.
        """
        learnt = self._learnt()
        if self._is_named:
            self._memory.shown = learnt if self._sampler.sees_all else _best_and_latest(learnt)
        seed = self._seed + len(learnt)
        fitting = None if whole else self._fitting
        inner = self._sampler.make(seed, None if fitting is None else fitting.complete)
        slots = self._slots(learnt) if self._is_named else None
        ahead = None if fitting is None else fitting.completion.begin()
        self.study.sampler = guided = Guided(inner, slots, ahead, random.Random(f"slots {seed}"))
        return guided

    def _slots(self, learnt: Sequence[FrozenTrial]) -> set[str]:
        """Return the slots for which the sampler alone has a proposal that follows from trials."""
        if not self._sampler.learns_alone or len(learnt) < self._sampler.first:
            return set()
        return {slot for trial in self._memory.shown or () for slot in trial.params}

    def _learnt(self) -> list[FrozenTrial]:
        """Return the trials that a sampler may learn from, numbered in the order in which they were begun.

        Where only what fits is proposed, limits are not among what is to be learnt: a model of them takes time.
        """
        limits = self._fitting is None
        finished = self.study.get_trials(deepcopy=False, states=_LEARNT)
        found = [trial for trial in finished if limits or not _is_refused(trial)]
        in_order = sorted(found, key=attrgetter("datetime_start"))
        return [_as_learnt(trial, number, limits=limits) for number, trial in enumerate(in_order)]

    def record(self, trial: Trial, state: TrialState, attributes: dict[str, Any]) -> FrozenTrial:
        """Return a trial as a storage shall have it."""
        now = self._memory.get_trial(trial._trial_id)
        system = {key: value for key, value in now.system_attrs.items() if not key.startswith(_NOTES)}
        return _begun(now, state, attributes, system, now.datetime_start)

    @staticmethod
    def again(trial: FrozenTrial, attributes: dict[str, Any]) -> FrozenTrial:
        """Return a trial in training of the network of another, as a storage shall have it."""
        return _begun(trial, TrialState.RUNNING, attributes, {}, datetime.now())

    def _end(self, mirrored: int, trial: FrozenTrial) -> None:
        """Bring the copy of a trial that was in training to its end; handed back, it is begun anew."""
        for step, value in trial.intermediate_values.items():
            self._memory.set_trial_intermediate_value(mirrored, step, value)
        for key, attribute in trial.system_attrs.items():
            self._memory.set_trial_system_attr(mirrored, key, attribute)
        state = trial.state if trial.state.is_finished() else TrialState.FAIL
        self._memory.set_trial_state_values(mirrored, state, trial.values)


def _is_refused(trial: FrozenTrial) -> bool:
    return trial.state is TrialState.PRUNED and not trial.intermediate_values


def _as_learnt(trial: FrozenTrial, number: int, *, limits: bool) -> FrozenTrial:
    """Return a trial with another number; without `limits`, also without how far it is from them."""
    other = copy(trial)
    other.number = number
    if not limits:
        kept = trial.system_attrs.items()
        other.system_attrs = {key: value for key, value in kept if not key.startswith(_CONSTRAINTS)}
    return other


def _begun(
    trial: FrozenTrial,
    state: TrialState,
    attributes: dict[str, Any],
    system: dict[str, Any],
    start: datetime | None,
) -> FrozenTrial:
    """Return a new trial with the choices of another."""
    return FrozenTrial(
        number=-1,
        state=state,
        value=None,
        datetime_start=start,
        datetime_complete=datetime.now() if state.is_finished() else None,
        params=trial.params,
        distributions=trial.distributions,
        user_attrs=attributes,
        system_attrs=system,
        intermediate_values={},
        trial_id=-1,
    )
