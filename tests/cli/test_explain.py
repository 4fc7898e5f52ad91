"""`archsearch explain`: what it writes, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from examples.mistakes import SPACES, Capture, message, refused, run

from archsearch.analysis.cost import Calibration

TWICE = "limits params < 3k\nnetwork = part(8|16)*1..2 head()\npart(w) = conv(w) | conv(w, kernel=3)\n"


@pytest.fixture
def twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A space in which each sentence has several derivations, in the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twice.space").write_text(TWICE)
    return "twice.space"


def test_each_sentence_once(capsys: Capture, twice: str) -> None:
    said = "twice: 6 sentences, by 20 derivations\nlimits: params < 3k\n5 fit (83.33 %)\n"
    assert run(capsys, "explain", twice) == (0, said, "")


def test_a_limit_that_none_keeps(capsys: Capture, twice: str) -> None:
    said = "twice: 6 sentences, by 20 derivations\nlimits: rf > 44\n0 fit (none)\n"
    assert run(capsys, "explain", twice, "--limits", "rf > 44") == (1, said, "")


def test_each_limit_alone(capsys: Capture, twice: str) -> None:
    _status, said, _ = run(capsys, "explain", twice, "--limits", "rf > 3, params < 1k")
    assert said.split("\n")[2:] == [
        "1 fit (16.67 %)",
        "",
        "limit        kept alone by  share",
        "rf > 3       4              66.67 %",
        "params < 1k  3              50.00 %",
        "",
    ]


def test_shapes_that_do_not_fit(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "own.space").write_text("network = conv(8|16, kernel=3|33, padding=0) head()")
    status, said, _ = run(capsys, "explain", str(tmp_path / "own.space"))
    assert said == (
        "own: 4 sentences, by 4 derivations\nshapes fit in 2 of them (50.00 %)\nlimits: none\n2 fit (50.00 %)\n"
    )
    assert status == 0


def test_json(capsys: Capture, twice: str) -> None:
    _status, said, _ = run(capsys, "explain", twice, "--json")
    assert json.loads(said) == {
        "space": "twice",
        "limits": "params < 3k",
        "derivations": 20,
        "sentences": 6,
        "shaped": 6,
        "feasible": 5,
        "feasible_least": 5,
        "feasible_most": 5,
        "rounded": {},
        "unknown": [],
        "alone_least": {"params < 3k": 5},
        "alone_most": {"params < 3k": 5},
    }


def test_an_interval_where_memory_is_short(capsys: Capture) -> None:
    limits = "params < 180k, macs < 25M"
    status, said, _ = run(capsys, "explain", "cpu200k", "--limits", limits, "--memory", "1", "--json")
    found = json.loads(said)
    assert found["feasible"] is None
    assert 0 < found["feasible_least"] < found["feasible_most"] < found["sentences"]
    assert status == 0


def test_what_is_not_known_from_word_to_word(capsys: Capture, twice: str) -> None:
    limits = ["--limits", "activation_bytes < 1M, params < 3k"]
    status, said, _ = run(capsys, "explain", twice, *limits)
    assert "from 0 to 5 fit (83.33 %); activation_bytes is not known from word to word\n" in said
    assert status == 0
    _status, said, _ = run(capsys, "explain", twice, *limits, "--json")
    assert json.loads(said)["unknown"] == ["activation_bytes"]


def test_seconds_by_a_calibration(capsys: Capture, twice: str, tmp_path: Path) -> None:
    # Each of the 6 operations of conv(8) head() takes half a second: 10 us for each of 50,000 images.
    file = tmp_path / "machine.json"
    file.write_text(json.dumps(Calibration(operation=1e-5).written()), encoding="utf-8")
    limits = ["--limits", "seconds <= 3", "--calibration", str(file)]
    _status, said, _ = run(capsys, "explain", twice, *limits)
    assert "\n2 fit (33.33 %)\n" in said


def test_no_space(capsys: Capture) -> None:
    said = refused(capsys, "explain", "frist")
    assert said == message("there is no space `frist`", f"{SPACES}did you mean `first`?")
