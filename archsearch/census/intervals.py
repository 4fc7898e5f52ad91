"""Conditions on figures of which only an interval is known, for many networks at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil, floor
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from archsearch.notation.clauses import Clauses, comparisons, negated

if TYPE_CHECKING:
    from archsearch.notation.clauses import Clause, Comparison

Numbers: TypeAlias = npt.NDArray[np.int64]
Truths: TypeAlias = npt.NDArray[np.bool_]


class Interval(NamedTuple):
    """The least and the greatest value that a figure can have, for each of some networks or for all."""

    least: Numbers | int
    most: Numbers | int


Holds: TypeAlias = Callable[["Clause", Mapping[str, Interval]], Truths]
"""Where a clause holds: `may_hold` or `must_hold`."""


def may_hold(clause: Clause, known: Mapping[str, Interval]) -> Truths:
    """Return where a clause can hold, as far as each of its comparisons can.

    >>> from archsearch.analysis.limits import Limits
    >>> (clause,) = Limits.of("params < 200k").condition.clauses
    >>> may_hold(clause, {"params": Interval(np.array([100, 300_000]), np.array([250_000, 300_000]))}).tolist()
    [True, False]
    """
    if isinstance(clause, Clauses):
        together = np.logical_or if clause.joint == "or" else np.logical_and
        items = np.broadcast_arrays(*(may_hold(item, known) for item in clause.items))
        return np.asarray(together.reduce(items), np.bool_)
    return _compared(clause, known[clause.name])


def must_hold(clause: Clause, known: Mapping[str, Interval]) -> Truths:
    """Return where a clause holds whatever the values are."""
    return ~may_hold(negated(clause), known)


def _compared(comparison: Comparison, known: Interval) -> Truths:
    least, most = known
    bound = comparison.bound
    assert isinstance(bound, int | float)
    match comparison.comparator:
        case "<":
            return np.asarray(np.less(least, bound))
        case "<=":
            return np.asarray(np.less_equal(least, bound))
        case ">":
            return np.asarray(np.greater(most, bound))
        case ">=":
            return np.asarray(np.greater_equal(most, bound))
        case "=":
            return np.asarray(np.less_equal(least, bound) & np.greater_equal(most, bound))
        case _:
            return np.asarray(~(np.equal(least, bound) & np.equal(most, bound)))


def turns(clauses: tuple[Clause, ...], name: str) -> list[int]:
    """Return the whole numbers at which a comparison with a figure turns: from there on it may be another truth.

    >>> from archsearch.analysis.limits import Limits
    >>> turns(Limits.of("rf > 44, rf < 80.5, rf != 60").condition.clauses, "rf")
    [45, 60, 61, 81]
    """
    found = set[int]()
    for one in (one for clause in clauses for one in comparisons(clause) if one.name == name):
        assert isinstance(one.bound, int | float)
        below = ceil(one.bound)
        if one.comparator in {"<", ">=", "=", "!="}:
            found.add(below)
        if one.comparator in {">", "<=", "=", "!="}:
            found.add(floor(one.bound) + 1)
    return sorted(found)
