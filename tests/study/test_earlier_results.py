"""A results table that version 0.1 wrote opens, and what stands in it is not trained again."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from archsearch.cli import main

WRITTEN = Path(__file__).parents[1] / "examples" / "results_0_1.sql"
# Version 0.1 trained over one cycle and knew no Muon; `fast` has Muon and a constant rate now.
CYCLE = ("--schedule", "one_cycle", "--warmup", "0.25", "--cooldown", "0.25")
RECIPE = ("--data", "digits", "--augmentation", "none", "--muon-learning-rate", "0", *CYCLE)
LIMITS = "rf > 44, params < 30k, macs < 3M, dilated >= 1, depthwise >= 1"

Rows = list[dict[str, Any]]


@pytest.fixture
def storage(tmp_path: Path) -> str:
    file = tmp_path / "archsearch.db"
    with closing(sqlite3.connect(file)) as database:
        database.executescript(WRITTEN.read_text())
    return f"sqlite:///{file}"


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> Rows:
    monkeypatch.setattr(sys, "argv", ["archsearch", *arguments, "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert not ended.value.code, err
    rows: Rows = json.loads(out)
    return rows


def test_every_row_is_there(
    storage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = run(monkeypatch, capsys, "results", "--storage", storage)
    found = {(row["study"], row["number"]): row for row in rows}
    assert len(found) == 10
    assert found["first", 1]["digest"] == "845004bfb22bb2ac"
    assert found["own_word", 0]["reason"] == "rf is 41, not > 44"
    assert found["train", 0]["val_accuracy"] == pytest.approx(10.4895, abs=1e-4)


def test_a_search_goes_on_and_trains_nothing_twice(
    storage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = run(monkeypatch, capsys, "results", "--storage", storage, "--where", "study = 'first'")
    search = ("search", "first", *RECIPE, "--epochs", "2", "--limits", LIMITS, "--storage", storage)
    assert run(monkeypatch, capsys, *search, "--trials", "3") == sorted(before, key=lambda row: row["number"])
    after = run(monkeypatch, capsys, *search, "--trials", "4")
    digests = [row["digest"] for row in after]
    assert len(digests) == len(set(digests))
    assert sum(row["val_accuracy"] is not None for row in after) == 4
    assert {row["digest"]: row["seconds"] for row in before}.items() <= {
        row["digest"]: row["seconds"] for row in after
    }.items()


def test_a_network_trained_before_is_not_trained_again(
    storage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = "conv(8, stride=2) conv(16, stride=2) head()"
    rows = run(monkeypatch, capsys, "train", sentence, *RECIPE, "--epochs", "1", "--storage", storage)
    assert [(row["study"], row["number"]) for row in rows] == [("train", 0)]
    assert len(run(monkeypatch, capsys, "results", "--storage", storage, "--where", "study = 'train'")) == 1
