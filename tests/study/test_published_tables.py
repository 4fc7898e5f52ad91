"""A table of results that was written as CSV is read back as it was."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from examples.mistakes import Capture, run
from examples.searching import STUDY, score_in

from archsearch.errors import StudyError
from archsearch.study.budget import Budget
from archsearch.study.loop import run as search
from archsearch.study.results import load_results, select

HEADER = "study,number,state,val_accuracy,sentence"


def test_rows_are_read_back_as_they_were(capsys: Capture, folder: Path) -> None:
    search(STUDY, score_in(0), Budget(trials=3), storage="sqlite:///results/archsearch.db")
    capsys.readouterr()
    _, table, _ = run(capsys, "results", "--csv", "--sort", "number")
    (folder / "published.csv").write_text(table)
    assert load_results("published.csv") == load_results()
    for options in (["--json"], ["--csv", "--where", "params < 3k"], ["--sort", "val_loss", "--top", "2"]):
        before = run(capsys, "results", *options)
        after = run(capsys, "results", *options, "--storage", "published.csv")
        assert after == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("study,acuracy\n", "`t.csv` has a column `acuracy`, which no results have\n  "),
        (f"{HEADER},state\n", "`t.csv` has the column `state` twice\n  remove one of them"),
        ("study,state\n", "`t.csv` is no table of results: it has no column `sentence`"),
        ("", "`t.csv` is no table of results: it has no column `study`"),
        (f"{HEADER}\na,1,complete\n", "`t.csv`, line 2, has 3 cells; the header has 5"),
        (f"{HEADER}\na,0,,,conv(8)\n", "`t.csv`, line 2, column `state` is empty"),
        (f"{HEADER}\na,1_0,complete,,conv(8)\n", "`t.csv`, line 2, column `number` is `1_0`; it must be a number"),
        *(
            (f"{HEADER}\na,1,complete,{cell},conv(8)\n", f"`t.csv`, line 2, column `val_accuracy` is `{cell}`; it")
            for cell in ("1.2.3", ".", "-", "8e", "9" * 5000)
        ),
        (f'{HEADER}\na,1,"complete,,conv(8)\n', "`t.csv`, line 2: unexpected end of data"),
        (
            f"{HEADER}\na,0,refused,,conv(8)\na,1,complete,good,conv(8)\n",
            "`t.csv`, line 3, column `val_accuracy` is `good`; it must be a number\n  fix it, or leave it empty",
        ),
    ],
)
def test_mistakes(folder: Path, text: str, message: str) -> None:
    (folder / "t.csv").write_text(text)
    with pytest.raises(StudyError) as caught:
        load_results("t.csv")
    assert str(caught.value).startswith(message)


def test_a_file_that_is_not_there(capsys: Capture, folder: Path) -> None:
    status, _, err = run(capsys, "results", "--storage", "nothing.csv")
    assert (status, err.splitlines()[0]) == (2, "archsearch: cannot read `nothing.csv`: No such file or directory")


@pytest.mark.parametrize(
    ("cell", "value"), [("8", 8), ("-8.5", -8.5), (".5", 0.5), ("8.", 8.0), ("1e-05", 1e-5), ("-inf", -math.inf)]
)
def test_numbers(folder: Path, cell: str, value: float) -> None:
    (folder / "t.csv").write_text(f"{HEADER}\na,1,complete,{cell},conv(8)\n")
    (row,) = load_results("t.csv")
    assert row["val_accuracy"] == value


def test_what_is_not_a_number_is_no_value_and_comes_last(folder: Path) -> None:
    lines = (f"a,{number},complete,{cell},conv(8)\n" for number, cell in enumerate(("nan", "70", "NaN", "80")))
    (folder / "t.csv").write_text(f"{HEADER}\n{''.join(lines)}")
    assert [row["val_accuracy"] for row in select(load_results("t.csv"), sort="-val_accuracy")] == [
        80,
        70,
        None,
        None,
    ]
