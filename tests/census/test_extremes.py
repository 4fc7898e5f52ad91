"""The networks with the least and the most of a figure: as among all, each analysed for itself."""

from __future__ import annotations

from contextlib import suppress

import pytest
from examples.census import BLOCKS, SHRINKING, verdicts
from examples.grammars import GRAMMARS, random_spaces
from hypothesis import HealthCheck, given, settings

from archsearch import Space
from archsearch.analysis.fragment import NotFoldedError
from archsearch.census import extremes as module
from archsearch.census.automaton import Automaton
from archsearch.census.count import MEMORY, census, paths
from archsearch.census.extremes import Extremes, TooManyRowsError, extremes

LIMITS = [
    "",
    "params > 1.2k, macs > 90k, macs < 280k",
    "rf > 10, dilated >= 1",
    "dilated = 0 or rf > 30",
    "rf > 999",
]


def found(space: Space, name: str) -> Extremes | None:
    lattice = paths(space, Automaton(space))
    return extremes(census(lattice, space.limits, MEMORY), name)


def holds(space: Space, name: str) -> None:
    figures = [one.figures for one in verdicts(space.text, space.vocabulary) if one.profile is not None]
    values = [one[name] for one in figures if not space.limits.violations(one)]
    right = found(space, name)
    assert (right is None) == (not values)
    if right is not None:
        assert (right.least, right.most) == (min(values), max(values))
        for network, value in ((right.smallest, right.least), (right.largest, right.most)):
            verdict = space.check(network)
            assert verdict.fits
            assert verdict.figures[name] == value


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("rules", [BLOCKS, SHRINKING, *GRAMMARS.values()], ids=["blocks", "shrinking", *GRAMMARS])
def test_as_among_all(rules: str, limits: str) -> None:
    holds(Space.of(rules).with_limits(limits), "params")


@pytest.mark.parametrize("limits", ["rf > 5", "rf > 5, macs < 200k", "rf > 5, macs < 200k, dilated >= 1"])
@pytest.mark.parametrize("rules", [BLOCKS, SHRINKING], ids=["blocks", "shrinking"])
@pytest.mark.parametrize("name", ["rf", "macs"])
def test_other_figures(rules: str, limits: str, name: str) -> None:
    # So large that no `rf` is cut off.
    holds(Space.of(rules).with_limits(f"{limits}, rf < 1k, macs < 1M"), name)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(random_spaces(100))
def test_random_spaces(space: Space) -> None:
    with suppress(NotFoldedError):
        holds(space.with_limits("params > 300, macs < 100k or dilated > 0"), "params")


def test_too_many_rows_are_not_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 10)
    with pytest.raises(TooManyRowsError):
        found(Space.of(BLOCKS).with_limits("macs < 200k"), "params")


# What a group of the channels of a concatenation sees is known only as a bound: some networks may fit, or not.
BOUNDS = "network = conv(4) concat(conv(2), conv(2, kernel=5|7)) split(same, relu | conv(2|4)) relu*0..1 head()"


@pytest.mark.parametrize("limits", ["rf > 6", "rf < 9", "rf_inside > 6", "rf < 8 or depth = 2"])
def test_only_networks_that_are_known_to_fit(limits: str) -> None:
    space = Space.of(BOUNDS).with_limits(limits)
    fitting = [one for one in map(space.check, map(space.at, range(space.size))) if one.fits]
    right = found(space, "params")
    assert (right is None) == (not fitting)
    if right is not None:
        sizes = [one.figures["params"] for one in fitting]
        assert (right.least, right.most) == (min(sizes), max(sizes))
        assert space.check(right.smallest).fits
        assert space.check(right.largest).fits
