"""Candidates that go wrong: each costs one row, with its reason, and the search goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from examples import killing
from examples.mistakes import Capture
from examples.mistakes import run as run_command

from archsearch.space.space import Space
from archsearch.study.budget import Budget
from archsearch.study.job import Job
from archsearch.study.loop import run
from archsearch.study.results import load_results
from archsearch.study.study import Measurement, Study
from archsearch.training.history import Epoch
from archsearch.training.recipe import Recipe

LINEAR = "conv(16, norm=none, activation=none)"
DIVERGES = f"conv(16, stride=8, norm=none, activation=none) {LINEAR} {LINEAR} {LINEAR} head()"
TOO_LARGE = "conv(999999999) head()"
TOO_SLOW = "conv(256) conv(256) conv(256) conv(256) head()"
KILLED = "conv(5, stride=8) head()"
FINE = "conv(4, stride=8) head()"

REASONS = {
    DIVERGES: ("failed", "the loss is not finite in epoch "),
    TOO_LARGE: ("failed", "training needs more than "),
    TOO_SLOW: ("failed", "it took longer than 0.3 min: stopped in epoch "),
    KILLED: ("failed", "its run was killed, at every attempt"),
    FINE: ("complete", ""),
}
RECIPE = ["--epochs", "2", "--learning-rate", "1", "--muon-learning-rate", "0", "--augmentation", "none"]
MACHINE = ["--precision", "fp32", "--threads", "1", "--minutes-each", "0.3"]


def searching(folder: Path, *networks: str) -> list[str]:
    """Write a space of these networks; return the arguments that search it whole."""
    (folder / "candidates.space").write_text(f"network = {' | '.join(networks)}\n")
    return ["search", "candidates.space", "--data", "digits", "--trials", "9", *RECIPE, *MACHINE]


def check_rows(*networks: str) -> None:
    """Require the row of each network, with the state and the reason that it has to have."""
    rows = {str(row["sentence"]): row for row in load_results()}
    assert rows.keys() == set(networks)
    for network, row in rows.items():
        state, reason = REASONS[network]
        assert row["state"] == state, network
        assert str(row["reason"] or "").startswith(reason), network
        assert bool(row["reason"]) is bool(reason), network


def test_those_that_go_wrong_by_themselves(capsys: Capture, folder: Path) -> None:
    status, out, err = run_command(capsys, *searching(folder, DIVERGES, TOO_LARGE, FINE))
    assert status == 0
    check_rows(DIVERGES, TOO_LARGE, FINE)
    assert len(out.splitlines()) == 4
    assert "\nevery network of `candidates` that fits was tried\n" in err
    assert [file.name for file in (folder / "results").rglob("*.safetensors")] == [
        f"{row['number']}.safetensors" for row in load_results() if row["state"] == "complete"
    ]


def test_where_nothing_was_trained_the_search_says_what_to_do(capsys: Capture, folder: Path) -> None:
    status, _, err = run_command(capsys, *searching(folder, DIVERGES, TOO_LARGE))
    assert status == 1
    check_rows(DIVERGES, TOO_LARGE)
    assert "\nevery network of `candidates` that fits was tried\n  none of them was trained: " in err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("networks", "status"),
    [((DIVERGES, TOO_LARGE, TOO_SLOW, KILLED, FINE), 0), ((DIVERGES, TOO_LARGE, TOO_SLOW, KILLED), 1)],
)
def test_all_of_them_one_of_which_kills_its_run(folder: Path, networks: tuple[str, ...], status: int) -> None:
    command = [sys.executable, killing.__file__, "SIGKILL", "2", KILLED, *searching(folder, *networks)]
    statuses: list[int] = []
    err = ""
    while not statuses or (statuses[-1] == -signal.SIGKILL and len(statuses) < 5):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        statuses.append(done.returncode)
        err = done.stderr
    assert statuses == [*[-signal.SIGKILL] * 3, status], err
    check_rows(*networks)
    assert ("none of them was trained: the column `reason` says why" in err) is (status == 1)


def test_the_time_of_earlier_runs_counts(tmp_path: Path) -> None:
    """A network of 50 s an epoch may take a minute; Ctrl-C in its second epoch gives it no more."""
    storage = f"sqlite:///{tmp_path / 'studies.db'}"
    measurement = Measurement("a table", "0123456789abcdef", "validation", Recipe(epochs=3), seed=0)
    study = Study("slow", Space.of("network = conv(8) head()", "slow"), measurement)

    def first_run(job: Job) -> None:
        job.report(Epoch(1, 0.0, 1.0, 50.0, 1.0, 50.0, 50.0))
        job.step(11, 30)
        raise KeyboardInterrupt

    def second_run(job: Job) -> None:
        job.report(Epoch(1, 0.0, 1.0, 50.0, 1.0, 50.0, 50.0))
        job.step(11, 30)
        job.report(Epoch(2, 0.0, 1.0, 50.0, 1.0, 50.0, 50.0))
        job.step(21, 30)

    budget = Budget(trials=1, minutes_each=1)
    with pytest.raises(KeyboardInterrupt):
        run(study, first_run, budget, storage=storage)
    (row,) = run(study, second_run, budget, storage=storage).rows
    assert (row["state"], row["reason"]) == ("failed", "it took longer than 1 min: stopped in epoch 3 of 3")


def test_the_time_in_which_the_device_is_chosen_is_not_the_network_s(tmp_path: Path) -> None:
    def choose() -> dict[str, object]:
        time.sleep(1.5)
        return {}

    def score(job: Job) -> None:
        job.remember("device", choose)
        job.step(1, 10)
        job.report(Epoch(1, 0.0, 1.0, 50.0, 1.0, 50.0, 0.1))

    measurement = Measurement("a table", "0123456789abcdef", "validation", Recipe(epochs=1), seed=0)
    study = Study("quick", Space.of("network = conv(8) head()", "quick"), measurement)
    storage = f"sqlite:///{tmp_path / 'studies.db'}"
    (row,) = run(study, score, Budget(trials=1, minutes_each=1 / 60), storage=storage).rows
    assert row["state"] == "complete"
