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

from archsearch.space.intervals import Interval, Numbers, Truths, may_hold, turns
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

    A row has a sum for each column and is packed into one number. `sentences` is how many sentences can still
    follow at a node, `least` and `most` what they add to each column, and `slack` by how much a sum there may have
    been rounded down.
    """

    def __init__(self, lattice: Lattice, limits: Limits, units: Mapping[str, int]) -> None:
        self.lattice, self.clauses = lattice, limits.condition.clauses
        self.columns = tuple(self._column(name, units) for name in sorted(limits.names))
        self.added = [[self._on(edge.added) for edge in edges] for edges in lattice.edges]
        self.sentences, self.least, self.most = self._bounds()
        self.slack = self._slack()
        reached = self.most[0] + self.slack.max(axis=0)
        self.columns = tuple(map(Column.up_to, self.columns, reached))

    @property
    def packs(self) -> bool:
        """Whether a row fits into one number."""
        return prod(column.radix for column in self.columns) < _LARGEST

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

    def _bounds(self) -> tuple[list[int], Numbers, Numbers]:
        count = len(self.lattice.edges)
        least = np.full((count, len(self.columns)), _FAR, np.int64)
        most = np.full((count, len(self.columns)), -_FAR, np.int64)
        sentences = [0] * count
        for node in self.lattice.order:
            for edge, added in zip(self.lattice.edges[node], self.added[node], strict=True):
                if edge.node == FITTED:
                    low, high = self.at_end(node)
                    ways = 1
                elif edge.node == MISFIT:
                    continue
                else:
                    low, high, ways = least[edge.node] + added, most[edge.node] + added, sentences[edge.node]
                least[node] = np.minimum(least[node], low)
                most[node] = np.maximum(most[node], high)
                sentences[node] += ways
        return sentences, least, most

    def at_end(self, node: int) -> tuple[Numbers, Numbers]:
        """Return the least and the most of each column that is not summed, for a sentence that ends here."""
        fold, state = self.lattice.fold, self.lattice.states[node]
        read = fold.read(state)
        most = np.array([read.get(one.name, 0) for one in self.columns], np.int64)
        bound = [fold.is_bound(state) and one.name in {"rf", "rf_inside"} for one in self.columns]
        return np.where(bound, 0, most), most

    def _slack(self) -> Numbers:
        units = np.array([one.unit for one in self.columns], np.int64)
        slack = np.zeros((len(self.lattice.edges), len(self.columns)), np.int64)
        for node in reversed(self.lattice.order):
            for edge, added in zip(self.lattice.edges[node], self.added[node], strict=True):
                if edge.node >= 0:
                    slack[edge.node] = np.maximum(slack[edge.node], slack[node] + added % units)
        return slack

    def moved(self, rows: Numbers, node: int, edge: int) -> tuple[Numbers, Truths]:
        """Return packed rows of a node after one of its edges, and which of them can still keep the limits."""
        target = self.lattice.edges[node][edge].node
        return self.normal(self.unpacked(rows), target, self.added[node][edge])

    def normal(self, sums: list[Numbers], node: int, added: Numbers) -> tuple[Numbers, Truths]:
        """Return what stands for sums, with more added, at a node: packed, and which can keep the limits."""
        known: dict[str, Interval] = {}
        packed = np.zeros(len(sums[0]) if sums else 1, np.int64)
        for number, column in enumerate(self.columns):
            least, most = self.least[node, number], self.most[node, number] + self.slack[node, number]
            here = sums[number] + added[number] // column.unit
            low = here * column.unit
            known[column.name] = Interval(low + least, low + most)
            if column.place is None:
                continue
            passed = np.searchsorted(column.turns, low + least, side="right")
            passable = np.searchsorted(column.turns, low + most, side="right")
            first = -((least - np.concatenate(([least], column.turns))[passed]) // column.unit)
            here = np.where(passed == passable, np.maximum(first, 0), here)
            packed = packed * column.radix + here
        keep = np.ones(len(packed), np.bool_)
        for clause in self.clauses:
            keep &= may_hold(clause, known)
        return packed, keep

    def unpacked(self, rows: Numbers) -> list[Numbers]:
        """Return the sums of packed rows, in units, by column."""
        found = []
        for column in reversed(self.columns):
            rows, here = np.divmod(rows, column.radix)
            found.append(here)
        return found[::-1]

    def ended(self, rows: Numbers, node: int) -> dict[str, Interval]:
        """Return what each figure can be of the sentences that end at a node with these rows."""
        least, most = self.at_end(node)
        low = [one * column.unit for one, column in zip(self.unpacked(rows), self.columns, strict=True)]
        return {
            column.name: Interval(sums + least[number], sums + most[number] + self.slack[node, number])
            for number, (column, sums) in enumerate(zip(self.columns, low, strict=True))
        }
