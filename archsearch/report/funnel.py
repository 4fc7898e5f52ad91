"""A space as a picture: how many of its networks keep the limits, and what those that fit are like.

Lengths on paper are in inches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullLocator, PercentFormatter

from archsearch.report.picture import BLUE, GREY, INK, ORANGE, PALE, save, styled

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from archsearch.census.distribution import Distribution
    from archsearch.census.explanation import Explanation

_WIDTH, _LEFT, _RIGHT = 11.0, 2.6, 2.4
_BAR, _HEAD, _GAP, _CHART, _FOOT = 0.32, 0.55, 1.15, 2.2, 0.6
_LOG_BELOW = 0.02
"""Where the smallest share is below that, shares are on a logarithmic axis."""
_LONGEST = 34


class _Bar(NamedTuple):
    label: str
    sentences: int
    text: str
    colour: str


def draw(name: str, found: Explanation, path: Path) -> None:
    """Write the picture of a space; the same explanation gives the same bytes. Raises what `save` raises."""
    save(lambda: _figure(name, found), path)


def figure(name: str, found: Explanation) -> Figure:
    """Return the picture of a space, for a notebook to show."""
    with styled():
        return _figure(name, found)


def _figure(name: str, found: Explanation) -> Figure:
    bars = _bars(found)
    distributions = found.sample.distributions
    bottom = _FOOT + (_CHART + _GAP if distributions else 0)
    height = _HEAD + _BAR * len(bars) + bottom
    figure = Figure((_WIDTH, height))
    _head(figure, height - 0.3, f"How many networks of {name} keep the limits")
    inner = _WIDTH - _LEFT - _RIGHT
    axes = figure.add_axes(
        (_LEFT / _WIDTH, bottom / height, inner / _WIDTH, _BAR * len(bars) / height),
    )
    _draw_bars(axes, bars, found.sentences)
    if distributions:
        _head(figure, bottom - _GAP + 0.35, f"rf, params and macs of {found.sample.text}")
    each = (_WIDTH - 0.9 - 0.5) / 3
    for number, one in enumerate(distributions):
        place = (0.9 + number * each) / _WIDTH, _FOOT / height, (each - 0.7) / _WIDTH, _CHART / height
        _draw_distribution(figure.add_axes(place), one)
    return figure


def _bars(found: Explanation) -> list[_Bar]:
    def bar(label: str, count: int, text: str, colour: str) -> _Bar:
        share = count / found.sentences
        said = f"{share:.2%}" if share >= 0.001 else f"1 in {1 / share:,.0f}" if count else "none"
        label = label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"
        return _Bar(label, count, f"{text} ({said})", colour)

    alone = [
        bar(limit, count.most, str(count), BLUE if count.most else ORANGE)
        for limit, count in found.alone.items()
        if len(found.alone) > 1
    ]
    return [
        bar("sentences", found.sentences, f"{found.sentences:,}", GREY),
        bar("shapes fit", found.shaped, f"{found.shaped:,}", GREY),
        *alone,
        bar("fit all limits", found.feasible.most, str(found.feasible), ORANGE),
    ]


def _head(figure: Figure, bottom: float, text: str) -> None:
    width, height = figure.get_size_inches()
    figure.text(0.3 / width, bottom / height, text, fontsize=12, color=INK, va="center")


def _draw_bars(axes: Axes, bars: list[_Bar], whole: int) -> None:
    shares = [bar.sentences / whole for bar in bars]
    least = min((share for share in shares if share), default=1.0)
    places = range(len(bars))
    axes.barh(places, shares, color=[bar.colour for bar in bars], height=0.7)
    axes.set_yticks(places, [bar.label for bar in bars])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    if least < _LOG_BELOW:
        axes.set_xscale("log")
        axes.set_xlim(least / 3, 1)
        axes.xaxis.set_major_locator(LogLocator(numticks=6))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(lambda share, _place: f"{100 * share:g}%")
    else:
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1))
    left, _right = axes.get_xlim()
    for place, share, bar in zip(places, shares, bars, strict=True):
        axes.annotate(bar.text, (max(share, left), place), (5, 0), textcoords="offset points", va="center")
    axes.set_xlabel("share of all sentences")


def _draw_distribution(axes: Axes, one: Distribution) -> None:
    widths = [after - before for before, after in zip(one.edges, one.edges[1:], strict=False)]
    whole = sum(one.counts)
    shares = [count / whole for count in one.counts]
    axes.bar(one.edges[:-1], shares, widths, align="edge", color=PALE, edgecolor=BLUE)
    axes.set_xlabel(one.name)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=(1, 2, 5, 10), integer=True))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
