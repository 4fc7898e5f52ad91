"""`archsearch confirm`: its table for people and for programs, what it resumes, and its mistakes."""

from __future__ import annotations

import csv
import io
import json

import pytest
from examples.mistakes import SEARCH, Capture, message, refused, run

pytestmark = pytest.mark.usefixtures("folder")

SAME = ["--data", "digits", "--epochs", "1", "--augmentation", "none", "--threads", "1", "--precision", "fp32"]
SAME += ["--cutout", "0"]
CONFIRM = ["confirm", "tiny", *SAME]


def searched(capsys: Capture) -> None:
    assert run(capsys, *SEARCH[:-1], "2", "--threads", "1", "--precision", "fp32")[0] == 0


def test_the_table_for_people_and_for_programs(capsys: Capture) -> None:
    searched(capsys)
    status, out, err = run(capsys, *CONFIRM, "--top", "2", "--seeds", "2")
    assert status == 0
    header, first, second, *_ = out.splitlines()
    columns = ["network", "params", "rf", "macs", "mean", "sd", "seed_0", "seed_1", "minutes"]
    assert header.split() == columns
    assert {first.split()[0], second.split()[0]} == {"tiny#0", "tiny#1"}
    assert "\nbest: tiny#" in out
    assert "\nclass  accuracy" in out
    assert "one standard error of it" in out
    for number in range(1, 5):
        assert f"{number} of 4: tiny#" in err

    status, out, err = run(capsys, *CONFIRM, "--top", "2", "--seeds", "2", "--json")
    assert status == 0
    assert "study tiny confirmed" not in err
    lines = json.loads(out)
    assert [one["best"] for one in lines].count(True) == 1
    for one in lines:
        assert one["mean"] == pytest.approx((one["seed_0"] + one["seed_1"]) / 2)
        assert len(one["class_accuracy"]) == 10
    written = csv.DictReader(io.StringIO(run(capsys, *CONFIRM, "--top", "2", "--seeds", "2", "--csv")[1]))
    assert [one["network"] for one in written] == [one["network"] for one in lines]

    rows = json.loads(run(capsys, "results", "--where", "study = 'tiny confirmed'", "--json")[1])
    assert len(rows) == 4
    assert {row["confirms"] for row in rows} == {one["network"] for one in lines}


def test_one_seed_has_no_spread(capsys: Capture) -> None:
    searched(capsys)
    status, out, _ = run(capsys, "confirm", "tiny#0", *SAME, "--seeds", "1")
    assert status == 0
    assert out.splitlines()[0].split() == ["network", "params", "rf", "macs", "mean", "seed_0", "minutes"]
    assert "has no spread" in out


def test_mistakes(capsys: Capture) -> None:
    searched(capsys)
    one_study = "give one STUDY, or STUDY#NUMBER for each of its rows"
    for names in (["tiny#0", "other#1"], ["tiny", "tiny#0"], ["tiny", "tiny"]):
        rule = f"`{'` and `'.join(names)}` are not rows of one study"
        assert refused(capsys, "confirm", *names, *SAME) == message(rule, one_study)
    assert refused(capsys, "confirm", "tiny#0", *SAME, "--top", "2") == message(
        "`--top` has no effect here: the rows are named", "leave out --top"
    )
    assert refused(capsys, "confirm", "tiny#9", *SAME) == message(
        "study `tiny` has no network 9", "there are 0 to 1"
    )
    number = "9" * 5000
    assert f"there is no study `tiny#{number}`" in refused(capsys, "confirm", f"tiny#{number}", *SAME)
