"""The trials of a study as its storage has them: read as others add to them, begun, ended, handed back."""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from archsearch.storage import tables
from archsearch.storage.database import GRACE, HEARTBEAT
from archsearch.storage.process import Process
from archsearch.storage.tables import SYSTEM, TRIALS, USER
from archsearch.storage.trials import TRAINED, is_candidate, network_of, recipe_digest, state_of

_ATTEMPTS = 3
"""So often is a network tried whose run is killed."""

_TRAINED_BY, _KILLED = "trained_by", "killed"
"""System attributes of a trial: the run that trains it, with its process, and how many runs were killed at it."""


@dataclass
class KeptStudy:
    """The trials of a study: what this run writes is known at once, what others write when news are read."""

    engine: Engine
    study: int
    trials: dict[int, FrozenTrial] = field(default_factory=dict)
    """By their ids in the storage."""

    _run: str = field(default_factory=lambda: uuid4().hex)
    _read: int = -1
    _numbers: dict[str, dict[int, str | None]] = field(default_factory=lambda: defaultdict(dict))
    _networks: dict[int, str] = field(default_factory=dict)
    _repeated: set[int] = field(default_factory=set)
    _trained: dict[int, FrozenTrial] = field(default_factory=dict)

    def trained(self, recipe: str | None = None) -> list[FrozenTrial]:
        """Return the trials trained to a result, complete or pruned, by the recipe of a digest, or by any."""
        trials = sorted(self._trained.values(), key=lambda trial: trial.number)
        return [trial for trial in trials if recipe in {None, recipe_digest(trial.user_attrs)}]

    def first(self, network: str, recipe: str, before: int | None = None) -> int | None:
        """Return the number of the first trial of a network by a recipe that is not waiting, if there is one.

        `before` is the number of a trial of that network: of two in training at once, the later is the duplicate.
        """
        last = math.inf if before is None else before
        by_number = self._numbers.get(network, {})
        return min((number for number, by in by_number.items() if by == recipe and number < last), default=None)

    def has_begun(self, network: str, recipe: str) -> bool:
        """Whether a network was begun by the recipe of a digest; one that waits was."""
        waiting = (one for one in self.waiting if is_candidate(one) and network_of(one) == network)
        is_waiting = recipe in {recipe_digest(one.user_attrs) for one in waiting}
        return is_waiting or self.first(network, recipe) is not None

    def is_own(self, trial: FrozenTrial) -> bool:
        """Whether it is this run that trains or trained a network."""
        signature: Mapping[str, Any] = trial.system_attrs.get(_TRAINED_BY, {})
        return signature.get("run") == self._run

    @property
    def in_order(self) -> list[FrozenTrial]:
        """The trials by their numbers."""
        return sorted(self.trials.values(), key=lambda trial: trial.number)

    @property
    def waiting(self) -> list[FrozenTrial]:
        """The trials that wait to be begun again, the first begun first."""
        return [trial for _, trial in sorted(self.trials.items()) if trial.state is TrialState.WAITING]

    def __contains__(self, network: object) -> bool:
        return bool(self._numbers.get(str(network)))

    def read_news(self) -> list[FrozenTrial]:
        """Read the trials that others have begun or brought into another state, and return them."""
        unfinished = [key for key, trial in self.trials.items() if not trial.state.is_finished()]
        of_study = TRIALS.c.study_id == self.study
        newer = (TRIALS.c.trial_id > self._read) | TRIALS.c.trial_id.in_(unfinished)
        states = select(TRIALS.c.trial_id, TRIALS.c.state).where(of_study, newer)
        with self.engine.connect() as connection, tables.undamaged():
            found = {row.trial_id: row.state for row in connection.execute(states)}
            # Those of others may be older than this run's latest.
            self._read = max([self._read, *found])
            changed = [
                key
                for key, state in found.items()
                if key not in self.trials or self.trials[key].state is not state
            ]
            if not changed:
                return []
            which = TRIALS.c.trial_id.in_(changed) if self.trials else of_study
            news = [trial for _, trial in tables.read(connection, which, whole=True)]
        for trial in news:
            self._know(trial)
        return news

    def begin_queued(self, may_begin: Callable[[FrozenTrial], bool]) -> FrozenTrial | None:
        """Begin the first trial that waits and may; None if there is none, or others were first."""
        for trial in self.waiting:
            if may_begin(trial) and self._begin(trial._trial_id):
                trial.state, trial.intermediate_values = TrialState.RUNNING, {}
                trial.system_attrs[_TRAINED_BY] = self._signature()
                self._know(trial)
                return trial
        return None

    def add(self, trial: FrozenTrial) -> FrozenTrial:
        """Write a trial that begins or is refused; return it with its number."""
        if trial.state is TrialState.RUNNING:
            trial.system_attrs[_TRAINED_BY] = self._signature()
        with self.engine.begin() as connection:
            tables.add(connection, self.study, trial)
        self._know(trial)
        return trial

    def reach(self, trial: FrozenTrial, step: int, value: float, attributes: Mapping[str, Any]) -> None:
        """Write what a trial in training has reached."""
        with self.engine.begin() as connection:
            tables.put_step(connection, trial._trial_id, step, value)
            tables.put(connection, USER, trial._trial_id, attributes)

    def end(
        self,
        trial: FrozenTrial,
        state: TrialState,
        value: float | None = None,
        user: Mapping[str, Any] | None = None,
        system: Mapping[str, Any] | None = None,
    ) -> None:
        """Write the end of a trial with attributes; nothing if it was taken from this run, as one that is dead."""
        key = trial._trial_id
        with self.engine.begin() as connection:
            if not tables.change(connection, key, TrialState.RUNNING, state):
                return
            tables.put(connection, USER, key, user or {})
            tables.put(connection, SYSTEM, key, system or {})
            if value is not None:
                tables.put_value(connection, key, value)
        trial.state, trial.value = state, value
        trial.user_attrs.update(user or {})
        self._know(trial)

    def remember(self, key: str, make: Callable[[], dict[str, Any]]) -> Mapping[str, Any]:
        """Return what the study keeps under a name; where there is nothing, it is made, and kept.

        Of two runs that make it at once, both get what the first has made.
        """
        with self.engine.connect() as connection, tables.undamaged():
            kept: Mapping[str, Any] | None = tables.study_attributes(connection, self.study).get(key)
        if kept is None:
            made = make()
            with self.engine.begin() as connection:
                kept = tables.keep_first(connection, self.study, key, made)
        return kept

    def hand_back(self, *, killed: bool) -> None:
        """Let what this run has in training wait for the next one."""
        self.read_news()
        for trial in [*self.trials.values()]:
            if trial.state is TrialState.RUNNING and self.is_own(trial):
                self._hand_back(trial, killed=killed)

    def hand_back_abandoned(self) -> list[FrozenTrial]:
        """Let trials wait whose process is dead, or on another host silent for too long; return them."""
        found = [trial for trial in self.trials.values() if self._is_abandoned(trial)]
        for trial in found:
            self._hand_back(trial, killed=True)
        return found

    @contextmanager
    def alive(self, trial: FrozenTrial) -> Iterator[None]:
        """Give signs of life of a trial meanwhile."""
        ended = threading.Event()

        def beat() -> None:
            while not ended.wait(HEARTBEAT):
                with suppress(SQLAlchemyError), self.engine.begin() as connection:
                    tables.sign_of_life(connection, trial._trial_id)

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _signature(self) -> dict[str, Any]:
        return {**Process.this().written(), "run": self._run}

    def _begin(self, key: int) -> bool:
        with self.engine.begin() as connection:
            if not tables.change(connection, key, TrialState.WAITING, TrialState.RUNNING):
                return False
            tables.begin_again(connection, key)
            tables.put(connection, SYSTEM, key, {_TRAINED_BY: self._signature()})
        return True

    def _hand_back(self, trial: FrozenTrial, *, killed: bool) -> None:
        """Let a trial wait, unless it has killed so many runs that it would kill the next."""
        kills = trial.system_attrs.get(_KILLED, 0) + killed
        state = TrialState.FAIL if kills >= _ATTEMPTS else TrialState.WAITING
        with self.engine.begin() as connection:
            if not tables.change(connection, trial._trial_id, TrialState.RUNNING, state):
                return
            tables.put(connection, SYSTEM, trial._trial_id, {_KILLED: kills})
        trial.state, trial.system_attrs[_KILLED] = state, kills
        self._know(trial)

    def _is_abandoned(self, trial: FrozenTrial) -> bool:
        if trial.state is not TrialState.RUNNING:
            return False
        signature = {key: value for key, value in trial.system_attrs.get(_TRAINED_BY, {}).items() if key != "run"}
        has_ended = Process.of(signature).has_ended() if signature else None
        if has_ended is not None:
            return has_ended
        with self.engine.connect() as connection:
            silence = tables.silent_for(connection, trial._trial_id)
        if silence is None:  # version 0.1, killed before the first sign of life
            silence = (datetime.now() - (trial.datetime_start or datetime.min)).total_seconds()
        return silence > GRACE

    def _know(self, trial: FrozenTrial) -> None:
        """Keep a trial as it is now, and count it where it stands for a network."""
        self.trials[trial._trial_id] = trial
        repeated = trial.system_attrs.get("retry_history", ())
        self._repeated.update(repeated)
        for number in (trial.number, *repeated):
            self._trained.pop(number, None)
            self._numbers[self._networks.pop(number, "")].pop(number, None)
        if trial.number in self._repeated or not is_candidate(trial):
            return
        if trial.state is not TrialState.WAITING:
            network = network_of(trial)
            self._networks[trial.number] = network
            self._numbers[network][trial.number] = recipe_digest(trial.user_attrs)
        if state_of(trial) in TRAINED:
            self._trained[trial.number] = trial
