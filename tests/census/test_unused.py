"""Options that no network takes which fits: as when every derivation is tried."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from examples.census import BLOCKS
from examples.grammars import GRAMMARS, random_spaces
from hypothesis import HealthCheck, given, settings

from archsearch import Network, Space
from archsearch.analysis.fragment import NotFoldedError
from archsearch.census import unused as module
from archsearch.census.automaton import Automaton
from archsearch.census.count import paths
from archsearch.census.unused import Option, unused
from archsearch.space.choose import by_index


def by_trying(space: Space) -> list[str]:
    """Return the options of all derivations, but for those that a network takes which may fit."""
    offered, taken = set[tuple[str, str]](), set[tuple[str, str]]()
    for index in range(space.size):
        chosen = by_index(index)

        def choose(slot: str, options: tuple[str, ...], counts: tuple[int, ...]) -> int:
            part = written_at(slot, space)
            offered.update((part, option) for option in options)
            number = chosen(slot, options, counts)  # noqa: B023
            taking.add((part, options[number]))  # noqa: B023
            return number

        taking = set[tuple[str, str]]()
        verdict = space.check(space.derive(choose))
        taken |= taking if verdict.fits or verdict.is_open else set()
    return sorted(text for _part, text in offered - taken)


def written_at(slot: str, space: Space) -> str:
    """Return which part of the text a slot is at: the way to it from its rule, however often it is repeated."""
    words = re.sub(r"#\d+", "#", slot).split(".")
    last = max(number for number, word in enumerate(words) if re.split(r"[\[#]", word)[0] in space.rules)
    return ".".join(words[last:])


def options(space: Space, fitting: Iterable[Network] = ()) -> tuple[Option, ...] | None:
    return unused(space, paths(space, Automaton(space)), fitting)


def texts(space: Space) -> list[str]:
    found = options(space)
    assert found is not None
    return sorted(option.text.split(" of *")[0].removeprefix("*") for option in found)


HAND = [
    ("network = conv(8|16|64)*1..2 head()", "params < 1k", {"64"}),
    ("network = conv(8) (relu | maxpool(2))*0..3 head()", "maxpool = 0, rf < 4", {"maxpool(2)"}),
    ("network = conv(8) (relu | conv(4) conv(4|5))*0..3 head()", "rf < 4", {"conv(4) conv(4|5)", "4", "5"}),
    ("network = a(3|5) head()\na(k) = conv(8, kernel=k|1) | conv(9, kernel=k)", "rf > 4", {"3", "1"}),
    ("network = again(conv(3, kernel=1|3|5), times=1|2) head()", "rf = 5", {"1"}),
    ("network = residual(conv(3) relu*0..1) conv(4, kernel=3|33, padding=0) head()", "", {"33"}),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "limits", "right"), HAND)
def test_by_hand(rules: str, limits: str, right: set[str]) -> None:
    assert texts(Space.of(rules).with_limits(limits)) == sorted(right)


def test_where_it_is_written() -> None:
    space = Space.of(
        "# widths\nlimits params < 1k\nnetwork = conv(8|64)\n          relu*0..1 head()", source="my.space"
    )
    (option,) = options(space) or ()
    assert (option.where, option.place.source) == ("line 3, column 18", "my.space")


@pytest.mark.parametrize("limits", ["", "params > 300, macs < 400k", "rf > 4 or depth = 2", "rf > 900"])
@pytest.mark.parametrize("rules", [BLOCKS, *GRAMMARS.values()], ids=["blocks", *GRAMMARS])
def test_as_by_trying(rules: str, limits: str) -> None:
    space = Space.of(rules).with_limits(limits)
    assert by_trying(space) == texts(space)
    fitting = [one for one in map(space.at, range(space.size)) if space.check(one).fits]
    assert options(space, fitting) == options(space)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(random_spaces(60))
def test_random_spaces(space: Space) -> None:
    space = space.with_limits("params > 300, macs < 60k or dilated > 0")
    try:
        assert by_trying(space) == texts(space)
    except NotFoldedError:
        return


def test_where_derivations_are_too_many_it_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    space = Space.of("limits params < 1k\nnetwork = conv(8|64) relu*0..1 head()")
    monkeypatch.setattr(module, "_MOST_EDGES", 2)
    assert options(space) is None
    assert options(space.with_limits(""), [space.at(0), space.at(3)]) == ()
