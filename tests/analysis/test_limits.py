"""Conditions: what holds, what is broken and by how much."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsearch.analysis.limits import Condition

FIGURES = {"rf": 44, "params": 200_000, "macs": 1_500_000, "depth": 3}

# condition, whether it holds for FIGURES
HOLDS = [
    ("rf > 44", False),
    ("rf >= 44", True),
    ("rf > 43", True),
    ("params < 200k", False),
    ("params <= 200k", True),
    ("params < 200_001", True),
    ("macs = 1.5M", True),
    ("macs == 1500k", True),
    ("macs != 1.5M", False),
    ("rf > 44 or params <= 200k", True),
    ("rf > 44, params <= 200k", False),
    # `and` binds tighter than `or`, the comma loosest
    ("rf > 0 or rf > 44 and params < 1", True),
    ("(rf > 0 or rf > 44) and params < 1", False),
    ("rf > 44 or rf > 0, params < 1", False),
    ("rf > 43.5", True),
    ("rf > 44.5", False),
]


@pytest.mark.parametrize(("text", "expected"), HOLDS)
def test_holds(text: str, expected: bool) -> None:
    assert Condition.of(text).holds(FIGURES) is expected


# condition, what is said of it for FIGURES
BROKEN = [
    ("rf > 44, params < 200k", ["rf is 44, not > 44", "params is 200,000, not < 200k"]),
    ("rf > 43 and params < 200k", ["params is 200,000, not < 200k"]),
    ("rf > 50 or macs < 1M", ["rf is 44, macs is 1,500,000, not rf > 50 or macs < 1M"]),
    ("rf > 43", []),
]


@pytest.mark.parametrize(("text", "said"), BROKEN)
def test_every_broken_limit_is_said_with_value_and_bound(text: str, said: list[str]) -> None:
    assert list(map(str, Condition.of(text).broken(FIGURES))) == said


# condition, by how much FIGURES break it
EXCESS = [
    ("rf > 44", 1),
    ("rf >= 50", 6),
    ("rf > 43", 0),
    ("rf > 44.5", 1),
    ("params < 200k", 1),
    ("params <= 190k", 10_000),
    ("params < 199_999.5", 1),
    ("depth = 5", 2),
    ("depth != 3", 1),
    ("rf > 50 or depth > 3", 1),
    ("(rf > 50 and depth > 3) or params < 100k", 7),
]


@pytest.mark.parametrize(("text", "excess"), EXCESS)
def test_how_far_from_fitting(text: str, excess: int) -> None:
    assert list(Condition.of(text).excesses(FIGURES).values()) == [excess]


COMPARATORS = st.sampled_from(["<", "<=", ">", ">=", "=", "!="])
COMPARISONS = st.tuples(st.sampled_from(["rf", "params"]), COMPARATORS, st.integers(0, 60)).map(
    lambda parts: f"{parts[0]} {parts[1]} {parts[2]}"
)
CONDITIONS = st.recursive(
    COMPARISONS,
    lambda inner: st.tuples(inner, st.sampled_from([" and ", " or ", ", "]), inner).map(
        lambda p: f"({''.join(p)})"
    ),
    max_leaves=5,
)


@given(CONDITIONS, st.integers(0, 60), st.integers(0, 60))
def test_a_condition_holds_exactly_where_nothing_is_broken_and_no_excess_is_left(
    text: str, rf: int, params: int
) -> None:
    condition, figures = Condition.of(text), {"rf": rf, "params": params}
    holds = condition.holds(figures)
    assert holds == (not condition.broken(figures))
    assert holds == all(excess <= 0 for excess in condition.excesses(figures).values())


@given(COMPARISONS, st.integers(0, 60))
def test_the_comparisons_are_pythons(text: str, value: int) -> None:
    name, comparator, bound = text.split()
    operators = {
        "<": int.__lt__,
        "<=": int.__le__,
        ">": int.__gt__,
        ">=": int.__ge__,
        "=": int.__eq__,
        "!=": int.__ne__,
    }
    assert Condition.of(text).holds({name: value}) == operators[comparator](value, int(bound))


def test_words_and_missing_values() -> None:
    condition = Condition.of("state = 'complete', accuracy > 85.5", ["state", "accuracy"], ["state"])
    assert condition.holds({"state": "complete", "accuracy": 85.6})
    assert not condition.holds({"state": "refused", "accuracy": 85.6})
    assert not condition.holds({"state": "complete", "accuracy": None})
    assert not Condition.of("accuracy != 1", ["accuracy"]).holds({"accuracy": None})
