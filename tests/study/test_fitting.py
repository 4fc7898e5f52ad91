"""What is completed fits, keeps what is wanted where it can, and is drawn as there are ways."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from examples.census import WIDTHS
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from archsearch.census.completion import Completion
from archsearch.census.feasible import Feasible
from archsearch.space.choose import by_option
from archsearch.space.space import Space
from archsearch.study.draws import Draws, FairDraws
from archsearch.study.fitting import Fitting, weighted

SPACE = Space.of("limits params < 600\nnetwork = conv(2|4|8, stride=2) (conv(2|4|8) | relu)*0..2 head()", "small")
FITTING = Fitting(SPACE, Feasible(SPACE), Completion(SPACE))
OPTIONS = [*"0123", "2", "4", "8", "conv(2|4|8)", "relu"]
SLOTS = ["network.0.channels", "network.1.count", "network.1#0", "network.1#0[0].channels", "network.1#1"]


class Fixed(random.Random):
    """Draws the number that it is told."""

    def __init__(self, number: int) -> None:
        self.number = number

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        return self.number


def test_each_way_has_a_number() -> None:
    ways = (2, 0, 10**40, 1)
    found = [weighted(ways, Fixed(number)) for number in (0, 1, 2, 10**40 + 1, 10**40 + 2)]
    assert found == [0, 0, 2, 2, 3]


@given(st.dictionaries(st.sampled_from(SLOTS), st.sampled_from(OPTIONS)), st.integers())
def test_what_is_completed_fits_and_keeps_what_is_wanted(wanted: dict[str, str], seed: int) -> None:
    choices = FITTING.complete(wanted, random.Random(seed))
    network = SPACE.derive(by_option(choices))
    assert SPACE.check(network).fits
    assert FITTING.complete(choices, random.Random(0)) == choices


def test_what_is_completed_of_nothing_is_drawn_fairly_from_the_derivations() -> None:
    found = Counter(tuple(FITTING.complete({}, random.Random(seed)).items()) for seed in range(1_000))
    fits = sum(SPACE.check(SPACE.at(index)).fits for index in range(SPACE.size))
    assert len(found) == fits
    assert chisquare([*found.values()]).pvalue > 1e-3


@pytest.mark.parametrize("fair", [True, False])
def test_each_network_that_fits_is_drawn_once(fair: bool) -> None:
    draws = FairDraws(SPACE, FITTING.feasible, seed=1) if fair else Draws(SPACE, seed=1)
    found: dict[str, str] = {}
    while (choices := draws.find(found, 10_000)) is not None:
        network = SPACE.derive(by_option(choices))
        found[str(SPACE.check(network).digest)] = str(network)
    assert draws.is_exhausted
    verdicts = [SPACE.check(SPACE.at(index)) for index in range(SPACE.size)]
    assert found.keys() == {verdict.digest for verdict in verdicts if verdict.fits}
    assert draws.fitted == (FITTING.feasible.size if fair else sum(verdict.fits for verdict in verdicts))


def test_what_only_rounded_sums_let_through_is_passed_over() -> None:
    space = Space.of(WIDTHS).with_limits("macs > 125k, macs < 135k")
    feasible = Feasible(space, memory=1_200)
    draws = FairDraws(space, feasible, seed=0)
    found = set[str]()
    while (choices := draws.find(found, 10_000)) is not None:
        found.add(str(space.check(space.derive(by_option(choices))).digest))
    verdicts = [space.check(space.at(index)) for index in range(space.size)]
    assert found == {verdict.digest for verdict in verdicts if verdict.fits}
    assert draws.fitted == len(found) < draws.looked_at == feasible.size
