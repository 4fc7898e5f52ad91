"""Networks drawn by their numbers: each that keeps the limits has one, so draws are fair."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest
from examples.census import BLOCKS, SHRINKING, WIDTHS, limited_spaces, one_by_one
from examples.grammars import GRAMMARS, networks
from hypothesis import HealthCheck, given, settings
from scipy.stats import chisquare

from archsearch import ArchsearchError, Space
from archsearch.analysis.fragment import NotFoldedError
from archsearch.census.automaton import Automaton
from archsearch.census.census import Census
from archsearch.census.digits import Ways
from archsearch.census.feasible import Feasible
from archsearch.census.intervals import Numbers
from archsearch.census.lattice import network


def fitting(space: Space) -> list[str]:
    """Return the networks that are known to keep the limits, each once, by brute force."""
    return sorted(text for text, one in networks(space).items() if space.check(one).fits)


@pytest.mark.parametrize("rules", GRAMMARS.values(), ids=GRAMMARS)
@pytest.mark.parametrize("limits", ["", "params > 300, macs < 400k", "rf > 4 or depth = 2"])
def test_each_number_is_that_of_another_network_that_fits(rules: str, limits: str) -> None:
    space = Space.of(rules).with_limits(limits)
    found = Feasible(space)
    if found.count.is_exact:
        assert sorted(map(str, found.networks(range(found.size)))) == fitting(space)


@pytest.mark.parametrize("rules", [BLOCKS, SHRINKING], ids=["blocks", "shrinking"])
@pytest.mark.parametrize("limits", ["params > 1.2k, macs > 90k", "rf != 15, dilated = 2 or depth > 5"])
def test_numbers_of_larger_spaces(rules: str, limits: str) -> None:
    space = Space.of(rules).with_limits(limits)
    found = Feasible(space)
    assert sorted(map(str, found.networks(range(found.size)))) == fitting(space)


@pytest.mark.parametrize("count", [25, pytest.param(2_000, marks=pytest.mark.slow)])
def test_numbers_of_random_spaces(count: int) -> None:
    @settings(max_examples=count, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
    @given(limited_spaces())
    def holds(space: Space) -> None:
        try:
            found = Feasible(space)
        except NotFoldedError:
            return
        texts = [str(one) for one in found.networks(range(found.size))]
        assert len({*texts}) == len(texts)
        assert {*fitting(space)} <= {*texts}
        assert len(texts) == one_by_one(space).may_fit

    holds()


def test_no_number_beyond_the_last() -> None:
    found = Feasible(Space.of("limits params < 3k\nnetwork = conv(8|16)*1..2 head()"))
    with pytest.raises(IndexError, match="5 networks fit: numbers are from 0 to 4"):
        found.networks([5])


UNEVEN = """
limits params < 900
network = part(4|8)*1..2 head()
part(w) = conv(w) | conv(w, kernel=3) | conv(8)
"""


def drawn(found: Feasible, times: int) -> Counter[str]:
    return Counter(map(str, islice(found.sample(seed=0), times)))


def test_draws_are_fair_where_some_networks_have_more_derivations() -> None:
    space = Space.of(UNEVEN)
    times = drawn(Feasible(space), 3_000)
    assert sorted(times) == fitting(space)
    assert chisquare([*times.values()]).pvalue > 0.001


def test_a_changed_weight_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Census.onward

    def changed(found: Census, rows: Numbers, node: int, edge: int) -> Ways:
        return right(found, rows, node, edge) * (2 if (node, edge) == (0, 0) else 1)

    monkeypatch.setattr(Census, "onward", changed)
    times = drawn(Feasible(Space.of(UNEVEN)), 3_000)
    assert chisquare([*times.values()]).pvalue < 0.001


def test_draws_from_rounded_sums_keep_the_limits() -> None:
    space = Space.of(WIDTHS).with_limits("macs > 125k, macs < 135k")
    found = Feasible(space, memory=1_200)
    assert not found.count.is_exact
    times = drawn(found, 1_200)
    assert sorted(times) == fitting(space)
    assert chisquare([*times.values()]).pvalue > 0.001


def test_nothing_to_draw() -> None:
    found = Feasible(Space.of("limits params < 100\nnetwork = conv(8|16) head()", "small"))
    with pytest.raises(ArchsearchError, match="no network of `small` fits: params < 100"):
        next(found.sample(seed=0))


@pytest.mark.parametrize("rules", GRAMMARS.values(), ids=GRAMMARS)
def test_all_sentences_by_number(rules: str) -> None:
    space = Space.of(rules)
    machine = Automaton(space)
    texts = [str(network(machine.at(number))) for number in range(machine.size)]
    assert sorted(texts) == sorted(networks(space))
    with pytest.raises(IndexError, match="sentences"):
        machine.at(machine.size)
