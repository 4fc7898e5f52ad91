"""What is shown while networks train, and said where that is interrupted."""

from __future__ import annotations

import signal
from types import SimpleNamespace

import pytest
from examples.mistakes import SEARCH, TRAIN, Capture, run

from archsearch.cli.progress import Progress
from archsearch.cli.signals import StoppedError
from archsearch.study.columns import COLUMNS, ResultRow

FAST = ["--augmentation", "none", "--threads", "1", "--precision", "fp32"]


@pytest.mark.parametrize(
    ("command", "kept"),
    [
        (TRAIN, "the epochs that were finished are kept; the same command resumes the training"),
        (SEARCH, "what was finished is kept; the same command resumes the search"),
        (["confirm", "tiny", *TRAIN[2:]], "what was finished is kept; the same command goes on"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_who_interrupts_a_command_is_told_what_is_kept(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, command: list[str], kept: str
) -> None:
    if command[0] == "confirm":
        assert run(capsys, *SEARCH, *FAST)[0] == 0

    def interrupted(_progress: Progress, _done: int, _total: int) -> None:
        raise StoppedError(signal.SIGINT)

    monkeypatch.setattr(Progress, "step", interrupted)
    status, out, err = run(capsys, *command, *FAST)
    assert (status, out) == (130, "")
    assert err.splitlines()[-2:] == [kept, "archsearch: interrupted"]


def test_the_time_that_is_left_is_that_of_networks_that_were_trained(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two copies of other studies' results, then a network in a minute: one more takes a minute, too."""
    row = ResultRow(dict.fromkeys(COLUMNS) | {"number": 0, "state": "complete", "val_accuracy": 50.0})
    clock = iter((100.0, 160.0))
    monkeypatch.setattr("archsearch.cli.progress.time", SimpleNamespace(monotonic=lambda: next(clock)))
    shown = Progress(quiet=False)
    shown.started("tiny", 0, 4)
    shown.finished(row)
    shown.finished(row)
    shown.step(1, 1)
    shown.finished(row)
    assert capsys.readouterr().err.splitlines()[1:] == [
        *["#0 complete with 50.00 %"] * 2,
        "#0 complete with 50.00 %; about 60 s left for 1 more",
    ]
