"""Rungs: many networks trained shortly, the best of them longer, as the plan says, whatever interrupts it."""

from __future__ import annotations

import operator
import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsearch.errors import StudyError, TrainingError
from archsearch.space.space import Space
from archsearch.study.budget import Budget
from archsearch.study.columns import ResultRow
from archsearch.study.job import Job
from archsearch.study.loop import run
from archsearch.study.outcome import Outcome
from archsearch.study.plan import Plan
from archsearch.study.study import Measurement, Study
from archsearch.training.history import Epoch
from archsearch.training.recipe import Recipe

RUNGS = (1, 2, 4)
SPACE = Space.of("limits params < 9k\nnetwork = conv(4|8|12|16|20|24, stride=2) conv(4|6|8|10|12) head()", "many")
STUDY = Study("many", SPACE, Measurement("a table", "0123456789abcdef", "validation", Recipe(epochs=4), 0), RUNGS)


def loss_of(job: Job) -> float:
    """A loss that orders networks alike on every rung."""
    return int(job.graph.digest[:6], 16) / job.recipe.epochs


def by_digest(job: Job) -> None:
    for epoch in range(1, job.recipe.epochs + 1):
        job.report(Epoch(epoch, 0.0, 1.0, 50.0, loss_of(job), 60.0, 1.0))
        job.step(epoch, job.recipe.epochs)


def complete(rows: tuple[ResultRow, ...], epochs: int) -> list[ResultRow]:
    return [row for row in rows if row["state"] == "complete" and row["epochs"] == epochs]


def trained(outcome: Outcome) -> list[tuple[object, object]]:
    return [(row["digest"], row["epochs"]) for row in outcome.rows if row["state"] == "complete"]


# --- the plan ---


@pytest.mark.parametrize(
    ("trials", "networks"), [(1, (1, 1, 1)), (4, (4, 1, 1)), (8, (8, 3, 1)), (20, (20, 7, 2)), (27, (27, 9, 3))]
)
def test_a_third_goes_on(trials: int, networks: tuple[int, ...]) -> None:
    assert Plan((2, 7, 15), Budget(trials=trials)).networks == networks


def test_the_hours_are_shared_as_thirds_need_them() -> None:
    # 2, 7 / 3 and 15 / 9 epochs for each network of the first rung: 6 in all.
    assert Plan((2, 7, 15), Budget(hours=1)).shares == (Fraction(1, 3), Fraction(13, 18), Fraction(1))


def test_no_network_begins_that_would_not_end_in_the_share_of_its_rung() -> None:
    plan = Plan((2, 7, 15), Budget(hours=1))
    assert plan.is_open(0, begun=1, seconds=100, clock=1100)
    assert not plan.is_open(0, begun=1, seconds=100, clock=1101)
    assert plan.is_open(1, begun=0, seconds=9000, clock=2000)
    assert not plan.is_open(1, begun=0, seconds=1, clock=3600)


def test_more_hours_begin_more_networks_on_every_rung() -> None:
    # An hour was taken, 20 min of it by the first rung; of two hours it may take 40.
    plan = Plan((2, 7, 15), Budget(hours=2))
    assert plan.is_open(0, begun=17, seconds=140, clock=3600, later=2400)
    assert not plan.is_open(0, begun=17, seconds=140, clock=3600, later=1300)
    assert not plan.is_open(0, begun=17, seconds=140, clock=7190, later=6000)


@given(hours=st.floats(0.01, 100), seconds=st.floats(0.5, 500))
def test_what_is_stated_fits_into_the_hours_but_for_the_first_of_a_rung(hours: float, seconds: float) -> None:
    plan = Plan((2, 7, 15), Budget(hours=hours))
    networks = plan.stated(seconds)
    taken = sum(map(operator.mul, networks, plan.epochs)) * seconds
    assert taken <= 3600 * hours + sum(plan.epochs) * seconds
    assert [*networks] == sorted(networks, reverse=True)


@pytest.mark.parametrize("rungs", [(2, 2, 4), (4, 2), (0, 4), (2, 7)])
def test_rungs_rise_to_the_epochs_of_the_recipe(rungs: tuple[int, ...]) -> None:
    with pytest.raises(StudyError, match="each must have more epochs than the one before"):
        Study("many", SPACE, STUDY.measurement, rungs)


# --- the loop ---


def test_the_best_of_each_rung_are_trained_longer(storage: str) -> None:
    outcome = run(STUDY, by_digest, Budget(trials=9), storage=storage)
    assert outcome.ended == "the plan is done: 9 networks were trained for 1 epoch, 3 for 2, 1 for 4"
    by_rung = [complete(outcome.rows, epochs) for epochs in RUNGS]
    assert [len(rows) for rows in by_rung] == [9, 3, 1]
    for below, above in pairwise(by_rung):
        best = sorted(below, key=lambda row: float(str(row["val_loss"])))[: len(above)]
        assert {row["digest"] for row in above} == {row["digest"] for row in best}
    assert len({row["recipe_digest"] for row in outcome.rows}) == 3


def test_how_well_a_rung_ranks_is_said(storage: str) -> None:
    outcome = run(STUDY, by_digest, Budget(trials=15), storage=storage)
    first, second = outcome.correlations
    assert first.n == 5
    assert first.spearman == pytest.approx(1)
    assert second.reason == "2 complete networks have both; it needs 4"


