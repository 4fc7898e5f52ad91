"""The search loop: propose a network, refuse or score it, record what became of it, until the budget is spent."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import optuna
from optuna.pruners import BasePruner, MedianPruner
from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState

from archsearch.analysis.limits import Verdict
from archsearch.errors import ArchsearchError, TrainingError
from archsearch.graph.graph import Graph
from archsearch.notation.network import Network
from archsearch.study.propose import DRAWS, asking, draw_new
from archsearch.study.record import describe, known_results
from archsearch.study.results import ResultRow, frame, rows
from archsearch.study.storage import DEFAULT, opened, queue_again, wait_for_abandoned
from archsearch.study.studies import open_study
from archsearch.study.study import Study
from archsearch.study.trials import finished, state_of, trained, trials_of, tried
from archsearch.study.watch import Watch
from archsearch.training.history import Epoch

if TYPE_CHECKING:
    import pandas as pd

_REFUSED_IN_A_ROW = 20
"""After so many refused proposals in a row, a network that fits is drawn."""

_FAILED_IN_A_ROW = 5
"""After so many failures in a row, it is not the networks that are at fault."""


class Score(Protocol):
    """Measures a network: training, or a table of published results, or whatever a test needs.

    It calls `report` with each epoch when it ends; the accuracy of the last one, in percent, is the network's.
    It may call `step` with the number of batches done and of all batches. It returns precision and device, as in
    "bf16 on cpu". It must let through what `report` raises, and raises TrainingError if the network fails.
    """

    def __call__(self, graph: Graph, report: Callable[[Epoch], None], step: Callable[[int, int], None]) -> str: ...


@dataclass(frozen=True)
class Budget:
    """How many networks to train, earlier runs included, and for how many hours this run may start new ones."""

    trials: int | None = None
    hours: float | None = None

    def __post_init__(self) -> None:
        if self.trials is None and self.hours is None:
            raise ArchsearchError(
                "a search needs a budget", remedy="say how many networks to train, or for how long"
            )

    def spent(self, trained: int, seconds: float) -> str:
        """Return why no further network may begin, or an empty text.

        >>> Budget(trials=3).spent(trained=3, seconds=60)
        '3 of 3 networks are trained'
        """
        if self.trials is not None and trained >= self.trials:
            return f"{trained} of {self.trials} networks are trained"
        if self.hours is not None and seconds >= self.hours * 3600:
            return f"the time is up: {trained} networks are trained"
        return ""


@dataclass(frozen=True)
class Outcome:
    """The rows of the study, and why the search ended."""

    rows: tuple[ResultRow, ...]
    ended: str

    def frame(self) -> pd.DataFrame:
        """Return the rows as a pandas DataFrame, a column for each of COLUMNS."""
        return frame(self.rows)


def run(
    study: Study,
    score: Score,
    budget: Budget,
    *,
    storage: str = DEFAULT,
    watch: Watch | None = None,
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
) -> Outcome:
    """Score networks of a study that fit its limits, until the budget is spent; return its rows.

    A network that another study has measured in the same way is not scored again: let each score have a
    `data_digest` of its own. `sampler` and `pruner` are Optuna's: TPE and the median of the others by default.

    Raises StudyError where the storage cannot be used or the study was begun with other settings, and
    ArchsearchError where no network of the space fits. On KeyboardInterrupt the network in training is queued
    again for the next run before the exception is passed on.
    """
    with opened(storage, create=True) as kept:
        found, study = open_study(kept, study)
        known = known_results(kept, study.measurement, without=study.name)
        going = _Run(study, found, score, budget, watch or Watch(), known)
        begun = len(trials_of(found))
        # With the same seed a resumed study would propose again what it has tried.
        seed = study.measurement.seed + begun
        epochs = study.measurement.recipe.epochs
        found.sampler = sampler or TPESampler(seed=seed, multivariate=True, group=True)
        found.pruner = pruner or MedianPruner(n_startup_trials=4, n_warmup_steps=1 + epochs // 3)
        going.go()
        return Outcome(tuple(rows(study.name, trials_of(found))), going.ended)


class _DuplicateError(Exception):
    """A network that was tried before. Its trial ends as a failure, from which Optuna learns nothing."""


@dataclass
class _Run:
    """One run over one study: `trials` are what Optuna keeps of it."""

    study: Study
    trials: optuna.Study
    score: Score
    budget: Budget
    watch: Watch
    known: Mapping[str, tuple[str, FrozenTrial]]
    begun: float = field(default_factory=time.monotonic)
    ended: str = ""
    current: int | None = None

    def go(self) -> None:
        """Propose and score until the budget is spent or nothing is left."""
        if abandoned := len(trials_of(self.trials, TrialState.RUNNING)):
            self.watch.waiting(abandoned)
            wait_for_abandoned(self.trials)
            self.begun = time.monotonic()
        self.watch.started(self.study.name, trained(self.trials), self.budget.trials)
        if self._spent() or not (self._queued() or self._drawn() is not None):
            return
        try:
            self.trials.optimize(
                self._objective,
                catch=(TrainingError, _DuplicateError),
                callbacks=[lambda _study, trial: self._finished(trial)],
            )
        except KeyboardInterrupt:
            self._queue_again()
            raise

    def _objective(self, trial: Trial) -> float:
        self.current = trial.number
        network = self.study.space.derive(asking(trial))
        verdict = self.study.space.check(network)
        for name, value in describe(network, verdict, self.study.measurement).items():
            trial.set_user_attr(name, value)
        # A network that was queued again has them already, and Optuna warns about setting them twice.
        known = trials_of(self.trials)[trial.number].constraints
        for limit, excess in verdict.excess.items():
            if limit not in known:
                trial.set_constraint(limit, excess)
        first = tried(self.trials, besides=trial.number).get(verdict.digest or str(network))
        if first is not None:
            trial.set_user_attr("duplicate_of", first)
            raise _DuplicateError
        if not verdict.fits:
            trial.set_user_attr("reason", "; ".join(verdict.reasons))
            raise optuna.TrialPruned
        return self._scored(trial, network, verdict)

    def _scored(self, trial: Trial, network: Network, verdict: Verdict) -> float:
        """Return the accuracy after the last epoch; the trial holds each epoch as soon as it has ended."""
        history: list[dict[str, Any]] = []
        trial.set_user_attr(
            "history", history
        )  # a network that was queued again has the history of its last attempt

        def report(epoch: Epoch) -> None:
            history.append(asdict(epoch))
            trial.set_user_attr("history", history)
            assert epoch.accuracy is not None  # a search is measured on the validation images, in every epoch
            trial.report(epoch.accuracy, epoch.epoch)
            self.watch.epoch(trial.number, epoch)
            if epoch.epoch < self.study.measurement.recipe.epochs and trial.should_prune():
                trial.set_user_attr("reason", f"below the median of the others after epoch {epoch.epoch}")
                raise optuna.TrialPruned

        assert verdict.graph is not None
        self.watch.training(trial.number, network, verdict, self.study.measurement.recipe.epochs)
        if verdict.graph.digest in self.known:
            self._replay(trial, *self.known[verdict.graph.digest], report)
        else:
            try:
                trial.set_user_attr("precision", self.score(verdict.graph, report, self.watch.step))
            except TrainingError as error:
                trial.set_user_attr("reason", error.message)
                raise
        return float(history[-1]["accuracy"])

    def _replay(self, trial: Trial, study: str, before: FrozenTrial, report: Callable[[Epoch], None]) -> None:
        trial.set_user_attr("reason", f"the result is that of study {study}, number {before.number}")
        trial.set_user_attr("precision", before.user_attrs["precision"])
        for epoch in before.user_attrs["history"]:
            report(Epoch(**epoch))

    def _finished(self, trial: FrozenTrial) -> None:
        self.current = None
        for row in rows(self.study.name, [trial]):
            self.watch.finished(row)
        judged = finished(self.trials)
        states = [state_of(one) for one in judged]
        if states[-_FAILED_IN_A_ROW:] == ["failed"] * _FAILED_IN_A_ROW:
            reason = judged[-1].user_attrs.get("reason")
            self.ended = f"{_FAILED_IN_A_ROW} networks in a row failed, the last: {reason}"
        elif not self._spent():
            refused = states[-_REFUSED_IN_A_ROW:] == ["refused"] * _REFUSED_IN_A_ROW
            if (refused or "duplicate_of" in trial.user_attrs) and not self._queued():
                self._draw()
        if self.ended:
            self.trials.stop()

    def _spent(self) -> bool:
        self.ended = self.budget.spent(trained(self.trials), time.monotonic() - self.begun)
        return bool(self.ended)

    def _queued(self) -> bool:
        return bool(trials_of(self.trials, TrialState.WAITING))

    def _drawn(self) -> dict[str, str] | None:
        """Draw a network that fits and was not tried; if there is none, the search ends."""
        space = self.study.space
        seed = self.study.measurement.seed + len(trials_of(self.trials))
        choices = draw_new(space, tried(self.trials), seed)
        if choices is None and space.size <= DRAWS:
            self.ended = f"every network of `{space.name}` that fits was tried"
        elif choices is None:
            self.ended = f"no network was found that fits and was not tried: {DRAWS:,} were drawn"
        return choices

    def _draw(self) -> None:
        """Let the next proposal be a network that fits and was not tried, or end the search."""
        choices = self._drawn()
        if choices is not None:
            self.trials.enqueue_trial(choices)

    def _queue_again(self) -> None:
        """Queue the network whose training was interrupted; the next run begins with it."""
        if self.current is not None:
            interrupted = trials_of(self.trials)[self.current]
            if interrupted.state is TrialState.FAIL:
                queue_again(self.trials, interrupted, attempts=None)
