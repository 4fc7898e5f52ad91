"""Limits: what is broken and by how much."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archsearch
from archsearch import parse
from archsearch.analysis.limits import NO_LIMITS, Limits, check
from archsearch.errors import NotationError

FIGURES = {"rf": 44, "params": 200_000, "macs": 1_500_000, "depth": 3}

# condition, the message of each limit that FIGURES break
BROKEN = [
    ("rf > 44, params < 200k", ["rf is 44, not > 44", "params is 200,000, not < 200k"]),
    ("rf > 43 and params < 200k", ["params is 200,000, not < 200k"]),
    ("rf > 50 or macs < 1M", ["rf is 44, macs is 1,500,000, not rf > 50 or macs < 1M"]),
    ("rf > 50 or rf < 40", ["rf is 44, not rf > 50 or rf < 40"]),
    ("rf > 43", []),
    ("not rf > 43", ["rf is 44, not <= 43"]),
    ("depth in (1, 2)", ["depth is 3, not in (1, 2)"]),
    ("depth not in (2, 3)", ["depth is 3, not != 3"]),
]


@pytest.mark.parametrize(("text", "said"), BROKEN)
def test_every_broken_limit_is_said_with_value_and_bound(text: str, said: list[str]) -> None:
    assert list(map(str, Limits.of(text).violations(FIGURES))) == said


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
    ("rf in (40, 45)", 1),
    ("not (rf > 40 and depth > 2)", 1),
    ("(rf > 50 and depth > 3) or params < 100k", 7),
]


@pytest.mark.parametrize(("text", "excess"), EXCESS)
def test_how_far_from_fitting(text: str, excess: int) -> None:
    assert list(Limits.of(text).excess(FIGURES).values()) == [excess]


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
    limits, figures = Limits.of(text), {"rf": rf, "params": params}
    holds = limits.condition.holds(figures)
    assert holds == (not limits.violations(figures))
    assert holds == all(excess <= 0 for excess in limits.excess(figures).values())


@pytest.mark.parametrize("given", [None, ["rf > 44"], 44])
def test_what_are_no_limits(given: Any) -> None:
    with pytest.raises(NotationError, match=r"^limits are .*\n  give them as a text, as in"):
        archsearch.check("conv(8) head()", given)


@pytest.mark.parametrize("text", ["", "  "])
def test_no_limits_refuse_nothing(text: str) -> None:
    limits = Limits.of(text)
    assert limits == NO_LIMITS
    assert (str(limits), limits.violations(FIGURES), limits.excess(FIGURES)) == ("", (), {})
    assert check(parse("conv(8) head()"), limits).fits


def test_a_sentence_whose_shapes_do_not_fit_is_refused_with_the_reason() -> None:
    verdict = check(parse("conv(8, kernel=9, padding=0) head()"), Limits.of("rf > 44"), (3, 8, 8))
    assert (verdict.fits, verdict.digest, verdict.figures) == (False, None, {})
    assert verdict.reasons == (
        "a window of 9 does not fit on a map of 8 with padding 0; "
        "reduce the kernel, or the strides before it, or add padding",
    )


def test_a_window_beyond_all_images_is_refused_at_once() -> None:
    verdict = check(parse("conv(8, kernel=999999999, padding=499999999) head()"))
    rule = "a window of 999,999,999 is not counted; the largest is 1,048,576"
    assert verdict.reasons == (f"{rule}; write a smaller kernel",)
