"""How a search ends: budgets, spaces of which little fits, networks that all fail, results of another study."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from examples.mistakes import Capture
from examples.mistakes import run as run_command
from optuna.pruners import BasePruner, NopPruner
from optuna.trial import FrozenTrial

from archsearch.errors import ArchsearchError, TrainingError
from archsearch.space.space import Space
from archsearch.study import drawing
from archsearch.study.budget import Budget
from archsearch.study.job import Job
from archsearch.study.loop import run
from archsearch.study.outcome import Outcome
from archsearch.study.propose import PROPOSALS
from archsearch.study.results import load_results
from archsearch.study.study import Measurement, Study
from archsearch.training.history import Epoch
from archsearch.training.recipe import Recipe

TABLE = Measurement("a table", "0123456789abcdef", "validation", Recipe(epochs=1), seed=0)

# One in about 7,300 networks fits with both at least, and one in about 60,000 if all units are depthwise.
RARE = (
    "limits params < 60k, dilated >= 12, depthwise >= {}\n"
    f"network = {'unit ' * 12}head()\n"
    "unit = conv(8, dilation=1|2) | sep(8|12|16|20, dilation=1|2)\n"
)


def constant(job: Job) -> None:
    job.report(Epoch(1, 0.0, 1.0, 50.0, 1.0, 60.0, 0.0))


def searched(
    text: str, storage: str, *, name: str = "rare", budget: Budget | None = None, proposals: str = "fitting"
) -> Outcome:
    study = Study(name, Space.of(text, name), TABLE)
    return run(study, constant, budget or Budget(trials=1), storage=storage, proposals=proposals)


# --- budgets ---


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "nothing says when the search is to end"),
        ({"trials": 0}, "trials is 0; it must be at least 1"),
        ({"hours": math.nan}, "hours is nan; it must be a finite number above 0"),
        ({"hours": math.inf}, "hours is inf; it must be a finite number above 0"),
        ({"hours": 0}, "hours is 0; it must be a finite number above 0"),
        ({"trials": 3, "minutes_each": 0}, "minutes_each is 0; it must be a finite number above 0"),
        ({"hours": -1, "trials": 3}, "hours is -1; it must be a finite number above 0"),
    ],
)
def test_budgets_that_never_end_or_never_begin(values: dict[str, float], message: str) -> None:
    with pytest.raises(ArchsearchError) as caught:
        Budget(**values)  # type: ignore[arg-type]
    assert caught.value.message == message


# --- spaces of which little fits ---


@pytest.mark.parametrize("proposals", PROPOSALS)
def test_a_network_that_is_rare_is_found_and_trained(storage: str, proposals: str) -> None:
    outcome = searched(RARE.format(10), storage, proposals=proposals)
    assert outcome.ended == "1 of 1 networks are trained"
    (row,) = (row for row in outcome.rows if row["state"] == "complete")
    assert int(str(row["dilated"])) >= 12
    assert int(str(row["depthwise"])) >= 10


def test_of_networks_that_were_not_found_it_is_not_said_that_there_are_none(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "_ENOUGH", 500)
    outcome = searched(RARE.format(12), storage, proposals="plain")
    size = Space.of(RARE.format(12)).size
    assert outcome.ended.startswith(
        f"no network of `rare` was found that fits: the 500 drawn of {size:,} were refused, most often for "
    )
    assert outcome.remedy == (
        "loosen the limits, or let the space derive other networks; with --hours, the search draws on"
    )
    assert not outcome.has_trained
    # Nothing binds the study to the limits that nothing met.
    assert outcome.rows == ()
    assert searched(RARE.format(12).partition("\n")[2], storage).has_trained


def test_of_what_fits_one_in_millions_is_found_at_once(storage: str) -> None:
    """All twelve must be sep(8, dilation=2): one derivation of 10 ** 12."""
    text = f"limits params < 2_050, dilated >= 12, depthwise >= 12\n{RARE.partition(chr(10))[2]}"
    outcome = searched(text, storage, budget=Budget(trials=3))
    assert outcome.ended == "every network of `rare` that fits was tried"
    assert [row["sentence"] for row in outcome.rows] == [f"{'sep(8, dilation=2) ' * 12}head()"]


def test_a_search_draws_on_while_its_time_lasts(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "_ENOUGH", 500)
    outcome = searched(RARE.format(12), storage, budget=Budget(hours=3 / 3600), proposals="plain")
    assert outcome.ended == "the time is up: 0 networks are trained"


NONE = "limits params < 10\nnetwork = conv(8|16)*1..3 head()\n"


@pytest.mark.parametrize(
    ("proposals", "message", "remedy"),
    [
        (
            "fitting",
            "no network of `rare` fits: params < 10",
            "loosen the limits, or let the space derive others; `archsearch explain` says what each refuses",
        ),
        (
            "plain",
            "no network of `rare` fits: all 14 were refused, most often for params < 10 (14)",
            "loosen the limits, or let the space derive other networks",
        ),
    ],
)
def test_that_nothing_fits_is_said(storage: str, proposals: str, message: str, remedy: str) -> None:
    with pytest.raises(ArchsearchError) as caught:
        searched(NONE, storage, proposals=proposals)
    assert (caught.value.message, caught.value.remedy) == (message, remedy)
    assert load_results(storage) == ()


def test_that_nothing_of_many_fits_is_known_from_the_count(storage: str) -> None:
    text = RARE.format(12).replace("dilated >= 12", "dilated >= 13")
    with pytest.raises(ArchsearchError, match="no network of `rare` fits: params < 60k, dilated >= 13"):
        searched(text, storage, budget=Budget(hours=1))


# --- networks that fail, and status ---


def test_networks_that_all_fail_end_with_a_remedy(capsys: Capture, folder: Path) -> None:
    (folder / "deep.space").write_text("network = conv(2|3|4, norm=none, activation=none)*5..7 head()\n")
    command = [
        "search",
        "deep.space",
        "--data",
        "digits",
        "--trials",
        "9",
        "--learning-rate",
        "1e6",
        "--epochs",
        "2",
    ]
    status, out, err = run_command(capsys, *command, "--csv")
    assert status == 1
    assert err.endswith("a lower learning rate may help\n\n")
    assert "5 networks in a row failed, the last: the loss is not finite in epoch 1" in err
    assert len(out.splitlines()) == 6


def test_a_score_whose_accuracy_is_no_number_is_a_failure(storage: str) -> None:
    def no_number(job: Job) -> None:
        job.report(Epoch(1, 0.0, 1.0, 50.0, 1.0, math.nan, 0.0))

    study = Study("nan", Space.of("network = conv(2|3|4|5|6|7) head()", "nan"), TABLE)
    outcome = run(study, no_number, Budget(trials=6), storage=storage)
    assert [row["state"] for row in outcome.rows] == ["failed"] * 5
    assert {row["reason"] for row in outcome.rows} == {"the accuracy is nan in epoch 1"}


def test_a_score_whose_loss_is_no_number_is_a_failure(storage: str) -> None:
    """Losses rank networks, and among them nan has no place."""

    def no_number(job: Job) -> None:
        job.report(Epoch(1, 0.0, 1.0, 50.0, math.nan, 60.0, 0.0))

    study = Study("nan", Space.of("network = conv(2) head()", "nan"), TABLE)
    outcome = run(study, no_number, Budget(trials=1), storage=storage)
    assert [(row["state"], row["reason"]) for row in outcome.rows] == [("failed", "the loss is nan in epoch 1")]
    assert outcome.remedy == "none of them was trained: the column `reason` says why; None stands for no loss"


def test_one_failure_among_others_is_a_row(storage: str) -> None:
    seen: list[str] = []

    def first_fails(job: Job) -> None:
        seen.append(job.graph.digest)
        if len(seen) == 1:
            raise TrainingError("out of memory", remedy="a smaller batch may help")
        constant(job)

    study = Study("some", Space.of("network = conv(2|3|4) head()", "some"), TABLE)
    outcome = run(study, first_fails, Budget(trials=2), storage=storage)
    assert [row["state"] for row in outcome.rows] == ["failed", "complete", "complete"]
    assert outcome.has_trained


# --- results of another study ---


def test_a_copy_names_the_run_that_was_trained(storage: str) -> None:
    space = "network = conv(8) head()"
    for name in ("first", "second", "third"):
        searched(space, storage, name=name)
    reasons = {row["study"]: row["reason"] for row in load_results(storage)}
    taken = "the result is that of study first, number 0"
    assert reasons == {"first": None, "second": taken, "third": taken}
    other = Study("other", Space.of(space, "other"), replace(TABLE, seed=1))
    assert run(other, constant, Budget(trials=1), storage=storage).rows[0]["reason"] is None


class AfterTwoEpochs(BasePruner):
    """Prunes whatever has come to its second epoch."""

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        return trial.last_step == 2


def test_a_copy_that_is_pruned_is_still_a_copy(storage: str) -> None:
    """Its hour was another study's, and does not count as time of this one."""

    def score(job: Job) -> None:
        job.note({"precision": "looked up"})
        for number in (1, 2, 3):
            job.report(Epoch(number, 0.0, 1.0, 50.0, 1.0, 60.0, 1200.0))

    three_epochs = replace(TABLE, recipe=Recipe(epochs=3))
    first, second = (Study(name, Space.of("network = conv(8|9) head()", name), three_epochs) for name in "ab")
    run(first, score, Budget(trials=2), storage=storage, pruner=NopPruner())
    (row,) = run(second, score, Budget(trials=1), storage=storage, pruner=AfterTwoEpochs()).rows
    number = next(one["number"] for one in load_results(storage) if one["digest"] == row["digest"])
    assert (row["state"], row["epochs"], row["precision"]) == ("pruned", 2, "looked up")
    assert row["reason"] == (
        f"the result is that of study a, number {number}; below the median of the others after epoch 2"
    )
    later = run(second, score, Budget(trials=2, hours=0.5), storage=storage, pruner=AfterTwoEpochs())
    assert [one["state"] for one in later.rows] == ["pruned", "pruned"]
