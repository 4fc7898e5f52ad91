"""One network of a study is scored: its epochs written as they end, its row whatever becomes of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from archsearch.analysis.limits import Verdict
from archsearch.errors import TrainingError
from archsearch.notation.condition import ColumnValue
from archsearch.notation.network import Network
from archsearch.storage.kept import KeptStudy
from archsearch.study.job import Job, Score
from archsearch.study.record import MEASURED, origin
from archsearch.study.watch import Watch
from archsearch.study.weights import WeightFiles
from archsearch.training.history import Epoch
from archsearch.training.recipe import Recipe


@dataclass(frozen=True)
class Scored:
    """What became of a network: the columns of its row, and what to do if it failed."""

    state: TrialState
    columns: Mapping[str, Any]
    remedy: str | None = None

    @property
    def accuracy(self) -> float | None:
        """The accuracy in percent, of a network that was trained to a result."""
        return None if self.state is TrialState.FAIL else float(self.columns["history"][-1]["accuracy"])


@dataclass(frozen=True, eq=False)
class Scoring:
    """How the networks of a rung are scored; `known` are results by digest, with the study that each is from."""

    recipe: Recipe
    kept: KeptStudy
    score: Score
    watch: Watch
    weights: WeightFiles
    known: Mapping[str, tuple[str, FrozenTrial]]
    minutes_each: float | None

    def run(self, record: FrozenTrial, network: Network, verdict: Verdict, trial: Trial | None = None) -> Scored:
        """Score a network that is in the storage as `record`; with a `trial` of a sampler, it may be pruned."""
        assert verdict.graph is not None
        self.watch.training(record.number, network, verdict, self.recipe.epochs)
        going = _Going(self, record, trial)
        try:
            with self.kept.alive(record):
                if verdict.graph.digest in self.known:
                    going.take_over(*self.known[verdict.graph.digest])
                else:
                    self.score(going.job(network, verdict))
        except optuna.TrialPruned:
            reason = f"below the median of the others after epoch {len(going.history)}"
            return going.ended(TrialState.PRUNED, reason)
        except TrainingError as error:
            return going.ended(TrialState.FAIL, error.message, error.remedy)
        return going.ended(TrialState.COMPLETE)


@dataclass
class _Going:
    """One network that is being scored."""

    scoring: Scoring
    record: FrozenTrial
    trial: Trial | None
    history: list[dict[str, Any]] = field(default_factory=list)
    columns: dict[str, ColumnValue] = field(default_factory=dict)
    since: float = field(default_factory=time.monotonic)

    def job(self, network: Network, verdict: Verdict) -> Job:
        assert verdict.graph is not None
        return Job(
            network,
            verdict.graph,
            self.scoring.recipe,
            report=self.report,
            step=self.step,
            note=self.columns.update,
            say=self.scoring.watch.said,
            remember=self.remember,
            weights=self.scoring.weights.path(self.record.number),
        )

    def remember(self, key: str, make: Callable[[], dict[str, Any]]) -> Mapping[str, Any]:
        kept = self.scoring.kept.remember(key, make)
        # What is made once for the study is not part of this network's time.
        self.since = time.monotonic()
        return kept

    def report(self, epoch: Epoch) -> None:
        if epoch.accuracy is None or not math.isfinite(epoch.accuracy):
            raise TrainingError(f"the accuracy is {epoch.accuracy} in epoch {epoch.epoch}")
        if epoch.loss is not None and not math.isfinite(epoch.loss):
            raise TrainingError(
                f"the loss is {epoch.loss} in epoch {epoch.epoch}", remedy="None stands for no loss"
            )
        self.history.append(asdict(epoch))
        self.since = time.monotonic()
        self.scoring.kept.reach(self.record, epoch.epoch, epoch.accuracy, {"history": self.history})
        self.scoring.watch.epoch(self.record.number, epoch)
        if self.trial is None:
            return
        self.trial.report(epoch.accuracy, epoch.epoch)
        if epoch.epoch < self.scoring.recipe.epochs and self.trial.should_prune():
            raise optuna.TrialPruned

    def step(self, done: int, total: int) -> None:
        self.scoring.watch.step(done, total)
        minutes = self.scoring.minutes_each
        if minutes is None:
            return
        # Epochs of an earlier run count too.
        seconds = sum(epoch["seconds"] for epoch in self.history) + time.monotonic() - self.since
        if seconds > 60 * minutes:
            epochs = self.scoring.recipe.epochs
            where = f"in epoch {len(self.history) + 1} of {epochs}"
            remedy = "allow more with --minutes-each, or bound what a network costs, as with macs < 20M"
            raise TrainingError(f"it took longer than {minutes:g} min: stopped {where}", remedy=remedy)

    def take_over(self, study: str, before: FrozenTrial) -> None:
        """Report the result of another study."""
        # First, as a report may prune it: its time is not this study's.
        self.columns |= {name: value for name, value in before.user_attrs.items() if name in MEASURED}
        self.columns["reason"] = origin(study, before)
        for epoch in before.user_attrs["history"]:
            self.report(Epoch(**epoch))

    def ended(self, state: TrialState, reason: str | None = None, remedy: str | None = None) -> Scored:
        reasons = "; ".join(str(one) for one in (self.columns.get("reason"), reason) if one)
        columns = {**self.columns, "history": self.history} | ({"reason": reasons} if reasons else {})
        return Scored(state, columns, remedy)
