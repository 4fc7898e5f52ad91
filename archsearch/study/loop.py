"""The loop: propose a network, refuse or train it, tell the study, until the budget is spent."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import optuna
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState

from archsearch.analysis.limits import Verdict
from archsearch.data.dataset import Dataset, Split
from archsearch.errors import ArchsearchError, TrainingError
from archsearch.graph.shapes import shape_text
from archsearch.notation.network import Network
from archsearch.space.checks import START
from archsearch.space.space import Space
from archsearch.study.propose import DRAWS, asking, draw_new
from archsearch.study.record import describe, identify, known_results, precision
from archsearch.study.results import ResultRow, candidates, rows, state_of
from archsearch.study.storage import DEFAULT, open_study, opened, queue_again, running, wait_for_abandoned
from archsearch.study.watch import Watch
from archsearch.training.history import Epoch
from archsearch.training.recipe import Recipe
from archsearch.training.train import train

_REFUSED_IN_A_ROW = 20
"""Proposals refused one after another, after which a network that fits is drawn."""

_FAILED_IN_A_ROW = 5
"""Networks that failed one after another, after which something else is wrong than the networks."""

_VERDICTS = ("complete", "pruned")


@dataclass(frozen=True)
class Outcome:
    """The rows of the study, and why the search ended."""

    rows: tuple[ResultRow, ...]
    ended: str


def search(
    space: Space,
    dataset: Dataset,
    *,
    recipe: Recipe | None = None,
    trials: int | None = None,
    hours: float | None = None,
    storage: str = DEFAULT,
    study: str | None = None,
    seed: int = 0,
    watch: Watch | None = None,
) -> Outcome:
    """Train networks of a space that fit its limits; return the rows of the study and why it ended.

    Networks are measured on a part of the training images held out, never on the test images. `trials` is the
    number of networks that the study shall have trained to a verdict, complete or pruned, earlier runs
    included; `hours` is the time after which this run begins no further one. Accuracy is in percent.

    Raises StudyError where the storage cannot be used or the study was begun with other settings, and
    ArchsearchError where no network of the space fits. On KeyboardInterrupt the network in training is queued
    again, for the next run, before the exception goes on.
    """
    if trials is None and hours is None:
        raise ArchsearchError("a search needs a budget", remedy="say how many networks to train, or for how long")
    _check(space, dataset)
    split, recipe = dataset.split("validation"), recipe or Recipe()
    identity = identify(dataset, split.kind, recipe, seed)
    goal = {"space": space.plain_text, "limits": str(space.limits)}
    goal |= {name: str(value) for name, value in identity.items()}
    with opened(storage, create=True) as kept:
        found = open_study(kept, study or space.name, goal)
        run = _Run(found, space, split, recipe, seed, trials, hours, watch or Watch(), identity)
        run.known = known_results(kept, identity, without=found.study_name)
        run.go()
        return Outcome(tuple(rows(found.study_name, found.get_trials(deepcopy=False))), run.ended)


class _DuplicateError(Exception):
    """A proposal that was tried before. It ends as a failure, from which Optuna learns nothing."""


@dataclass
class _Run:
    """One run over one study."""

    study: optuna.Study
    space: Space
    split: Split
    recipe: Recipe
    seed: int
    trials: int | None
    hours: float | None
    watch: Watch
    identity: Mapping[str, str | int]
    known: Mapping[str, tuple[str, FrozenTrial]] = field(default_factory=dict)
    ended: str = ""
    current: int | None = None

    def go(self) -> None:
        """Propose and train until the budget is spent or nothing is left."""
        if abandoned := len(running(self.study)):
            self.watch.waiting(abandoned)
            wait_for_abandoned(self.study)
        self.watch.started(self.study.study_name, self._trained(), self.trials)
        deadline = time.monotonic() + self.hours * 3600 if self.hours is not None else None
        if self._spent(deadline):
            return
        begun = len(self.study.get_trials(deepcopy=False))
        # Another seed for each run, or a run that goes on would propose again what the one before it did.
        self.study.sampler = TPESampler(seed=self.seed + begun, multivariate=True, group=True)
        self.study.pruner = MedianPruner(n_startup_trials=4, n_warmup_steps=1 + self.recipe.epochs // 3)
        if not self._queued() and draw_new(self.space, self._tried(), self._draw_seed()) is None:
            self.ended = self._nothing_left
            return
        try:
            self.study.optimize(
                self._objective,
                catch=(TrainingError, _DuplicateError),
                callbacks=[lambda _study, trial: self._finished(trial, deadline)],
            )
        except KeyboardInterrupt:
            self._queue_again()
            raise

    def _objective(self, trial: Trial) -> float:
        self.current = trial.number
        network = self.space.derive(asking(trial))
        verdict = self.space.check(network)
        for name, value in describe(network, verdict, self.identity).items():
            trial.set_user_attr(name, value)
        # A network that is queued again has them already, and Optuna warns of a second time.
        known = self.study.get_trials(deepcopy=False)[trial.number].constraints
        for limit, excess in verdict.excess.items():
            if limit not in known:
                trial.set_constraint(limit, excess)
        first = self._tried(besides=trial.number).get(verdict.digest or str(network))
        if first is not None:
            trial.set_user_attr("duplicate_of", first)
            raise _DuplicateError
        if not verdict.fits:
            trial.set_user_attr("reason", "; ".join(verdict.reasons))
            raise optuna.TrialPruned
        return self._train(trial, network, verdict)

    def _train(self, trial: Trial, network: Network, verdict: Verdict) -> float:
        history: list[dict[str, Any]] = []
        trial.set_user_attr("history", history)  # a network that is queued again comes with that of its last try

        def report(epoch: Epoch) -> None:
            history.append(asdict(epoch))
            trial.set_user_attr("history", history)
            assert epoch.accuracy is not None  # a search is measured on the validation images, in every epoch
            trial.report(epoch.accuracy, epoch.epoch)
            self.watch.epoch(trial.number, epoch)
            if epoch.epoch < self.recipe.epochs and trial.should_prune():
                trial.set_user_attr("reason", f"below the median of the others after epoch {epoch.epoch}")
                raise optuna.TrialPruned

        assert verdict.graph is not None
        self.watch.training(trial.number, network, verdict, self.recipe.epochs)
        if verdict.graph.digest in self.known:
            study, before = self.known[verdict.graph.digest]
            trial.set_user_attr("reason", f"the result is that of study {study}, number {before.number}")
            trial.set_user_attr("precision", before.user_attrs["precision"])
            for epoch in before.user_attrs["history"]:
                report(Epoch(**epoch))
            return float(history[-1]["accuracy"])
        try:
            trained = train(verdict.graph, self.split, self.recipe, self.seed, report, self.watch.step)
        except TrainingError as error:
            trial.set_user_attr("reason", error.message)
            raise
        trial.set_user_attr("precision", precision(trained))
        return float(history[-1]["accuracy"])

    def _finished(self, trial: FrozenTrial, deadline: float | None) -> None:
        self.current = None
        for row in rows(self.study.study_name, [trial]):
            self.watch.judged(row)
        finished = self._candidates()
        last = [state_of(one) for one in finished]
        if last[-_FAILED_IN_A_ROW:] == ["failed"] * _FAILED_IN_A_ROW:
            reason = finished[-1].user_attrs.get("reason")
            self.ended = f"{_FAILED_IN_A_ROW} networks in a row failed, the last: {reason}"
        elif not self._spent(deadline):
            refused = last[-_REFUSED_IN_A_ROW:] == ["refused"] * _REFUSED_IN_A_ROW
            if (refused or "duplicate_of" in trial.user_attrs) and not self._queued():
                self._draw()
        if self.ended:
            self.study.stop()

    def _spent(self, deadline: float | None) -> bool:
        trained = self._trained()
        if self.trials is not None and trained >= self.trials:
            self.ended = f"the study has trained {trained} networks, of {self.trials} asked for"
        elif deadline is not None and time.monotonic() >= deadline:
            self.ended = f"the time is up; the study has trained {trained} networks"
        return bool(self.ended)

    def _candidates(self) -> list[FrozenTrial]:
        """Return the candidates that are finished."""
        return [trial for trial in candidates(self.study.get_trials(deepcopy=False)) if trial.state.is_finished()]

    def _trained(self) -> int:
        return sum(state_of(trial) in _VERDICTS for trial in self._candidates())

    def _tried(self, besides: int | None = None) -> dict[str, int]:
        """Return by its key what was tried, or is in training by another run."""
        others = [trial for trial in running(self.study) if trial.number != besides]
        return {
            trial.user_attrs.get("digest") or trial.user_attrs.get("sentence", ""): trial.number
            for trial in [*self._candidates(), *others]
        }

    def _draw(self) -> None:
        """Let the next proposal be a network that fits and was not tried, or end the search."""
        choices = draw_new(self.space, self._tried(), self._draw_seed())
        if choices is None:
            self.ended = self._nothing_left
        else:
            self.study.enqueue_trial(choices)

    @property
    def _nothing_left(self) -> str:
        if self.space.size <= DRAWS:
            return f"every network of `{self.space.name}` that fits was tried"
        return f"no network was found that fits and was not tried: {DRAWS:,} were drawn"

    def _queued(self) -> bool:
        return bool(self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,)))

    def _draw_seed(self) -> int:
        return self.seed + len(self.study.get_trials(deepcopy=False))

    def _queue_again(self) -> None:
        """Queue the network whose training was interrupted; the next run begins with it."""
        if self.current is not None:
            interrupted = self.study.get_trials(deepcopy=False)[self.current]
            if interrupted.state is TrialState.FAIL:
                queue_again(self.study, interrupted, attempts=None)


def _check(space: Space, dataset: Dataset) -> None:
    if not space.classifies:
        message = f"not every network of `{space.name}` classifies"
        raise ArchsearchError(message, remedy=f"let the rule `{START}` end with head()")
    stated, found = (space.input, space.classes), (dataset.shape, len(dataset.classes))
    if stated != found:
        there, here = (f"{shape_text(shape)} and {classes} classes" for shape, classes in (found, stated))
        message = f"the data `{dataset.name}` has {there}, the space `{space.name}` states {here}"
        raise ArchsearchError(message, remedy="change `input` and `classes` in the space")
