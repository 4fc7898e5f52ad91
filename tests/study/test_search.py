"""Searches that train real networks on the embedded digits, with a real SQLite file."""

from __future__ import annotations

import pytest

from archsearch import Network
from archsearch.analysis.limits import Verdict
from archsearch.data.dataset import Dataset
from archsearch.errors import ArchsearchError, StudyError
from archsearch.space.space import Space
from archsearch.study.columns import ResultRow
from archsearch.study.outcome import Outcome
from archsearch.study.results import load_results, select
from archsearch.study.search import search
from archsearch.study.watch import Watch
from archsearch.study.weights import WeightFiles
from archsearch.training.history import Epoch
from archsearch.training.recipe import Recipe
from archsearch.training.signals import synflow
from archsearch.training.weights import load_weights

QUICK = Recipe(epochs=2, augmentation="none")

# Four networks: two fit, one has too many parameters, and one too large a window for the map that is left.
FOUR = """
limits params < 2k
network = conv(4|64, kernel=4, stride=4, padding=0) pair
pair = head(pool=max) | conv(64, kernel=9, padding=0) head()
"""


def run(
    text: str,
    data: Dataset,
    storage: str,
    trials: int = 4,
    recipe: Recipe = QUICK,
    study: str | None = None,
    watch: Watch | None = None,
) -> Outcome:
    space = Space.of(text, "tiny")
    return search(space, data, recipe=recipe, trials=trials, storage=storage, study=study, watch=watch)


def states(rows: tuple[ResultRow, ...]) -> list[str]:
    return sorted(str(row["state"]) for row in rows)


def wide(widths: str) -> str:
    return f"network = conv({widths}, kernel=4, stride=4, padding=0) head()"


def test_every_candidate_becomes_one_row_with_its_reason_or_its_accuracy(data: Dataset, storage: str) -> None:
    outcome = run(FOUR, data, storage)
    assert outcome.ended == "every network of `tiny` that fits was tried"
    complete = select(outcome.rows, "state = 'complete'")
    refused = select(outcome.rows, "state = 'refused'")
    assert len({row["digest"] for row in outcome.rows}) == len(outcome.rows)
    (row,) = complete
    assert row["sentence"] == "conv(4, kernel=4, stride=4, padding=0) head(pool=max)"
    assert row["val_accuracy"] is not None
    assert 0 < float(row["val_accuracy"]) <= 100
    assert (row["params"], row["rf"], row["epochs"]) == (196 + 8 + 50, 4, 2)
    assert (row["data"], row["split"], row["recipe"], row["seed"]) == ("digits", "validation", str(QUICK), 0)
    assert {str(row["reason"]).split(" ")[0] for row in refused} <= {"params", "a"}
    assert all(row["val_accuracy"] is None for row in refused)
    assert load_results(storage) == outcome.rows


def test_a_rerun_of_an_exhausted_study_adds_nothing(data: Dataset, storage: str) -> None:
    first = run(FOUR, data, storage)
    again = run(FOUR, data, storage)
    assert again == first


def test_a_rerun_goes_on_to_the_number_asked_for_and_trains_nothing_twice(data: Dataset, storage: str) -> None:
    text = wide("4|8|12|16|20")
    first = run(text, data, storage, trials=2)
    assert first.ended == "2 of 2 networks are trained"
    assert run(text, data, storage, trials=2).rows == first.rows
    second = run(text, data, storage, trials=4)
    assert second.rows[:2] == first.rows
    assert len(select(second.rows, "state = 'complete'")) == 4
    assert len({row["digest"] for row in second.rows}) == len(second.rows)


def test_a_rerun_with_other_settings_is_refused_with_the_difference(data: Dataset, storage: str) -> None:
    run(wide("4|8"), data, storage, trials=1)
    with pytest.raises(StudyError) as caught:
        run(wide("4|8"), data, storage, trials=1, recipe=Recipe(epochs=3, augmentation="none"))
    assert str(caught.value).splitlines() == [
        "study `tiny` was begun with other settings:",
        "  recipe there: epochs 2",
        "  recipe asked: epochs 3",
        "  repeat its settings (--epochs 2), or begin another study with --study NAME",
    ]


