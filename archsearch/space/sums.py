"""The sums of figures along the paths of a lattice, as far as limits tell one from another.

At each node there is a least and a most that can still be added to each figure. Two sums are alike if every
comparison in the limits then comes out alike for both; one of them stands for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import gcd, prod
from typing import TYPE_CHECKING

import numpy as np

from archsearch.space.intervals import Holds, Interval, Numbers, Truths, may_hold, must_hold, turns
from archsearch.space.lattice import FITTED, MISFIT

if TYPE_CHECKING:
    from archsearch.analysis.limits import Limits
    from archsearch.space.lattice import Lattice

_FAR = 2**61
_LARGEST = 2**63


@dataclass(frozen=True)
class Column:
    """A figure that limits name.

    `place` is that among the figures that the fold sums, None for a figure that is read at the end. Sums are kept
    in whole units, rounded down. `turns` are the values at which a limit can turn.
    """

    name: str
    place: int | None
    unit: int
    turns: Numbers

    @property
    def radix(self) -> int:
        """One more than the largest sum that is told apart, in units; 1 for a figure that is not summed."""
        return 1 if self.place is None or not len(self.turns) else int(self.turns[-1]) // self.unit + 2

    def up_to(self, reached: int) -> Column:
        """Return the column without the turns above what sums come to."""
        return replace(self, turns=self.turns[self.turns <= reached])


class Sums:
    """The columns of some limits, and what bounds them at each node of a lattice.

    `least` and `most` are what the sentences that follow at a node add to each column, and `slack` is by how much
    a sum there may have been rounded down. `open` are the numbers of the columns on which something still depends
    there: a row has a sum for each of them, and is packed into one number. In all other columns the sum that
    stands for all is in `settled`. At a `sure` node all limits are kept whatever follows. `units` are those that
    were asked for, by the names of the columns.
    """

    def __init__(self, lattice: Lattice, limits: Limits, units: Mapping[str, int]) -> None:
        self.lattice, self.clauses, self.units = lattice, limits.condition.clauses, units
        self.columns = tuple(self._column(name, units) for name in sorted(limits.names))
        self._units = np.array([one.unit for one in self.columns], np.int64)
        self.added = [[self._on(edge.added) for edge in edges] for edges in lattice.edges]
        self.least, self.most = self._ahead()
        self._lowest, self._highest, self.slack = self._behind()
        reached = self.most[0] + self.slack.max(axis=0)
        self.columns = tuple(map(Column.up_to, self.columns, reached))
        numbers = range(len(self.columns))
        self.settled = [[self._settled(node, number) for number in numbers] for node in self._nodes]
        self.open = [[number for number, sum_ in enumerate(sums) if sum_ is None] for sums in self.settled]
        self.sure = [not self.open[node] and self._is_sure(node) for node in self._nodes]

    @property
    def packs(self) -> bool:
        """Whether a row of any node fits into one number."""
        sizes = (prod(self.columns[number].radix for number in numbers) for numbers in self.open)
        return max(sizes, default=1) < _LARGEST

    @property
    def _nodes(self) -> range:
        return range(len(self.lattice.edges))

    def _column(self, name: str, units: Mapping[str, int]) -> Column:
        summed = self.lattice.fold.summed
        place = summed.index(name) if name in summed else None
        common = 1
        if place is not None:
            common = gcd(*(edge.added[place] for edges in self.lattice.edges for edge in edges)) or 1
        reachable = [one for one in turns(self.clauses, name) if one < _FAR]
        return Column(name, place, max(common, units.get(name, 1)), np.array(reachable, np.int64))

    def _on(self, added: Sequence[int]) -> Numbers:
        """Return what an edge adds to each column."""
        return np.array([0 if one.place is None else added[one.place] for one in self.columns], np.int64)

    def _ahead(self) -> tuple[Numbers, Numbers]:
        """Return the least and the most that the sentences that follow at each node add."""
        least = np.full((len(self._nodes), len(self.columns)), _FAR, np.int64)
        most = -least
        for node in self.lattice.order:
            for edge, added in zip(self.lattice.edges[node], self.added[node], strict=True):
                if edge.node == FITTED:
                    low, high = self.at_end(node)
                elif edge.node != MISFIT and self.lattice.sentences[edge.node]:
                    low, high = least[edge.node] + added, most[edge.node] + added
                else:
                    continue
                least[node], most[node] = np.minimum(least[node], low), np.maximum(most[node], high)
        return least, most

    def _behind(self) -> tuple[Numbers, Numbers, Numbers]:
        """Return the lowest and the highest sums at each node, and by how much one may have been rounded down."""
        lowest = np.full((len(self._nodes), len(self.columns)), _FAR, np.int64)
        highest, slack = -lowest, np.zeros_like(lowest)
        lowest[0] = highest[0] = 0
        for node in reversed(self.lattice.order):
            for edge, added in zip(self.lattice.edges[node], self.added[node], strict=True):
                if (after := edge.node) >= 0:
                    lowest[after] = np.minimum(lowest[after], lowest[node] + added - added % self._units)
                    highest[after] = np.maximum(highest[after], highest[node] + added - added % self._units)
                    slack[after] = np.maximum(slack[after], slack[node] + added % self._units)
        return lowest, highest, slack

    def at_end(self, node: int) -> tuple[Numbers, Numbers]:
        """Return the least and the most of each column that is not summed, for a sentence that ends here."""
        fold, state = self.lattice.fold, self.lattice.states[node]
        read = fold.read(state)
        most = np.array([read.get(one.name, 0) for one in self.columns], np.int64)
        bound = [fold.is_bound(state) and one.name in {"rf", "rf_inside"} for one in self.columns]
        return np.where(bound, 0, most), most

    def _settled(self, node: int, number: int) -> int | None:
        """Return what stands for all sums in a column at a node, in units; None where limits tell some apart."""
        column, least = self.columns[number], int(self.least[node, number])
        most = int(self._highest[node, number] + self.most[node, number] + self.slack[node, number])
        passed = np.searchsorted(column.turns, int(self._lowest[node, number]) + least, side="right")
        passable = np.searchsorted(column.turns, most, side="right")
        if passed != passable:
            return None if column.place is not None else 0
        return max(0, -((least - int(column.turns[passed - 1])) // column.unit)) if passed else 0

    def moved(self, rows: Numbers, node: int, edge: int) -> tuple[Numbers, Truths]:
        """Return packed rows of a node after one of its edges, and which of them can still keep the limits."""
        target, added = self.lattice.edges[node][edge].node, self.added[node][edge]
        before = self.unpacked(rows, node)
        known: dict[str, Interval] = {}
        packed = np.zeros(len(rows), np.int64)
        for number, column in enumerate(self.columns):
            least, most = self.least[target, number], self.most[target, number] + self.slack[target, number]
            if (here := self.settled[target][number]) is not None:
                known[column.name] = Interval(here * column.unit + least, here * column.unit + most)
                continue
            sums = before[number] + np.full(len(rows), added[number] // column.unit)
            low = sums * column.unit + least
            known[column.name] = Interval(low, high := sums * column.unit + most)
            packed = packed * column.radix + _normal(sums, column, least, low, high)
        return packed, self.kept(known, len(rows))

    def _is_sure(self, node: int) -> bool:
        known = {}
        for number, column in enumerate(self.columns):
            low, high = (self.settled[node][number] or 0) * column.unit, self.most[node, number]
            known[column.name] = Interval(low + self.least[node, number], low + high + self.slack[node, number])
        return bool(self.kept(known, 1, must_hold).all())

    def first(self) -> Numbers:
        """Return the row of the first node, before any word; none if no sentence can keep the limits."""
        known = {
            column.name: Interval(int(self.least[0, number]), int(self.most[0, number]))
            for number, column in enumerate(self.columns)
        }
        return np.zeros(1, np.int64)[self.kept(known, 1)]

    def kept(self, known: Mapping[str, Interval], rows: int, holds: Holds = may_hold) -> Truths:
        """Return for which of so many rows every clause may hold, or must, given intervals of their figures."""
        keep = np.ones(rows, np.bool_)
        for clause in self.clauses:
            keep &= holds(clause, known)
        return keep

    def unpacked(self, rows: Numbers, node: int) -> list[Numbers | int]:
        """Return the sums of packed rows of a node, in units, by column."""
        found: list[Numbers | int] = [sums or 0 for sums in self.settled[node]]
        for number in reversed(self.open[node]):
            rows, found[number] = np.divmod(rows, self.columns[number].radix)
        return found

    def ended(self, rows: Numbers, node: int) -> dict[str, Interval]:
        """Return what each figure can be of the sentences that end at a node with these rows."""
        least, most = self.at_end(node)
        low = [one * column.unit for one, column in zip(self.unpacked(rows, node), self.columns, strict=True)]
        return {
            column.name: Interval(sums + least[number], sums + most[number] + self.slack[node, number])
            for number, (column, sums) in enumerate(zip(self.columns, low, strict=True))
        }


def _normal(sums: Numbers, column: Column, least: int, low: Numbers, high: Numbers) -> Numbers:
    """Return what stands for sums in a column: the smallest for which all comparisons come out alike."""
    passed = sum((low >= turn for turn in column.turns), np.zeros(len(low), np.int64))
    passable = sum((high >= turn for turn in column.turns), np.zeros(len(low), np.int64))
    smallest = np.maximum(0, -((least - np.concatenate(([least], column.turns))) // column.unit))
    return np.where(passed == passable, smallest[passed], sums)
