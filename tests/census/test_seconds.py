"""Limits on seconds, counted as the whole analysis predicts them, and on what is not known from word to word."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import pytest
from examples.census import BLOCKS, SHRINKING, census, one_by_one
from examples.grammars import networks
from hypothesis import given
from hypothesis import strategies as st

from archsearch import ArchsearchError, Limits, Space, check, parse
from archsearch.analysis.cost import Calibration
from archsearch.census.explanation import explain
from archsearch.census.intervals import Interval, may_hold, must_hold
from archsearch.census.ticks import PER_SECOND, in_ticks
from archsearch.notation.clauses import Comparison
from archsearch.notation.condition import holds

SLOW = Calibration(1e-11, 4e-11, 2e-11, 8e-11, 2e-9, 3e-9, 1e-9, 1e-6, device="a table")
FAST = Calibration(7e-13, 3e-12, 1.1e-12, 5e-12, 3e-11, 1e-10, 2e-11, 9e-8, device="another")
CONSTANT = Calibration(operation=0.0625)
NOTHING = Calibration()


@lru_cache
def seconds_of(rules: str, calibration: Calibration) -> tuple[float, ...]:
    """Return what training each network of a space takes, by the analysis of the whole."""
    space = Space.of(rules).with_limits(Limits().calibrated(calibration))
    verdicts = map(space.check, networks(space).values())
    return tuple(one.figures["seconds"] for one in verdicts if one.profile is not None)


COMPARISONS = {
    "<": float.__lt__,
    "<=": float.__le__,
    ">": float.__gt__,
    ">=": float.__ge__,
    "=": float.__eq__,
    "!=": float.__ne__,
}


@pytest.mark.parametrize("comparator", COMPARISONS)
@pytest.mark.parametrize(
    "calibration", [SLOW, FAST, CONSTANT, NOTHING], ids=["slow", "fast", "constant", "nothing"]
)
@pytest.mark.parametrize("rules", [BLOCKS, SHRINKING], ids=["blocks", "shrinking"])
def test_as_many_as_one_by_one(rules: str, calibration: Calibration, comparator: str) -> None:
    every = sorted(seconds_of(rules, calibration))
    for bound in {every[0], every[len(every) // 3], every[len(every) // 2] + 0.005, every[-1], every[-1] + 1}:
        right = sum(COMPARISONS[comparator](one, round(bound, 3)) for one in every)
        limits = Limits.of(f"seconds {comparator} {bound:.3f}").calibrated(calibration)
        found = census(Space.of(rules).with_limits(limits))
        assert found.least == found.most == right


def test_the_bounds_tell_networks_apart() -> None:
    assert len(set(seconds_of(BLOCKS, SLOW))) > 20
    assert len(set(seconds_of(SHRINKING, FAST))) > 4


def test_with_other_limits() -> None:
    space = Space.of(BLOCKS)
    limits = Limits.of("seconds < 5.5 or params < 900, rf > 10, not (seconds > 5.9)").calibrated(SLOW)
    space = space.with_limits(limits)
    right = sum(space.check(one).fits for one in networks(space).values())
    found = explain(space)
    assert 0 < found.feasible.least == found.feasible.most == right < found.shaped


@given(
    st.sampled_from([*COMPARISONS]),
    st.sampled_from(["0", "40", "0.01", "39.99", "39.995", "39.999", "100.5"]),
    st.integers(0, 20_000),
    st.integers(0, PER_SECOND // 100 - 1),
)
def test_ticks_turn_where_hundredths_do(comparator: str, bound: str, hundredths: int, ticks: int) -> None:
    (clause,) = Limits.of("seconds < 40").condition.clauses
    assert isinstance(clause, Comparison)
    clause = replace(clause, comparator=comparator, bound=float(bound))
    # The least ticks that are rounded to so many hundredths, and some more.
    sum_ = max(0, (2 * hundredths - 1) * PER_SECOND // 200 + ticks)
    known = {"seconds": Interval(sum_, sum_)}
    right = holds(clause, {"seconds": hundredths / 100})
    assert may_hold(in_ticks(clause), known) == must_hold(in_ticks(clause), known) == right


def test_not_calibrated() -> None:
    limits = Limits.of("seconds < 40")
    with pytest.raises(ArchsearchError) as counting:
        explain(Space.of(BLOCKS).with_limits(limits))
    with pytest.raises(ArchsearchError) as checking:
        check(parse("conv(8)"), limits)
    assert str(counting.value) == str(checking.value)


# limits, how many are known to keep them and how many may, by those that do not name what is unknown
UNKNOWN = [
    ("activation_bytes < 20k", None, ""),
    ("activation_bytes < 20k, params < 1.5k", None, "params < 1.5k"),
    ("activation_bytes < 20k or params < 1.5k", "params < 1.5k", ""),
    ("not (activation_bytes < 20k or params < 1.5k)", None, "params >= 1.5k"),
    ("activation_bytes >= 0, rf > 10", "rf > 10", "rf > 10"),
]


@pytest.mark.parametrize(("limits", "certain", "possible"), UNKNOWN)
def test_what_is_not_known_from_word_to_word(limits: str, certain: str | None, possible: str) -> None:
    space = Space.of(BLOCKS)
    found = explain(space.with_limits(limits)).feasible
    assert found.least == (0 if certain is None else one_by_one(space.with_limits(certain)).fits)
    assert found.most == one_by_one(space.with_limits(possible)).fits
    assert found.least <= one_by_one(space.with_limits(limits)).fits <= found.most
    assert found.is_exact or found.unknown == ("activation_bytes",)
