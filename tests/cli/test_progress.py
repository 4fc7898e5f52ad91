"""What is shown while networks train, and said where that is interrupted."""

from __future__ import annotations

import signal

import pytest
from examples.mistakes import SEARCH, TRAIN, Capture, run

from archsearch.cli.progress import Progress

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
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Progress, "step", interrupted)
    status, out, err = run(capsys, *command, *FAST)
    assert (status, out) == (130, "")
    assert err.splitlines()[-2:] == [kept, "archsearch: interrupted"]
