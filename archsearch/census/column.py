"""A figure that is summed along the paths of a lattice, as rows hold it: in so many bits of one number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from archsearch.census.intervals import Interval, turns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archsearch.census.intervals import Numbers
    from archsearch.census.reduced import Figures
    from archsearch.notation.clauses import Comparison


class Alike(NamedTuple):
    """Sums from `low` on and below `high` are alike, and `stands` is the least such; None where none is beyond."""

    low: int | None
    high: int | None
    stands: int


@dataclass(frozen=True)
class Column:
    """A figure that is summed, in whole units above `base`, which is what every sentence adds.

    `turns` are the values from which on a limit may come out otherwise, and `doubt` is by how much the figure may
    be less or more than what is summed. Rows hold it in `bits` from `shift` on.
    """

    name: str
    unit: int
    base: int
    doubt: int
    turns: Figures
    shift: int

    @cached_property
    def top(self) -> int:
        """The largest sum that is told apart, in units."""
        return self._passed(-self.doubt)[-1]

    @cached_property
    def bits(self) -> int:
        """How many bits hold two such sums added."""
        return (2 * self.top).bit_length()

    @property
    def mask(self) -> int:
        """The bits of a row that hold it."""
        return (1 << self.bits) - 1 << self.shift

    def units(self, rows: Numbers) -> Numbers:
        """Return the sums in packed rows, in units."""
        return (rows & self.mask) >> self.shift

    def interval(self, low: Numbers | int, high: Numbers | int, ahead: int) -> Interval:
        """Return where the figure lies if the sum is from `low` to `high` units, and up to `ahead` is added."""
        least, most = self.base - self.doubt, self.base + self.doubt + ahead
        return Interval(low * self.unit + least, high * self.unit + most)

    def alike(self, low: int, high: int, ahead: int) -> tuple[Alike, ...]:
        """Return which sums from `low` to `high` units are alike if up to `ahead` is added; not what is one."""
        found = list[Alike]()
        firsts = (0, *self._passed(-self.doubt))
        lasts = (*self._passed(self.doubt + ahead), high + 1)
        for first, last in zip(firsts, lasts, strict=True):
            inside = range(max(first, low), min(last, high + 1))
            if inside and inside != range(first, first + 1):
                found.append(Alike(first if first > low else None, last if last <= high else None, first))
        return tuple(found)

    def united(self, low: int, high: int, ahead: int) -> tuple[int, int]:
        """Return the bounds of these sums when those that are alike are made one."""
        for one in self.alike(low, high, ahead):
            if one.low is None:
                low = one.stands
            if one.high is None:
                high = one.stands
        return low, high

    def kept(self, clauses: Iterable[Comparison], ahead: int) -> tuple[int, int | None]:
        """Return from and below how many units comparisons, but no `!=`, may hold if up to `ahead` is added."""
        least, most = 0, None
        for one in clauses:
            every = turns((one,), self.name)
            if one.comparator in {">", ">=", "="}:
                least = max(least, self._units(every[0], self.doubt + ahead))
            if one.comparator in {"<", "<=", "="}:
                below = self._units(every[-1], -self.doubt)
                most = below if most is None else min(most, below)
        return least, most

    def _units(self, turn: int, more: int) -> int:
        """Return from how many units on a turn is passed by the sum and so much more."""
        return max(0, -((self.base + more - turn) // self.unit))

    def _passed(self, more: int) -> Figures:
        """Return from how many units on each turn is passed by the sum and so much more."""
        return tuple(self._units(turn, more) for turn in self.turns)