def test_a_result_of_another_study_is_taken_not_trained_again(data: Dataset, storage: str) -> None:
    first = run(wide("4"), data, storage, study="one")
    watch = Steps()
    second = run(wide("4"), data, storage, study="two", watch=watch)
    assert watch.steps == 0
    assert second.rows[0]["val_accuracy"] == first.rows[0]["val_accuracy"]
    assert [(row["study"], row["state"]) for row in load_results(storage)] == [
        ("one", "complete"),
        ("two", "complete"),
    ]


def test_a_space_that_nothing_fits_is_refused_before_anything_is_trained(data: Dataset, storage: str) -> None:
    with pytest.raises(ArchsearchError) as caught:
        run("limits params < 100, rf > 99\n" + wide("4|8"), data, storage)
    assert str(caught.value).splitlines() == [
        "no network of `tiny` fits: params < 100, rf > 99",
        "  loosen the limits, or let the space derive others; `archsearch explain` says what each refuses",
    ]


def test_networks_that_fail_stop_the_search_with_the_reason(data: Dataset, storage: str) -> None:
    wild = Recipe(epochs=2, learning_rate=1e6, augmentation="none")
    outcome = run(wide("4|5|6|7|8|9|10"), data, storage, trials=7, recipe=wild)
    assert outcome.ended.startswith("5 networks in a row failed, the last: the loss is not finite")
    assert states(outcome.rows) == ["failed"] * 5
    assert all("finite" in str(row["reason"]) for row in outcome.rows)


def test_the_time_ends_a_search(data: Dataset, storage: str) -> None:
    outcome = search(Space.of(wide("4|8"), "tiny"), data, hours=1e-9, recipe=QUICK, storage=storage)
    assert outcome == Outcome((), "the time is up: 0 networks are trained")


def test_an_interrupted_network_is_trained_by_the_next_run(data: Dataset, storage: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(wide("4|8|12"), data, storage, watch=Interrupt(after_epochs=3))
    assert states(load_results(storage)) == ["complete", "waiting"]
    interrupted = next(row["digest"] for row in load_results(storage) if row["state"] == "waiting")
    rows = run(wide("4|8|12"), data, storage, trials=3).rows
    assert states(rows) == ["complete"] * 3
    assert interrupted in {row["digest"] for row in rows}
    assert len({row["digest"] for row in rows}) == 3


def test_a_network_may_be_interrupted_any_number_of_times(data: Dataset, storage: str) -> None:
    for _ in range(4):
        with pytest.raises(KeyboardInterrupt):
            run(wide("4"), data, storage, watch=Interrupt(after_epochs=0))
    assert states(load_results(storage)) == ["waiting"]
    assert states(run(wide("4"), data, storage).rows) == ["complete"]


def test_the_name_of_single_networks_is_kept_for_them(data: Dataset, storage: str) -> None:
    with pytest.raises(StudyError, match="the name `train` is kept"):
        run(wide("4"), data, storage, study="train")


def test_a_network_that_is_worse_than_the_others_is_pruned(data: Dataset, storage: str) -> None:
    recipe = Recipe(epochs=4, augmentation="none")
    rows = run(wide("3|4|5|6|7|8|9|10|11|12|13|14"), data, storage, trials=10, recipe=recipe).rows
    pruned = select(rows, "state = 'pruned'")
    assert pruned
    for row in pruned:
        assert row["reason"] == f"below the median of the others after epoch {row['epochs']}"
        assert 1 < int(str(row["epochs"])) < 4


class Steps(Watch):
    """Counts the batches."""

    steps = 0

    def step(self, done: int, total: int) -> None:
        self.steps += 1


class Interrupt(Watch):
    """Does as Ctrl-C does, in the first batch after so many epochs."""

    def __init__(self, after_epochs: int) -> None:
        self.epochs_left = after_epochs

    def training(self, number: int, network: Network, verdict: Verdict, epochs: int) -> None:
        self.number = number

    def epoch(self, number: int, epoch: Epoch) -> None:
        assert number == self.number
        self.epochs_left -= 1

    def step(self, done: int, total: int) -> None:
        if self.epochs_left == 0:
            raise KeyboardInterrupt


def test_signals_are_those_of_the_weights_that_training_begins_with(data: Dataset, storage: str) -> None:
    still = Recipe(epochs=1, learning_rate=1e-12, momentum=0, weight_decay=0, augmentation="none")
    (row,) = run(wide("8"), data, storage, trials=1, recipe=still).rows
    path = WeightFiles.of(storage, "tiny", 1).path(0)
    assert path is not None
    assert row["synflow"] == pytest.approx(synflow(load_weights(path).module))
