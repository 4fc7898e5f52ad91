"""Seconds as whole numbers of ticks, so that sums of them are exact, and limits on seconds as limits on ticks.

A network's `seconds` is a sum of floating-point numbers, rounded to hundredths. In ticks, a word adds what its
work takes, rounded down; a comparison turns half a hundredth below the hundredth at which it turns in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor, lcm
from typing import TYPE_CHECKING

from archsearch.analysis.cost import IMAGES, Calibration
from archsearch.analysis.figures import SECONDS
from archsearch.notation.clauses import Clauses

if TYPE_CHECKING:
    from archsearch.notation.clauses import Clause, Comparison

PER_SECOND = 10**11
FINE = PER_SECOND // 10**6
"""The ticks of a microsecond, to which sums are rounded: less than this hardly tells two networks apart."""


class Ticks:
    """What training takes by a calibration, in ticks.

    >>> from archsearch.analysis.cost import Work
    >>> Ticks(Calibration(operation=0.25)).of(Work(operations=4)) // PER_SECOND
    50000
    """

    def __init__(self, calibration: Calibration) -> None:
        costs = [Fraction(cost) * IMAGES * PER_SECOND for cost in calibration.costs.values()]
        self._whole = lcm(*(cost.denominator for cost in costs))
        self._prices = [int(cost * self._whole) for cost in costs]

    def of(self, done: Sequence[int]) -> int:
        """Return the ticks that an epoch with this work for each image takes, rounded down."""
        return sum(count * price for count, price in zip(done, self._prices, strict=True)) // self._whole


def in_figure(name: str, value: int) -> float:
    """Return a value of a figure as limits have it: seconds, if it is one of ticks."""
    return value / PER_SECOND if name == SECONDS else value


def doubt(ticks: int, words: int) -> int:
    """Return by how many ticks those of so many words may differ from what they are computed to be.

    Each is rounded down by less than one; the floating-point sum is off by some 10 roundings, each of 2^-53 of it.
    """
    return words + 1 + (ticks >> 48)


def in_ticks(clause: Clause) -> Clause:
    """Return a clause in which comparisons of seconds are those of ticks.

    >>> from archsearch.analysis.limits import Limits
    >>> in_ticks(Limits.of("seconds < 40").condition.clauses[0]).bound / PER_SECOND
    39.995
    """
    if isinstance(clause, Clauses):
        return replace(clause, items=tuple(map(in_ticks, clause.items)))
    return _compared(clause) if clause.name == SECONDS else clause


def _compared(one: Comparison) -> Clause:
    assert isinstance(one.bound, int | float)
    # As it is written, which is how a rounded figure is compared.
    hundredths = 100 * Fraction(repr(one.bound))
    reached, passed = (_turn(number) for number in (ceil(hundredths), floor(hundredths) + 1))
    below, above = replace(one, comparator="<"), replace(one, comparator=">=")
    match one.comparator:
        case "<":
            return replace(below, bound=reached)
        case "<=":
            return replace(below, bound=passed)
        case ">":
            return replace(above, bound=passed)
        case ">=":
            return replace(above, bound=reached)
        case "=":
            return Clauses("and", (replace(above, bound=reached), replace(below, bound=passed)), one.text)
        case _:
            return Clauses("or", (replace(below, bound=reached), replace(above, bound=passed)), one.text)


def _turn(hundredths: int) -> int:
    """Return the least ticks that are rounded to so many hundredths of a second."""
    return (2 * hundredths - 1) * PER_SECOND // 200
