"""Why nothing fits: the nearest figures, as among all networks, each analysed for itself."""

from __future__ import annotations

import pytest
from examples.census import BLOCKS, verdicts

from archsearch import Space
from archsearch.census.automaton import Automaton
from archsearch.census.count import MEMORY, Count, census, paths
from archsearch.census.emptiness import Relaxed, limits_on, relaxed
from archsearch.notation.clauses import Comparison


def without(rules: str, limits: str) -> tuple[Relaxed, ...]:
    space = Space.of(rules).with_limits(limits)
    found = paths(space, Automaton(space))

    def most(text: str) -> int:
        (clause,) = [one for one in space.limits.condition.clauses if one.text == text]
        return Count.of(census(found, limits_on(space.limits, (clause,)), MEMORY)).most

    texts = [clause.text for clause in space.limits.condition.clauses]
    return relaxed(space, found, {text: most(text) for text in texts}, MEMORY)


# 28 w + 10 w + 10 parameters with one convolution; a second one adds 27 or 9 times both widths, and so on.
HAND = "network = conv(4|8) conv(4|8, norm=none)*0..1 head()"
ALONE = [
    ("params < 100", "params <= 170", 170),
    ("params <= 100", "params <= 170", 170),
    ("rf > 8", "rf >= 5", 5),
    ("rf < 3", "rf <= 3", 3),
    ("rf >= 6, rf < 3", "rf >= 5", 5),
    ("rf = 4", "rf = 3", 3),
    ("rf = 9", "rf = 5", 5),
    ("depth > 3", "depth >= 3", 3),
    ("dilated >= 1", "dilated >= 0", 0),
]


@pytest.mark.parametrize(("limits", "to", "nearest"), ALONE)
def test_a_limit_that_none_keeps(limits: str, to: str, nearest: int) -> None:
    found = without(HAND, limits)[0]
    assert (found.alone, found.helps, found.to, found.nearest) == (True, True, to, nearest)
    assert found.network is not None
    assert Space.of(HAND).with_limits(to).check(found.network).fits


@pytest.mark.parametrize(
    "limits",
    [
        "params < 700, rf > 20",
        "rf < 8, params > 2k, dilated >= 1",
        "macs = 53820, rf > 20",
        "dilated = 1, depth > 5, params < 900",
        "dilated = 1, rf < 9",
        "rf <= 5, params > 1500",
        "rf_inside > 15, macs < 50k",
    ],
)
def test_the_others_as_they_are(limits: str) -> None:
    space = Space.of(BLOCKS).with_limits(limits)
    figures = [one.figures for one in verdicts(BLOCKS, space.vocabulary) if one.profile is not None]
    texts = [clause.text for clause in space.limits.condition.clauses]
    found = {one.limit: one for one in without(BLOCKS, limits)}
    assert [*found] == texts
    for text, one in found.items():
        others = space.with_limits(", ".join(other for other in texts if other != text))
        (clause,) = space.with_limits(text).limits.condition.clauses
        assert isinstance(clause, Comparison)
        name, bound = clause.name, clause.bound
        assert isinstance(bound, int)
        values = [int(each[name]) for each in figures if not others.limits.violations(each)]
        assert (one.alone, one.helps) == (False, bool(values))
        if values:
            assert one.nearest is not None
            assert abs(one.nearest - bound) == min(abs(value - bound) for value in values)
            assert one.network is not None
            assert others.check(one.network).fits
            assert others.check(one.network).figures[name] == one.nearest


def test_no_number_to_relax() -> None:
    either, rf = without(HAND, "params < 100 or rf > 9, rf != 4")[0], without(HAND, "depthwise != 0, rf > 3")[0]
    assert (either.alone, either.helps, either.nearest, either.to) == (True, True, None, None)
    assert (rf.limit, rf.helps, rf.nearest) == ("depthwise != 0", True, None)
