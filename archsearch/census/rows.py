"""The rows of sums that sentences can have reached at each node, from the first node on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from archsearch.census.digits import places

if TYPE_CHECKING:
    from archsearch.census.intervals import Numbers
    from archsearch.census.sums import Sums

_BYTES = 8
_WAITING = 2**14


class TooManySumsError(Exception):
    """Rows that would take more memory than they may, or that no number holds."""


def reached(sums: Sums, memory: int) -> list[Numbers | None]:
    """Return, for each node of `sums.reduced`, the packed rows there in ascending order; None for none.

    Rows that can no longer keep the limits are left out. Raises TooManySumsError where rows, and in how many ways
    sentences go on from each, take more than `memory` bytes, or where a row does not fit into one number.
    """
    if not sums.packs:
        raise TooManySumsError
    reduced, first = sums.reduced, sums.reduced.at[0]
    rows: list[Numbers | None] = [None] * len(reduced.ways)
    arriving = _Arriving(len(rows))
    if first is not None and not sums.here[first].dead:
        arriving.add(first, np.zeros(1, np.int64))
    left = memory
    for node in reversed(range(len(rows))):
        if not (here := arriving.take(node)).size:
            continue
        rows[node] = here
        left -= taken(sums, node, here)
        if left < arriving.bytes:
            raise TooManySumsError
        for step in () if sums.here[node].sure else reduced.ways[node]:
            if left < arriving.bytes:
                raise TooManySumsError
            if not sums.here[step.node].dead:
                moved = sums.stepped(here, node, step)
                arriving.add(step.node, moved[moved >= 0])
    return rows


class _Arriving:
    """The rows that arrive at nodes, some of them several times, until a node is taken."""

    def __init__(self, nodes: int) -> None:
        self.bytes = 0
        self._parts: list[list[Numbers]] = [[] for _ in range(nodes)]
        self._distinct = [0] * nodes

    def add(self, node: int, rows: Numbers) -> None:
        parts = self._parts[node]
        parts.append(rows)
        self.bytes += rows.nbytes
        if sum(map(len, parts)) > _WAITING + 2 * self._distinct[node]:
            one = self.take(node)
            self._parts[node], self._distinct[node] = [one], len(one)
            self.bytes += one.nbytes

    def take(self, node: int) -> Numbers:
        """Return the rows that have arrived, each once and in ascending order."""
        parts, self._parts[node] = self._parts[node], []
        self.bytes -= sum(one.nbytes for one in parts)
        return _distinct(parts)


def taken(sums: Sums, node: int, rows: Numbers | None) -> int:
    """Return the bytes that rows of a node take, with in how many ways sentences go on from each."""
    counts = places(sums.reduced.sentences[node]) * (1 if sums.is_exact else 2)
    return 0 if rows is None else len(rows) * _BYTES * (1 + counts)


def _distinct(parts: Sequence[Numbers]) -> Numbers:
    """Return the numbers in some arrays, each once and in ascending order."""
    every = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    # The parts are in order, but for few numbers: this kind makes use of that.
    every.sort(kind="stable")
    first = np.ones(len(every), np.bool_)
    np.not_equal(every[1:], every[:-1], out=first[1:])
    return every[first]
