"""How many sentences of a space keep its limits: exact, or where that takes too much memory, an interval.

The sums that a sentence can have reached are found from the beginning, node by node of its lattice; then, from the
end backwards, in how many ways each can end within the limits. There are far fewer sums than sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from archsearch.space import lattice
from archsearch.space.intervals import may_hold, must_hold
from archsearch.space.lattice import FITTED
from archsearch.space.sums import Sums

if TYPE_CHECKING:
    from archsearch.space.intervals import Holds, Numbers

Ways: TypeAlias = npt.NDArray[np.int64] | npt.NDArray[np.object_]
"""Numbers of sentences: whole numbers of any size where int64 may not hold them."""

_LARGEST = 2**62
_SUM_BYTES = 16
_LARGE_SUM_BYTES = 60


class TooManySumsError(Exception):
    """Sums that would take more memory than they may, or that no number holds.

    `column` has most of them; None where each node has a single one.
    """

    def __init__(self, column: str | None) -> None:
        super().__init__(column)
        self.column = column


class Census:
    """The sums at each node of a lattice, and in how many ways each can end within the limits.

    `least` sentences are known to keep the limits, and `most` may: where both are equal, the number is exact.
    Raises TooManySumsError where it takes more than `memory` bytes, or where a row does not fit into one number.
    """

    def __init__(self, sums: Sums, memory: int) -> None:
        if not sums.packs:
            raise TooManySumsError(max(sums.columns, key=lambda column: column.radix).name)
        self.sums, self._memory = sums, memory
        self.rows = self._forward()
        self.possible = self._backward(may_hold)
        lattice = sums.lattice
        bounds = any(lattice.fold.is_bound(lattice.states[node]) for node in lattice.ends)
        rounded = bounds or bool(sums.slack.any())
        self.certain = self._backward(must_hold) if rounded else self.possible

    @property
    def least(self) -> int:
        """The number of sentences that are known to keep the limits."""
        return self._all(self.certain)

    @property
    def most(self) -> int:
        """The number of sentences that are not known to break a limit."""
        return self._all(self.possible)

    @staticmethod
    def _all(ways: list[Ways | None]) -> int:
        return int(ways[0][0]) if ways[0] is not None else 0

    def _forward(self) -> list[Numbers | None]:
        """Return the packed rows that sentences can reach at each node, in ascending order; None for none."""
        sums, lattice = self.sums, self.sums.lattice
        rows: list[Numbers | None] = [None] * len(lattice.edges)
        arriving: dict[int, list[Numbers]] = {0: [sums.first()]}
        taken = 0
        for node in reversed(lattice.order):
            here = np.unique(np.concatenate(arriving.pop(node, [np.zeros(0, np.int64)])))
            if not len(here):
                continue
            rows[node] = here
            taken += len(here) * (_SUM_BYTES if lattice.sentences[node] < _LARGEST else _LARGE_SUM_BYTES)
            if taken > self._memory:
                raise TooManySumsError(self._widest(sums, rows))
            for number, edge in enumerate(() if sums.sure[node] else lattice.edges[node]):
                if edge.node >= 0 and lattice.sentences[edge.node]:
                    moved, keep = sums.moved(here, node, number)
                    arriving.setdefault(edge.node, []).append(np.unique(moved[keep]))
        return rows

    @staticmethod
    def _widest(sums: Sums, rows: list[Numbers | None]) -> str | None:
        """Return the name of the column that has most values at the node with most rows."""
        node, most = max(enumerate(rows), key=lambda one: 0 if one[1] is None else len(one[1]))
        if most is None or not sums.open[node]:
            return None
        values = sums.unpacked(most, node)
        return sums.columns[max(sums.open[node], key=lambda one: len(np.unique(values[one])))].name

    def _backward(self, holds: Holds) -> list[Ways | None]:
        """Return, for each row, in how many ways a sentence goes on from it and ends where all clauses hold."""
        sums, lattice = self.sums, self.sums.lattice
        ways: list[Ways | None] = [None] * len(lattice.edges)
        for node in lattice.order:
            rows = self.rows[node]
            if rows is None:
                continue
            found: Ways = np.zeros(len(rows), np.int64 if lattice.sentences[node] < _LARGEST else object)
            if sums.sure[node]:
                found = found + lattice.sentences[node]
            for number, edge in enumerate(() if sums.sure[node] else lattice.edges[node]):
                if edge.node == FITTED:
                    found = found + sums.kept(sums.ended(rows, node), len(rows), holds)
                elif edge.node >= 0:
                    found = found + self.through(ways, rows, node, number)
            ways[node] = found
        return ways

    def onward(self, rows: Numbers, node: int, edge: int, *, certainly: bool = False) -> Ways:
        """Return, for rows of a node that is not sure, in how many ways a sentence goes on by an edge and fits.

        Those are counted that may keep the limits, or that do so `certainly`.
        """
        sums = self.sums
        match sums.lattice.edges[node][edge].node:
            case lattice.FITTED:
                return sums.kept(sums.ended(rows, node), len(rows), must_hold if certainly else may_hold) + 0
            case lattice.MISFIT:
                return np.zeros(len(rows), np.int64)
        return self.through(self.certain if certainly else self.possible, rows, node, edge)

    def through(self, ways: list[Ways | None], rows: Numbers, node: int, edge: int) -> Ways:
        """Return, for rows of a node, in how many ways a sentence ends that goes on by one edge."""
        target = self.sums.lattice.edges[node][edge].node
        known, counts = self.rows[target], ways[target]
        if known is None or counts is None:
            return np.zeros(len(rows), np.int64)
        moved, keep = self.sums.moved(rows, node, edge)
        at = np.minimum(np.searchsorted(known, moved), len(known) - 1)
        return np.where(keep & (known[at] == moved), counts[at], 0)
