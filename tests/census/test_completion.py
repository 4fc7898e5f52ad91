"""Options of a derivation that can still end in a network that fits: those that by brute force do."""

from __future__ import annotations

from collections import Counter

import pytest
from examples.census import BLOCKS, SHRINKING, WIDTHS, limited_spaces
from examples.grammars import GRAMMARS
from hypothesis import HealthCheck, given, settings

from archsearch import Space
from archsearch.analysis.fragment import NotFoldedError
from archsearch.census.completion import Completion
from archsearch.space.choose import by_index


def compare(space: Space, completion: Completion) -> None:
    """Follow every derivation: at each slot an option has as many ways as derivations go on by it and fit."""
    taken: dict[int, list[int]] = {}
    fitting = Counter[tuple[int, ...]]()
    for index in range(space.size):
        choices: dict[str, int] = {}
        choose = by_index(index)
        network = space.derive(lambda slot, *more: choices.setdefault(slot, choose(slot, *more)))  # noqa: B023
        path = taken[index] = [*choices.values()]
        if space.check(network).fits:
            fitting.update(tuple(path[:length]) for length in range(len(path) + 1))
    for path in taken.values():
        ahead, rest = completion.begin(), iter(path)

        def choose_next(_slot: str, options: tuple[str, ...], _counts: tuple[int, ...]) -> int:
            here = tuple(done)  # noqa: B023
            assert ahead.ways(len(options)) == tuple(fitting[*here, one] for one in range(len(options)))  # noqa: B023
            ahead.take(option := next(rest))  # noqa: B023
            done.append(option)  # noqa: B023
            return option

        done: list[int] = []
        space.derive(choose_next)
        assert done == path
    assert completion.count.least == fitting[()]


@pytest.mark.parametrize("rules", GRAMMARS.values(), ids=GRAMMARS)
@pytest.mark.parametrize("limits", ["", "params > 300, macs < 400k", "rf > 4 or depth = 2"])
def test_options_of_small_spaces(rules: str, limits: str) -> None:
    space = Space.of(rules).with_limits(limits)
    completion = Completion(space)
    if completion.count.is_exact:
        compare(space, completion)


@pytest.mark.parametrize("rules", [BLOCKS, SHRINKING], ids=["blocks", "shrinking"])
def test_options_under_several_limits(rules: str) -> None:
    space = Space.of(rules).with_limits("params > 1.2k, params < 2k, macs > 90k, dilated = 2 or depth > 5")
    compare(space, Completion(space))


@pytest.mark.parametrize("count", [25, pytest.param(500, marks=pytest.mark.slow)])
def test_options_of_random_spaces(count: int) -> None:
    @settings(max_examples=count, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
    @given(limited_spaces())
    def holds(space: Space) -> None:
        try:
            completion = Completion(space)
        except NotFoldedError:
            return
        if completion.count.is_exact:
            compare(space, completion)

    holds()


def test_where_sums_are_rounded_every_option_offered_ends_in_a_network_that_fits() -> None:
    space = Space.of(WIDTHS).with_limits("macs < 140k, params > 1k")
    completion = Completion(space, memory=2_500)
    assert 0 < completion.count.least < completion.count.most
    for index in range(0, space.size, 5):
        ahead, choose = completion.begin(), by_index(index)

        def choose_fitting(slot: str, options: tuple[str, ...], counts: tuple[int, ...]) -> int:
            wanted, ways = choose(slot, options, counts), ahead.ways(len(options))  # noqa: B023
            option = wanted if ways[wanted] else next(one for one, count in enumerate(ways) if count)
            ahead.take(option)  # noqa: B023
            return option

        assert space.check(space.derive(choose_fitting)).fits


def test_after_an_option_that_cannot_fit_none_can() -> None:
    ahead = Completion(Space.of("limits params < 1k\nnetwork = conv(8|64) (relu | same) head()")).begin()
    assert ahead.ways(2) == (2, 0)
    ahead.take(1)
    assert ahead.ways(2) == (0, 0)
    ahead.take(0)
