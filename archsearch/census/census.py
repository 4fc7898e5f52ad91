"""How many sentences of a space keep its limits: exact, or where that takes too much memory, an interval.

The sums that a sentence can have reached are found from the beginning, node by node of its lattice; then, from the
end backwards, in how many ways each can end within the limits. There are far fewer sums than sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from archsearch.census import digits
from archsearch.census.intervals import may_hold, must_hold
from archsearch.census.rows import reached

if TYPE_CHECKING:
    from archsearch.census.digits import Digits, Ways
    from archsearch.census.intervals import Holds, Numbers
    from archsearch.census.reduced import Step
    from archsearch.census.sums import Sums


class Census:
    """The sums at each node of `sums.reduced`, and in how many ways each can end within the limits.

    `rows` are None at nodes that no sentence passes that may keep the limits. `possible` are the ways in which one
    may keep them, `certain` those in which one does. Raises TooManySumsError where it takes more than `memory`
    bytes, or where a row does not fit into one number.
    """

    def __init__(self, sums: Sums, memory: int) -> None:
        self.sums = sums
        self.rows = reached(sums, memory)
        self.possible = self._backward(may_hold)
        self.certain = self.possible if sums.is_exact else self._backward(must_hold)

    @property
    def least(self) -> int:
        """The number of sentences that are known to keep the limits."""
        return self._all(self.certain)

    @property
    def most(self) -> int:
        """The number of sentences that are not known to break a limit: where it is `least`, it is exact."""
        return self._all(self.possible)

    def onward(self, rows: Numbers, node: int, edge: int, *, certainly: bool = False) -> Ways:
        """Return, for rows of a node of the lattice, in how many ways a sentence goes on by an edge and fits.

        Those are counted that may keep the limits, or that do so `certainly`. The node must not be a sure one.
        """
        step = self.sums.step(node, edge)
        ways, at = self.certain if certainly else self.possible, self.sums.reduced.at[node]
        found = None if step is None or at is None else self._through(ways, rows, at, step)
        return np.zeros(len(rows), np.int64) if found is None else digits.numbers(found * (rows >= 0))

    def _all(self, ways: list[Digits | None]) -> int:
        first = self.sums.reduced.at[0]
        found = None if first is None else ways[first]
        return 0 if found is None else int(digits.numbers(found)[0])

    def _backward(self, holds: Holds) -> list[Digits | None]:
        """Return, for each row, in how many ways a sentence goes on from it and ends where all clauses hold."""
        sums, reduced = self.sums, self.sums.reduced
        ways: list[Digits | None] = [None] * len(reduced.ways)
        for node, rows in enumerate(self.rows):
            if rows is None:
                continue
            found = ways[node] = digits.nothing(reduced.sentences[node], len(rows))
            if node in reduced.ends:
                found += sums.kept(rows, node, holds)
            elif sums.here[node].sure:
                digits.fill(found, reduced.sentences[node])
            else:
                for step, times in reduced.ways[node].items():
                    if (more := self._through(ways, rows, node, step)) is not None:
                        digits.add(found, more, times)
                digits.carry(found)
        return ways

    def _through(self, ways: list[Digits | None], rows: Numbers, node: int, step: Step) -> Digits | None:
        """Return, for rows of a node, in how many ways a sentence goes on by a step and fits; None for none."""
        known, counts = self.rows[step.node], ways[step.node]
        if known is None or counts is None:
            return None
        moved = rows if step.node == node else self.sums.stepped(rows, node, step)
        at = np.searchsorted(known, moved)
        at[at == len(known)] = 0
        found = counts[:, at]
        found *= known[at] == moved
        return found
