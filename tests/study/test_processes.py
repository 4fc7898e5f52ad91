"""Several searches at once, killed, stopped and joined: real processes on a real SQLite file."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from examples import searching

from archsearch.errors import StudyError
from archsearch.study.budget import Budget
from archsearch.study.loop import run
from archsearch.study.results import load_results
from archsearch.study.watch import Watch

ROUNDS = 3
instant = searching.score_in(0)


@pytest.fixture
def storage(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'results' / 'studies.db'}"


@contextmanager
def searching_in(storage: str, trials: int, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """A search in a process of its own, ready to begin."""
    command = [sys.executable, searching.__file__, storage, str(trials), str(seconds)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            wait_for("ready", process)
            yield process
        finally:
            process.kill()


def begin(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def end(process: subprocess.Popen[str]) -> str:
    """Return what a search says at its end, which must be a good one."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert not err
    return out


def wait_for(line: str, process: subprocess.Popen[str]) -> None:
    """Wait until a search writes a line; if it ends before, show what it wrote."""
    assert process.stdout is not None
    written = process.stdout.readline()
    assert written == f"{line}\n", (written, *process.communicate())


def states(storage: str) -> Counter[object]:
    try:
        return Counter(row["state"] for row in load_results(storage))
    except StudyError as error:
        assert error.message.startswith("there is no results table at")
        return Counter()


@pytest.mark.slow
@pytest.mark.parametrize("empty", [False, True])
def test_searches_that_begin_at_the_same_moment_share_a_study(tmp_path: Path, empty: bool) -> None:
    for number in range(ROUNDS):
        storage = f"sqlite:///{tmp_path / str(number) / 'studies.db'}"
        if empty:
            (tmp_path / str(number)).mkdir()
            (tmp_path / str(number) / "studies.db").touch()
        with ExitStack() as stack:
            processes = [stack.enter_context(searching_in(storage, 12, 0.05)) for _ in range(3)]
            for process in processes:
                begin(process)
            while not states(storage) and all(process.poll() is None for process in processes):
                time.sleep(0.01)  # nobody who reads meanwhile sees a part, or is in the way
            for process in processes:
                end(process)
        rows = load_results(storage)
        assert states(storage) == {"complete": len(rows)}
        assert 12 <= len(rows) <= 14
        assert len({row["digest"] for row in rows}) == len(rows)
        assert sorted(int(str(row["number"])) for row in rows) == [int(str(row["number"])) for row in rows]


def test_a_killed_search_goes_on_where_it_was(storage: str) -> None:
    """No row lost, none twice, none left running, and no waiting for a sign of the dead."""
    with searching_in(storage, 9, 0.4) as process:
        begin(process)
        for _ in range(3):
            wait_for("training", process)
    before = load_results(storage)
    assert states(storage) == {"complete": 2, "running": 1}
    watch = Abandoned()
    budget = Budget(trials=len(before) + 1)
    after = run(searching.STUDY, instant, budget, storage=storage, watch=watch).rows
    assert watch.numbers == [row["number"] for row in before if row["state"] == "running"]
    assert states(storage) == {"complete": len(before) + 1}
    assert [row["digest"] for row in before] == [row["digest"] for row in after][: len(before)]
    assert len({row["digest"] for row in after}) == len(before) + 1


def test_a_network_in_training_elsewhere_is_left_to_its_run(storage: str) -> None:
    with searching_in(storage, 1, 3) as process:
        begin(process)
        wait_for("training", process)
        joined = run(searching.STUDY, instant, Budget(trials=2), storage=storage)
        assert Counter(row["state"] for row in joined.rows) == {"running": 1, "complete": 2}
        end(process)
    assert states(storage) == {"complete": 3}


def test_a_network_that_kills_every_run_is_given_up(storage: str) -> None:
    for _ in range(3):
        with searching_in(storage, 1, 60) as process:
            begin(process)
            wait_for("training", process)
        assert states(storage) == {"running": 1}
    watch = Abandoned()
    outcome = run(searching.STUDY, instant, Budget(trials=1), storage=storage, watch=watch)
    assert watch.numbers == []  # nobody is told that it is trained again
    assert [(row["state"], row["reason"]) for row in outcome.rows] == [
        ("failed", "its run was killed, at every attempt"),
        ("complete", None),
    ]


def test_a_silent_run_of_another_host_is_taken_to_be_dead(storage: str) -> None:
    with searching_in(storage, 1, 60) as process:
        begin(process)
        wait_for("training", process)
    file = storage.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file)) as database:
        changed = (
            'update trial_system_attributes set value_json = replace(value_json, \'"host": "\', \'"host": "not \')'
        )
        database.execute(f"{changed} where key = 'trained_by'")
        database.commit()
    joined = run(searching.STUDY, instant, Budget(trials=1), storage=storage)
    assert Counter(row["state"] for row in joined.rows) == {"running": 1, "complete": 1}
    with closing(sqlite3.connect(file)) as database:
        database.execute("update trial_heartbeats set heartbeat = datetime(heartbeat, '-31 seconds')")
        database.commit()
    joined = run(searching.STUDY, instant, Budget(trials=2), storage=storage)
    assert Counter(row["state"] for row in joined.rows) == {"complete": 2}


class Abandoned(Watch):
    """Notes which networks were taken over from runs that have ended."""

    def __init__(self) -> None:
        self.numbers: list[object] = []

    def abandoned(self, number: int) -> None:
        self.numbers.append(number)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "status", "how"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "stopped by SIGTERM"),
        (signal.SIGHUP, 129, "stopped by SIGHUP"),
    ],
)
def test_a_signal_hands_back_the_network_in_training(tmp_path: Path, number: int, status: int, how: str) -> None:
    (tmp_path / "tiny.space").write_text("network = conv(4|8, kernel=4, stride=4, padding=0) head()")
    options = ["--data", "digits", "--trials", "1", "--epochs", "5000", "--augmentation", "none"]
    command = [sys.executable, "-m", "archsearch", "search", "tiny.space", *options]
    storage = f"sqlite:///{tmp_path / 'results' / 'archsearch.db'}"
    # A shell lets what it runs in the background ignore some signals.
    heeding = partial(signal.signal, number, signal.SIG_DFL)
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heeding,  # noqa: PLW1509  (it takes no lock)
    ) as process:
        try:
            while not states(storage):
                assert process.poll() is None, process.communicate()
                time.sleep(0.1)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, out) == (status, "")
    assert err.splitlines()[-2:] == [
        "what was finished is kept; the same command resumes the search",
        f"archsearch: {how}",
    ]
    assert states(storage) == {"waiting": 1}