def test_a_network_that_fails_on_a_rung_makes_room_for_the_next(storage: str) -> None:
    failed: list[str] = []

    def score(job: Job) -> None:
        if job.recipe.epochs == 2 and not failed:
            failed.append(job.graph.digest)
            raise TrainingError("out of memory")
        by_digest(job)

    outcome = run(STUDY, score, Budget(trials=9), storage=storage)
    assert len(complete(outcome.rows, 2)) == 3
    assert failed[0] not in {row["digest"] for row in complete(outcome.rows, 2)}


def test_that_all_networks_of_a_rung_fail_is_said(storage: str) -> None:
    def score(job: Job) -> None:
        if job.recipe.epochs > 1:
            raise TrainingError("it took longer than 5 min", remedy="allow more with --minutes-each")
        by_digest(job)

    outcome = run(STUDY, score, Budget(trials=3), storage=storage)
    assert outcome.ended == "no network is left to go on: 3 networks were trained for 1 epoch, 0 for 2, 0 for 4"
    assert outcome.remedy == (
        "of some rung none was trained: the column `reason` says why; allow more with --minutes-each"
    )


def slow(job: Job) -> None:
    """Report an hour for each epoch."""
    for epoch in range(1, job.recipe.epochs + 1):
        job.report(Epoch(epoch, 0.0, 1.0, 50.0, loss_of(job), 60.0, 3600.0))


@pytest.mark.parametrize(
    ("hours", "ended"),
    [
        (7.5, "the time is up: 2 networks were trained for 1 epoch, 2 for 2, 1 for 4"),
        (99, "the plan is done: 9 networks were trained for 1 epoch, 3 for 2, 1 for 4"),
    ],
)
def test_runs_of_one_study_share_its_time(storage: str, hours: float, ended: str) -> None:
    beside: list[Outcome] = []

    def score(job: Job) -> None:
        if not beside:  # seven hours, by another run, while the first network is trained
            beside.append(run(STUDY, slow, Budget(trials=1), storage=storage))
        by_digest(job)

    assert run(STUDY, score, Budget(trials=9, hours=hours), storage=storage).ended == ended


def test_results_of_another_study_take_no_time(storage: str) -> None:
    first = run(STUDY, slow, Budget(trials=4), storage=storage)
    other = run(replace(STUDY, name="other"), by_digest, Budget(trials=6, hours=1), storage=storage)
    assert len(complete(other.rows, 1)) == 6
    taken = [row for row in other.rows if row["reason"]]
    assert {row["digest"] for row in taken} <= {row["digest"] for row in first.rows}
    assert taken


def test_a_score_may_report_less_than_its_recipe_has(storage: str) -> None:
    def once(job: Job) -> None:
        job.report(Epoch(1, 0.0, 1.0, 50.0, loss_of(job), 60.0, 1.0))

    outcome = run(STUDY, once, Budget(trials=15), storage=storage)
    assert [found.n for found in outcome.correlations] == [5, 2]


def test_where_the_space_is_exhausted_its_best_go_on(storage: str) -> None:
    space = Space.of("network = conv(4|8|12|16) head()", "few")
    outcome = run(Study("few", space, STUDY.measurement, RUNGS), by_digest, Budget(trials=50), storage=storage)
    assert [len(complete(outcome.rows, epochs)) for epochs in RUNGS] == [4, 4, 4]
    assert outcome.ended == "every network of `few` that fits was tried"


def test_more_trials_go_on_with_the_plan(storage: str) -> None:
    first = run(STUDY, by_digest, Budget(trials=3), storage=storage)
    second = run(STUDY, by_digest, Budget(trials=9), storage=storage)
    assert set(trained(first)) < set(trained(second))
    assert len(complete(second.rows, RUNGS[0])) == 9


@pytest.mark.parametrize("seed", range(4))
def test_interrupted_anywhere_it_trains_the_same_networks_and_none_twice(tmp_path: Path, seed: int) -> None:
    whole = run(STUDY, by_digest, Budget(trials=9), storage=f"sqlite:///{tmp_path / 'whole.db'}")
    generator, scored = random.Random(seed), Counter[tuple[str, int]]()

    def score(job: Job) -> None:
        if generator.random() < 0.3:
            raise KeyboardInterrupt
        by_digest(job)
        scored[job.graph.digest, job.recipe.epochs] += 1

    storage, outcome = f"sqlite:///{tmp_path / 'interrupted.db'}", None
    while outcome is None:
        try:
            outcome = run(STUDY, score, Budget(trials=9), storage=storage)
        except KeyboardInterrupt:
            continue
    assert trained(outcome) == trained(whole)
    assert [row["state"] for row in outcome.rows] == [row["state"] for row in whole.rows]
    assert set(scored.values()) == {1}


def test_other_rungs_do_not_go_on_with_a_study(storage: str) -> None:
    run(STUDY, by_digest, Budget(trials=1), storage=storage)
    one = Study("many", SPACE, STUDY.measurement)
    with pytest.raises(StudyError) as caught:
        run(one, by_digest, Budget(trials=1), storage=storage)
    assert str(caught.value) == (
        "study `many` was begun with other settings:\n  rungs there: 1, 2, 4\n  rungs asked: 4\n"
        "  repeat its settings (--rungs 1,2,4), or begin another study with --study NAME"
    )
