"""A table of results that was written as CSV is read back as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples.mistakes import Capture, run
from examples.searching import STUDY, score_in

from archsearch.errors import StudyError
from archsearch.study.budget import Budget
from archsearch.study.loop import run as search
from archsearch.study.results import load_results

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
        ("study,state\n", "`t.csv` is no table of results: it has no column `sentence`"),
        ("", "`t.csv` is no table of results: it has no column `study`"),
        (f"{HEADER}\na,1,complete\n", "`t.csv`, line 2, has 3 cells; the header has 5"),
        (f"{HEADER}\na,0,,,conv(8)\n", "`t.csv`, line 2, column `state` is empty"),
        (f"{HEADER}\na,1_0,complete,,conv(8)\n", "`t.csv`, line 2, column `number` is `1_0`; it must be a number"),
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
