"""The search loop: propose a network, refuse or score it, record what became of it, until the budget is spent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, Trial, TrialState

from archsearch.analysis.limits import Verdict
from archsearch.notation.network import Network, parse
from archsearch.storage import tables
from archsearch.storage.database import opened
from archsearch.storage.kept import KeptStudy
from archsearch.storage.trials import choices_of, network_of, state_of
from archsearch.storage.url import DEFAULT
from archsearch.study.budget import KEEP, Budget
from archsearch.study.calibrated import Calibrate, calibrated, uncalibrated
from archsearch.study.correlation import between_rungs
from archsearch.study.drawing import Drawing
from archsearch.study.fitting import fitting
from archsearch.study.job import Score
from archsearch.study.mirror import Mirror, pruner_for
from archsearch.study.outcome import Outcome
from archsearch.study.plan import Plan
from archsearch.study.propose import FITTING, PROPOSALS, SAMPLERS, check_proposals, check_start
from archsearch.study.record import DESCRIBED, describe, known_results
from archsearch.study.results import rows
from archsearch.study.rungs import Rungs
from archsearch.study.scoring import Scored, Scoring
from archsearch.study.studies import open_study
from archsearch.study.study import Study
from archsearch.study.watch import Watch
from archsearch.study.weights import WeightFiles

_REFUSED_IN_A_ROW = 20
"""After so many refused proposals in a row, a network that fits is drawn."""

_FAILED_IN_A_ROW = 5
"""After so many failures in a row, it is not the networks that are at fault."""


def run(
    study: Study,
    score: Score,
    budget: Budget,
    *,
    storage: str = DEFAULT,
    watch: Watch | None = None,
    start: Sequence[Network] = (),
    sampler: BaseSampler | str = SAMPLERS[0],
    proposals: str = PROPOSALS[0],
    pruner: BasePruner | None = None,
    keep: int = KEEP,
    calibrate: Calibrate = uncalibrated,
) -> Outcome:
    """Score networks of a study that fit its limits, until the budget is spent; return its rows.

    A network that another study has measured in the same way is not scored again: let each score have a
    `data_digest` of its own. The networks of `start` are the first to be scored, unless the study has them.
    `sampler` is one of SAMPLERS or of Optuna's, and `proposals` one of PROPOSALS: what can still fit is counted
    when the run begins, or else what does not fit is refused. `pruner` is Optuna's, the median by default. The
    weights of the best `keep` networks are kept beside the storage (`WeightFiles`), as far as the score writes
    them. If a limit names seconds,
    `calibrate` is called when the study begins, and what it returned holds for all the study, also on other
    machines.

    Raises StudyError where the storage cannot be used or the study was begun with other settings, and
    ArchsearchError where no network of the space fits, or one of `start` does not or is no sentence of it. On
    KeyboardInterrupt the network in training waits for the next run before the exception is passed on.
    """
    check_proposals(proposals)
    for network in start:
        check_start(study.space, network)
    with opened(storage) as database:
        weights = WeightFiles.of(storage, study.name, keep)
        weights.check()
        watch = watch or Watch()
        kept, study = open_study(database, study)
        study = calibrated(study, kept, calibrate, watch.said)
        for network in start:
            check_start(study.space, network)
        rungs = Rungs(study, kept, Plan(study.rungs, budget))
        counts = proposals == FITTING and rungs.may_propose
        found = fitting(study.space, watch.said) if counts else None
        mirror = Mirror(study.name, study.measurement.seed, sampler, pruner or pruner_for(study.rungs), found)
        mirror.update(trial for trial in kept.trials.values() if rungs.of(trial) == 0)
        known = [known_results(database.engine, one, without=study.name) for one in study.measurements]
        scorings = [
            Scoring(measurement.recipe, kept, score, watch, weights, results, budget.minutes_each)
            for measurement, results in zip(study.measurements, known, strict=True)
        ]
        starts = [network for network in start if (study.space.check(network).digest or "") not in kept]
        drawing = Drawing(study, kept, rungs, watch, found, mirror.first)
        going = _Run(study, kept, rungs, mirror, drawing, scorings, weights, watch, starts)
        going.go()
        return going.outcome()


@dataclass
class _Run:
    """One run over one study: what the storage has of it is `kept`; its `mirror` proposes for the first rung."""

    study: Study
    kept: KeptStudy
    rungs: Rungs
    mirror: Mirror
    drawing: Drawing
    scorings: Sequence[Scoring]
    weights: WeightFiles
    watch: Watch
    starts: list[Network]
    rung: int = -1
    ended: str = ""
    remedy: str | None = None
    refused: int = 0
    failed: int = 0
    last_failed: Scored | None = None

    def go(self) -> None:
        """Propose and score until the plan is done or nothing is left."""
        self.watch.started(self.study.name, self.rungs.trained[0], self.rungs.plan.budget.trials)
        if len(self.study.rungs) > 1:
            self.watch.said(f"plan: {self.rungs.plan}")
        self._look_around()
        # Counted anew, so that a run that goes on proposes what this one would have.
        states = [state_of(trial) for trial in self.kept.in_order]
        self.refused = sum(1 for _ in takewhile("refused".__eq__, reversed(states)))
        if not self.kept.trials and not self.starts:
            # Where nothing fits this ends the search, before a row binds the study to its limits.
            self.drawing.begin()
        try:
            while not self.ended:
                self._step()
                self._look_around()
        except BaseException as error:
            self.kept.hand_back(killed=not isinstance(error, KeyboardInterrupt))
            raise

    def outcome(self) -> Outcome:
        """Return the rows of the study, and why the search has ended."""
        with tables.undamaged():
            table = tuple(rows(self.study.name, self.kept.in_order))
            ranked = between_rungs(table, dict(zip(self.study.rungs, self.rungs.recipes, strict=True)))
            return Outcome(table, self.ended, self.advice, ranked)

    @property
    def advice(self) -> str | None:
        """What to do, where the search ended for a reason of its own, or all that a rung has trained failed."""
        failed = {self.rungs.of(one) for one in self.kept.trials.values() if state_of(one) == "failed"}
        if self.remedy or not any(not self.rungs.trained[rung] for rung in failed):
            return self.remedy
        remedy = self.last_failed and self.last_failed.remedy
        none = "none of them was trained" if not self.kept.trained() else "of some rung none was trained"
        return f"{none}: the column `reason` says why{f'; {remedy}' if remedy else ''}"

    def _step(self) -> None:
        """Train the network that comes next by the plan, or refuse one, or find that the search has ended."""
        begins = self.rungs.next()
        queued = self.kept.begin_queued(self.rungs.may_resume)
        if queued is not None:
            self._resume(queued)
        elif begins is None:
            self.ended = self.drawing.ended or self.rungs.plan.ended(self.rungs.trained)
            self.remedy = self.drawing.remedy
        elif begins.best is not None:
            self._promote(begins.best, begins.rung)
        elif self.starts:
            self._try(self.study.space.derivation(self.starts.pop(0)))
        elif self.refused < _REFUSED_IN_A_ROW and not self.drawing.comes_first:
            self._try(None)
        elif (choices := self.drawing.next()) is not None:
            self._try(choices)

    def _resume(self, queued: FrozenTrial) -> None:
        """Train a network that was begun before."""
        if self.rungs.of(queued) == 0:
            self._try(choices_of(queued), queued)
        else:
            self._train_longer(queued)

    def _promote(self, best: FrozenTrial, rung: int) -> None:
        """Begin a network of the rung before on this one."""
        kept = {name: value for name, value in best.user_attrs.items() if name in DESCRIBED}
        described = {**kept, **self.study.measurements[rung].columns}
        self._train_longer(self.kept.add(self.mirror.again(best, described)))

    def _train_longer(self, record: FrozenTrial) -> None:
        """Score a network on a rung after the first, which teaches the sampler nothing."""
        network = parse(record.user_attrs["sentence"], vocabulary=self.study.space.vocabulary)
        self._train(None, record, network, self.study.space.check(network))

    def _look_around(self) -> None:
        """Take over what other runs have done, and what they have left unfinished."""
        self._mirror(self.kept.read_news())
        abandoned = self.kept.hand_back_abandoned()
        self._mirror(abandoned)
        for trial in abandoned:
            if trial.state.is_finished():  # given up
                self._tell(trial)
            else:
                self.watch.abandoned(trial.number)

    def _mirror(self, trials: Iterable[FrozenTrial]) -> None:
        self.mirror.update(trial for trial in trials if self.rungs.of(trial) == 0)

    def _try(self, choices: Mapping[str, str] | None, queued: FrozenTrial | None = None) -> None:
        """Propose a network, by the choices if there are any, and refuse or score it."""
        with self.mirror.proposing(choices) as (trial, guided):
            network = self.study.space.derive(guided.choices(trial))
        self.watch.proposed(guided.modelled, guided.slots - guided.modelled)
        verdict = self.study.space.check(network)
        for limit, excess in verdict.excess.items():
            trial.set_constraint(limit, excess)
        described = describe(network, verdict, self.study.measurements[0])
        is_new = (verdict.digest or str(network)) not in self.kept
        if queued is None and not (is_new and (verdict.fits or not self.mirror.fits_only)):
            self.mirror.study.tell(trial, state=TrialState.FAIL)
            self.refused = _REFUSED_IN_A_ROW
        elif not verdict.fits:
            described["reason"] = "; ".join(verdict.reasons)
            refused = self.mirror.record(trial, TrialState.PRUNED, described)
            self.mirror.study.tell(trial, state=TrialState.PRUNED)
            self._tell(self.kept.add(refused))
            self.refused += 1
        else:
            record = queued or self.kept.add(self.mirror.record(trial, TrialState.RUNNING, described))
            self._train(trial, record, network, verdict)

    def _train(self, trial: Trial | None, record: FrozenTrial, network: Network, verdict: Verdict) -> None:
        """Score a network whose trial is in the storage, and write there what becomes of it."""
        self.kept.read_news()
        rung = self.rungs.of(record)
        first = self.kept.first(network_of(record), self.rungs.recipes[rung], before=record.number)
        if first is not None:  # another run has begun it a moment before
            if trial is not None:
                self.mirror.study.tell(trial, state=TrialState.FAIL)
            self.kept.end(record, TrialState.FAIL, user={"duplicate_of": first})
            return
        self._enter(rung)
        scored = self.scorings[rung].run(record, network, verdict, trial)
        state, is_complete = scored.state, scored.state is TrialState.COMPLETE
        system = None
        if trial is not None:
            self.mirror.study.tell(trial, scored.accuracy if is_complete else None, state)
            system = self.mirror.record(trial, state, {}).system_attrs
        self.kept.end(record, state, scored.accuracy, scored.columns, system)
        self.weights.tidy(self.kept.trials.values())
        self._tell(record)
        self.refused, self.failed = 0, self.failed + 1 if state is TrialState.FAIL else 0
        self.last_failed = scored if state is TrialState.FAIL else self.last_failed
        if self.failed == _FAILED_IN_A_ROW:
            self.ended = f"{self.failed} networks in a row failed, the last: {scored.columns['reason']}"
            self.remedy = scored.remedy

    def _enter(self, rung: int) -> None:
        """Say where the plan has come to, if it has several rungs and another begins."""
        plan = self.rungs.plan
        if len(plan.epochs) > 1 and rung != self.rung:
            self.rung = rung
            of = plan.networks[rung] if plan.networks else None
            self.watch.rung(rung + 1, len(plan.epochs), plan.epochs[rung], self.rungs.trained[rung], of)

    def _tell(self, trial: FrozenTrial) -> None:
        for row in rows(self.study.name, [trial]):
            self.watch.finished(row)
