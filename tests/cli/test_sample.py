"""`archsearch sample`: networks that fit, or with --any all of them, each with equal probability."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from examples.mistakes import Capture, message, refused, run
from examples.words import IMPORTS

# `conv(4)` by two derivations, one network that does not fit, and one whose shapes do not
RULES = "limits params < 200\nnetwork = conv(4, kernel=3) head() | conv(2|4|8|64) head() | maxpool(64) head()\n"


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.space").write_text(RULES)


def drawn(capsys: Capture, *arguments: str) -> Counter[str]:
    _status, said, _ = run(capsys, "sample", "own.space", *arguments, "--json")
    return Counter(row["sentence"] for row in json.loads(said))


def test_only_what_fits_each_equally_likely(capsys: Capture) -> None:
    times = drawn(capsys, "-n", "600")
    assert sorted(times) == ["conv(2) head()", "conv(4) head()"]
    assert 240 < times["conv(4) head()"] < 360


def test_any(capsys: Capture) -> None:
    times = drawn(capsys, "-n", "600", "--any")
    assert sorted(times) == [
        "conv(2) head()",
        "conv(4) head()",
        "conv(64) head()",
        "conv(8) head()",
        "maxpool(64) head()",
    ]
    assert all(75 < count < 165 for count in times.values())


def test_the_seed_decides(capsys: Capture) -> None:
    first, again, other = (drawn(capsys, "--seed", seed) for seed in ("1", "1", "2"))
    assert first == again != other


def test_none_fits(capsys: Capture) -> None:
    said = refused(capsys, "sample", "own.space", "--limits", "rf > 44")
    remedy = "loosen the limits; `archsearch explain` says what each refuses"
    assert said == message("no network of `own` fits: rf > 44", remedy)


def test_what_cannot_be_counted_can_be_drawn_from_all(capsys: Capture) -> None:
    words = "WORDS = [Word('before', (), lambda build: build.then(Elementwise('relu'), build.last - 1))]\n"
    Path("words.py").write_text(IMPORTS + words)
    Path("own.space").write_text("network = conv(4|8) before head()\n")
    said = refused(capsys, "sample", "own.space", "--words", "words.py")
    assert "`before` depends on operations of the words before it" in said
    assert "draw from all networks, with --any" in said
    assert run(capsys, "sample", "own.space", "--words", "words.py", "--any")[0] == 0
