"""The shortest sentence with two derivations, and the derivations of a sentence: as when all are written down."""

from __future__ import annotations

from collections import defaultdict

import pytest
from examples.grammars import GRAMMARS, random_spaces
from hypothesis import HealthCheck, given, settings

from archsearch import Space
from archsearch.census.ambiguity import ambiguity
from archsearch.census.places import Places
from archsearch.census.routes import Routes
from archsearch.notation.network import WordCall, parse
from archsearch.space.choose import by_index, by_option, recording

DUPLICATES = {
    "one value in two places": "network = a(8) head()\na(w) = conv(w|8)",
    "one value in two places of a rule": "network = a(8) head()\na(w) = b(w|8)\nb(w) = conv(w)",
    "a value that is not used": "network = a(8|16) head()\na(w) = relu | conv(w)",
    "nothing in two ways": "network = conv(4) (relu*0..1)*1..2 head()",
    "a long way to it": "network = relu*40..40 conv(4|8) (relu | act) conv(4) (same | same*1..2) head()",
    "in brackets": "network = residual(conv(3) (relu | relu same)) residual((relu | relu*1..2) conv(3))",
    "no word is shorter": "network = relu relu relu same head() | residual(relu*1..2 (same | relu same))\n"
    "  | relu*3..4 same head()",
}
EVERY = GRAMMARS | DUPLICATES


def derivations(space: Space) -> dict[str, list[dict[str, str]]]:
    """Return all derivations of each sentence, as options by slot."""
    found = defaultdict[str, list[dict[str, str]]](list)
    for index in range(space.size):
        taken: dict[str, str] = {}
        found[str(space.derive(recording(by_index(index), taken)))].append(taken)
    return found


def words(calls: tuple[WordCall, ...]) -> int:
    return sum(1 + sum(map(words, call.bodies)) for call in calls)


def holds(space: Space) -> None:
    every, found = derivations(space), ambiguity(space)
    ambiguous = [sentence for sentence, ways in every.items() if len(ways) > 1]
    assert (found is None) == (not ambiguous)
    if found is not None:
        assert str(found.network) in ambiguous
        assert words(found.network.calls) == min(words(parse(one).calls) for one in ambiguous)
        ways = every[str(found.network)]
        assert found.derivations == len(ways)
        assert found.first in ways
        assert found.second in ways
        assert found.differing
        for taken in (found.first, found.second):
            assert space.derive(by_option(taken)) == found.network


@pytest.mark.parametrize("rules", EVERY.values(), ids=EVERY)
def test_as_among_all_derivations(rules: str) -> None:
    holds(Space.of(rules))


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(random_spaces(150))
def test_random_spaces(space: Space) -> None:
    holds(space)


@pytest.mark.parametrize("rules", EVERY.values(), ids=EVERY)
def test_routes_are_the_derivations(rules: str) -> None:
    space = Space.of(rules)
    places = Places(space)
    for sentence, ways in derivations(space).items():
        routes = Routes(places, parse(sentence))
        assert routes.count == len(ways) == len({*routes})
    assert Routes(places, parse("conv(99) head()")).count == 0


def test_where_two_derivations_differ() -> None:
    found = ambiguity(Space.of("network = (conv(8) | a) relu*0..1 head()\na = conv(8|16) same*0..1 | relu"))
    assert found is not None
    assert str(found.network) == "conv(8) head()"
    assert found.differing == {
        "network.0": ("conv(8)", "a"),
        "network.0[1].a": (None, "conv(8|16) same*0..1"),
        "network.0[1].a[0].0.channels": (None, "8"),
        "network.0[1].a[0].1.count": (None, "0"),
    }
