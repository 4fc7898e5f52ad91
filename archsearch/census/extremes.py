"""The least and the most of one figure among the sentences that keep the limits, with a sentence of each.

A sentence passes rows of the census, each of which can still end within the limits. The shortest and the longest
way through these rows is found from the end backwards, where an edge is as long as what it adds to the figure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from archsearch.census.lattice import FITTED, network

if TYPE_CHECKING:
    from archsearch.census.census import Census
    from archsearch.census.intervals import Numbers
    from archsearch.census.lattice import Lattice
    from archsearch.census.places import Token
    from archsearch.notation.network import Network

_FAR = 2**62
_MOST = 2**19
"""So many rows are followed over an edge, which takes about as many times 16 bytes."""


class TooManyRowsError(Exception):
    """A census with more rows than are gone through once more."""


@dataclass(frozen=True)
class Extremes:
    """The `least` and the `most` that a figure comes to, with a network of each."""

    least: int
    most: int
    smallest: Network
    largest: Network


def extremes(found: Census, name: str) -> Extremes | None:
    """Return the extremes of a figure, as far as a fold tells it, among the networks that certainly fit.

    None where no network does. Raises TooManyRowsError where that would take long.
    """
    if not found.least:
        return None
    ways = Ways(found, certainly=True)
    low, high = (_Shortest(ways, name, sign) for sign in (1, -1))
    return Extremes(low.length, -high.length, low.network(), high.network())


class Ways:
    """The rows that sentences pass that may keep the limits, or do so `certainly`, by the nodes of the lattice.

    At a node that is sure, rows are not told apart any more: nothing is followed from there. `over` has, for each
    edge of another node by which any go on, which rows do, by their places, and the rows that they come to.
    Raises TooManyRowsError where there are too many.
    """

    def __init__(self, found: Census, *, certainly: bool) -> None:
        self.sure, self.lattice = found.sums.sure, found.sums.lattice
        self.rows: dict[int, Numbers] = {}
        self.over: dict[int, dict[int, tuple[Numbers, Numbers]]] = {}
        arriving = {0: [np.zeros(1, np.int64)]}
        taken = 0
        for node in reversed(self.lattice.order):
            if node not in arriving:
                continue
            rows = self.rows[node] = np.unique(np.concatenate(arriving.pop(node)))
            over = self.over[node] = {}
            for number, edge in enumerate(() if self.sure[node] else self.lattice.edges[node]):
                fits = np.flatnonzero(found.onward(rows, node, number, certainly=certainly))
                if (taken := taken + len(fits)) > _MOST:
                    raise TooManyRowsError
                if len(fits):
                    moved = rows[fits] if edge.node == FITTED else found.sums.moved(rows[fits], node, number)[0]
                    over[number] = fits, moved
                    arriving.setdefault(edge.node, []).append(moved)


class _Shortest:
    """The shortest way by a figure, or with the sign -1 the longest, from each row, and from each node.

    With each length, the number of the edge is kept with which the way begins.
    """

    def __init__(self, ways: Ways, name: str, sign: int) -> None:
        self._ways = ways
        self._free: dict[int, tuple[int, int]] = {}
        self._lengths: dict[int, Numbers] = {}
        self._edges: dict[int, Numbers] = {}
        length = _length(ways.lattice, name)
        for node in ways.lattice.order:
            added = [sign * length(node, number) for number in range(len(ways.lattice.edges[node]))]
            self._go_free(node, added)
            if node not in ways.rows:
                continue
            if ways.sure[node]:
                self._lengths[node] = np.full(len(ways.rows[node]), self._free[node][0])
            else:
                self._go_on(node, added)

    @property
    def length(self) -> int:
        """The length from the beginning."""
        return int(self._lengths[0][0])

    def network(self) -> Network:
        """Return a network of that length."""
        node, row, is_free = 0, 0, False
        tokens: list[Token] = []
        while node != FITTED:
            is_free = is_free or bool(self._ways.sure[node])
            number = self._free[node][1] if is_free else int(self._edges[node][row])
            edge = self._ways.lattice.edges[node][number]
            if not is_free and edge.node != FITTED:
                fits, moved = self._ways.over[node][number]
                row = int(np.searchsorted(self._ways.rows[edge.node], moved[np.searchsorted(fits, row)]))
            tokens += edge.tokens
            node = edge.node
        return network(tuple(tokens))

    def _go_free(self, node: int, added: list[int]) -> None:
        """Find the shortest way from a node, whatever the limits."""
        ways = [
            (added[number] + (0 if edge.node == FITTED else self._free[edge.node][0]), number)
            for number, edge in enumerate(self._ways.lattice.edges[node])
            if edge.node == FITTED or edge.node in self._free
        ]
        if ways:
            self._free[node] = min(ways)

    def _go_on(self, node: int, added: list[int]) -> None:
        """Find the shortest way from each row of a node."""
        rows = self._ways.rows
        shortest, edges = np.full(len(rows[node]), _FAR), np.zeros(len(rows[node]), np.int64)
        for number, (fits, moved) in self._ways.over[node].items():
            target = self._ways.lattice.edges[node][number].node
            rest = 0 if target == FITTED else self._lengths[target][np.searchsorted(rows[target], moved)]
            is_shorter = added[number] + rest < shortest[fits]
            edges[fits[is_shorter]] = number
            shortest[fits] = np.minimum(shortest[fits], added[number] + rest)
        self._lengths[node], self._edges[node] = shortest, edges


def _length(lattice: Lattice, name: str) -> Callable[[int, int], int]:
    """Return how long an edge is: what it adds, or where the figure is no sum, what is read at the end."""
    if name in lattice.fold.summed:
        place = lattice.fold.summed.index(name)
        return lambda node, edge: lattice.edges[node][edge].added[place]

    def read(node: int, edge: int) -> int:
        ends = lattice.edges[node][edge].node == FITTED
        return lattice.fold.read(lattice.states[node])[name] if ends else 0

    return read
