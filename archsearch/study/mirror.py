"""A study in memory, where Optuna's sampler proposes and its pruner compares without a read of the storage."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from heapq import nlargest
from operator import attrgetter
from typing import Any

import optuna
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, Trial, TrialState

from archsearch.errors import ArchsearchError, suggest
from archsearch.study.propose import SAMPLERS

_BEST, _LATEST = 20, 40
"""Of so many trials Optuna's TPE learns: its time grows with their number, and is taken for each choice anew."""

_LEARNT = (TrialState.COMPLETE, TrialState.PRUNED)
"""The states of trials that a sampler learns from."""


class _Memory(InMemoryStorage):
    """Shows all trials, or only those `shown`."""

    shown: list[FrozenTrial] | None = None

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        if self.shown is None or states == (TrialState.WAITING,):
            return super().get_all_trials(study_id, deepcopy, states)
        return [trial for trial in self.shown if states is None or trial.state in states]


def _best_and_latest(trials: list[FrozenTrial]) -> list[FrozenTrial]:
    earlier = [trial for trial in trials[:-_LATEST] if trial.state is TrialState.COMPLETE]
    best = nlargest(_BEST, earlier, key=attrgetter("value"))
    return sorted(best, key=attrgetter("number")) + trials[-_LATEST:]


def _named(sampler: str, seed: int) -> BaseSampler:
    """Return one of SAMPLERS."""
    match sampler:
        case "tpe":
            return TPESampler(seed=seed, multivariate=True)
        case "random":
            return RandomSampler(seed=seed)
        case _:
            remedy = f"take one of Optuna's, or the name of one; {suggest(sampler, SAMPLERS)}"
            raise ArchsearchError(f"there is no sampler `{sampler}`", remedy=remedy)


class Mirror:
    """What a study's storage has of it, in memory, and what this run adds to it.

    The numbers of trials are its own: what was proposed and is no new network is in no storage.
    """

    def __init__(self, name: str, seed: int, sampler: BaseSampler | str, pruner: BasePruner) -> None:
        self._memory = _Memory()
        self._seed = seed
        self._sampler = sampler if isinstance(sampler, str) else None
        self._copies: dict[int, int] = {}
        self.study = optuna.create_study(
            study_name=name,
            storage=self._memory,
            sampler=_named(sampler, seed) if isinstance(sampler, str) else sampler,
            pruner=pruner,
            direction="maximize",
        )

    def update(self, trials: Iterable[FrozenTrial]) -> None:
        """Take over how trials of the storage are now; those that wait are nobody's yet."""
        for trial in trials:
            copy = self._copies.pop(trial._trial_id, None)
            if copy is not None:
                self._end(copy, trial)
            elif trial.state is not TrialState.WAITING:
                created = self._memory.create_new_trial(self.study._study_id, template_trial=trial)
                if not trial.state.is_finished():
                    self._copies[trial._trial_id] = created

    @contextmanager
    def proposing(self, choices: Mapping[str, str] | None) -> Iterator[Trial]:
        """Return a trial whose suggestions are `choices`, or where there are none the sampler's."""
        if choices:
            self.study.enqueue_trial(dict(choices))
        if self._sampler is not None:
            finished = self.study.get_trials(deepcopy=False, states=_LEARNT)
            self._memory.shown = _best_and_latest(finished)
            # What is proposed follows from the trials alone, also where another run goes on with them.
            self.study.sampler = _named(self._sampler, self._seed + len(finished))
        try:
            yield self.study.ask()
        finally:
            self._memory.shown = None

    def record(self, trial: Trial, state: TrialState, attributes: dict[str, Any]) -> FrozenTrial:
        """Return a trial as a storage shall have it."""
        now = self._memory.get_trial(trial._trial_id)
        # What TPE notes of a trial are its parameters once more.
        system = {key: value for key, value in now.system_attrs.items() if not key.startswith("tpe:")}
        return _begun(now, state, attributes, system, now.datetime_start)

    @staticmethod
    def again(trial: FrozenTrial, attributes: dict[str, Any]) -> FrozenTrial:
        """Return a trial in training of the network of another, as a storage shall have it."""
        return _begun(trial, TrialState.RUNNING, attributes, {}, datetime.now())

    def _end(self, copy: int, trial: FrozenTrial) -> None:
        """Bring the copy of a trial that was in training to its end; handed back, it is begun anew."""
        for step, value in trial.intermediate_values.items():
            self._memory.set_trial_intermediate_value(copy, step, value)
        for key, attribute in trial.system_attrs.items():
            self._memory.set_trial_system_attr(copy, key, attribute)
        state = trial.state if trial.state.is_finished() else TrialState.FAIL
        self._memory.set_trial_state_values(copy, state, trial.values)


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
