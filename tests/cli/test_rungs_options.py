"""`archsearch search --rungs`, and `--plan`, which shows what a search would do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from examples.mistakes import Capture, run

SEARCH = ("search", "first", "--data", "digits", "--augmentation", "crop", "--threads", "1", "--precision", "fp32")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--rungs", "4,2"),
            "`--rungs` is 4,2; it must be whole numbers from 1 to 1,000,000 that rise, as in 2,7,15\n"
            "  see `archsearch search --help`",
        ),
        (
            ("--rungs", "two"),
            "`--rungs` is two; it must be whole numbers from 1 to 1,000,000 that rise, as in 2,7,15\n"
            "  see `archsearch search --help`",
        ),
        (
            ("--rungs", "2,4", "--epochs", "4"),
            "`--epochs` has no effect here: the last of the rungs says it\n  leave out --epochs",
        ),
        (
            ("--plan", "--keep", "3"),
            "`--keep` has no effect here: --plan trains nothing\n  leave out --keep",
        ),
    ],
)
def test_mistakes(capsys: Capture, folder: Path, options: tuple[str, ...], message: str) -> None:
    status, out, err = run(capsys, *SEARCH, "--trials", "3", *options)
    assert (status, out) == (2, "")
    assert err == f"archsearch: {message}\n"


def test_the_plan_is_shown_and_nothing_is_written(capsys: Capture, folder: Path) -> None:
    status, out, _err = run(capsys, *SEARCH, "--trials", "9", "--plan", "--json")
    assert status == 0
    rungs = json.loads(out)
    assert [(one["rung"], one["epochs"], one["networks"]) for one in rungs] == [(1, 2, 9), (2, 7, 3), (3, 15, 1)]
    for one in rungs:
        assert one["minutes"] == pytest.approx(one["networks"] * one["minutes_each"])
    assert rungs[1]["minutes_each"] == pytest.approx(3.5 * rungs[0]["minutes_each"])
    assert not [*folder.rglob("*.db")]


def test_a_space_of_one_network_has_a_plan(capsys: Capture, folder: Path) -> None:
    (folder / "one.space").write_text("network = conv(4, stride=8) head()\n")
    status, out, _err = run(capsys, SEARCH[0], "one.space", *SEARCH[2:], "--trials", "1", "--plan", "--json")
    assert (status, len(json.loads(out))) == (0, 3)


def test_a_search_says_its_plan_and_how_its_rungs_rank(capsys: Capture, folder: Path) -> None:
    status, out, err = run(capsys, *SEARCH, "--trials", "2", "--rungs", "1,2")
    assert status == 0
    assert "plan: 2 networks for 1 epoch, the best 1 of them for 2\n" in err
    assert "rung 1 of 2: 1 epoch each, 0 of 2 trained\n" in err
    assert "rung 2 of 2: 2 epochs each, 0 of 1 trained\n" in err
    assert "the plan is done: 2 networks were trained for 1 epoch, 1 for 2\n" in err
    # Two networks say nothing of a rank.
    assert "rank correlation" not in err
    assert out.count("complete") == 3
