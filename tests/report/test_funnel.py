"""The picture of a space: its bars, its texts, which must fit, and the files it is written to."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples.pictures import badly_placed, shown

from archsearch import ArchsearchError, Space, explain
from archsearch.census.explanation import Explanation
from archsearch.report.funnel import draw, figure

RULES = "network = part(8|16)*1..2 head()\npart(w) = conv(w) | conv(w, kernel=3)"
LIMITS = {
    "some": (RULES, "rf > 3, params < 1k"),
    "no limits": (RULES, ""),
    "one limit": (RULES, "params < 1k"),
    "one in many": ("input 3x1x1\nnetwork = (relu | same)*40 conv(8) head()", "activation_ops > 126, rf > 2"),
    "none": (RULES, "rf > 44, macs < 10M"),
    "a long limit": (RULES, "rf > 3 or params < 1k or macs < 100k or depth = 3, macs < 100_000k, dilated = 0"),
    "one network": ("network = conv(8) head()", "rf > 1, rf < 4"),
}


def found(name: str) -> Explanation:
    rules, limits = LIMITS[name]
    return explain(Space.of(rules).with_limits(limits))


@pytest.mark.parametrize("name", LIMITS)
def test_words_are_whole_and_apart(name: str) -> None:
    picture = figure("space", found(name))
    assert len(shown(picture)) > 6
    assert badly_placed(picture) == []


def test_bars_are_as_long_as_shares() -> None:
    bars, *charts = figure("twice", found("some")).axes
    widths = [round(bar.get_width(), 6) for bar in bars.patches]  # type: ignore[attr-defined]
    assert [label.get_text() for label in bars.get_yticklabels()] == [
        *("sentences", "shapes fit", "rf > 3", "params < 1k", "fit all limits"),
    ]
    assert widths == [1, 1, round(4 / 6, 6), 0.5, round(1 / 6, 6)]
    assert [text.get_text() for text in bars.texts][2:] == ["4 (66.67%)", "3 (50.00%)", "1 (16.67%)"]
    assert [chart.get_xlabel() for chart in charts] == ["rf", "params", "macs"]
    for chart in charts:
        assert sum(bar.get_height() for bar in chart.patches) == pytest.approx(1)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "scale"), [("some", "linear"), ("one in many", "log")])
def test_few_among_many_are_seen(name: str, scale: str) -> None:
    assert figure("space", found(name)).axes[0].get_xscale() == scale


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_same_bytes_twice(tmp_path: Path, suffix: str) -> None:
    first, second = tmp_path / f"first.{suffix}", tmp_path / f"second.{suffix}"
    for path in (first, second):
        draw("twice", found("some"), path)
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size > 5_000


def test_a_suffix_that_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(ArchsearchError, match="is not a known kind of picture"):
        draw("twice", found("some"), tmp_path / "space.gif")
