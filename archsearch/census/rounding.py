"""A census within a memory: of exact sums where these fit, else of rounded ones that are as fine as fit."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from archsearch.census.census import Census
from archsearch.census.rows import TooManySumsError, reached, taken
from archsearch.census.sums import Sums
from archsearch.errors import ArchsearchError

if TYPE_CHECKING:
    from archsearch.census.asked import Asked

_FEW, _MORE = 2**6, 2**8
"""To so many values columns are rounded at first, to see how the number of rows grows with that of values."""

_FILLED = 0.7
"""So much of the memory is planned for."""

_LEAST_POWER = 0.5


def census(asked: Asked, memory: int) -> Census:
    """Return what keeps the limits: counted exactly, or where that takes more than `memory` bytes, rounded.

    Raises ArchsearchError where it does however coarse sums are.
    """
    exact = Sums(asked, {})
    try:
        return Census(exact, memory)
    except TooManySumsError:
        values = _planned(exact, memory)
    while values:
        try:
            return Census(_rounded(exact, values), memory)
        except TooManySumsError:
            values //= 4
    message = f"counting takes more than {memory / 2**20:,.0f} MiB, however coarse its sums are"
    raise ArchsearchError(message, remedy="allow it more memory")


def _planned(exact: Sums, memory: int) -> int:
    """Return to how many values each column may be rounded so that rows are likely to fit.

    With the values, bytes grow by a power of them, which is the smaller the more there are.
    """
    try:
        few, more = (_taken(_rounded(exact, values), memory) for values in (_FEW, _MORE))
    except TooManySumsError:
        return _FEW
    power = max(log(more / few) / log(_MORE / _FEW), _LEAST_POWER)
    return int(_MORE * max(1, _FILLED * memory / more) ** (1 / power))


def _taken(sums: Sums, memory: int) -> int:
    return sum(taken(sums, node, rows) for node, rows in enumerate(reached(sums, memory)))


def _rounded(exact: Sums, values: int) -> Sums:
    """Return sums of which no more than so many are told apart in each column."""
    coarse = {one.name: -(-one.top * one.unit // values) for one in exact.columns if one.top > values}
    return Sums(exact.asked, coarse)
