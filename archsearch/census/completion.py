"""Which options of a derivation can still end in a network that keeps the limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from archsearch.census.count import MEMORY, Count, census, paths
from archsearch.census.lattice import FITTED, MISFIT
from archsearch.census.places import Places

if TYPE_CHECKING:
    from archsearch.census.census import Census
    from archsearch.space.space import Space


class Completion:
    r"""The derivations of a space that keep its limits, followed option by option.

    `count` is the number of these derivations. Raises what `explain` raises.

    >>> from archsearch.space.space import Space
    >>> ahead = Completion(Space.of("limits params < 1k\nnetwork = conv(8|16|64) head()")).begin()
    >>> ahead.ways(3)
    (1, 1, 0)
    """

    def __init__(self, space: Space, memory: int = MEMORY) -> None:
        self._census = census(paths(space, Places(space)), space.limits, memory)
        self.count = Count.of(self._census)

    def begin(self) -> Ahead:
        """Return what follows a derivation from its beginning."""
        return Ahead(self._census, certainly=self.count.least > 0)


class Ahead:
    """One derivation under way, in step with `Space.derive`: asked at each slot, then told what was taken.

    Where sums were rounded, options count by which a network `certainly` fits, if there are any at all.
    """

    def __init__(self, found: Census, *, certainly: bool) -> None:
        self._census, self._certainly = found, certainly
        self._node, self._row = 0, 0
        self._is_sure, self._is_lost, self._taken = False, False, 0
        self._edges: list[int] = []
        self._arrive()

    def ways(self, options: int) -> tuple[int, ...]:
        """Return in how many ways a derivation goes on and fits, by each of the options of the next slot."""
        found = [0] * options
        for edge in self._edges:
            found[self._choices(edge)[self._taken]] += self._onward(edge)
        return tuple(found)

    def take(self, option: int) -> None:
        """Follow an option of the next slot."""
        self._edges = [edge for edge in self._edges if self._choices(edge)[self._taken] == option]
        self._taken += 1
        if self._edges and len(self._choices(self._edges[0])) == self._taken:
            self._follow(self._edges[0])

    def _choices(self, edge: int) -> tuple[int, ...]:
        return self._census.sums.lattice.edges[self._node][edge].choices

    def _follow(self, edge: int) -> None:
        """Go over an edge, and over those behind it at which there is nothing to choose."""
        sums, node = self._census.sums, self._node
        self._node = sums.lattice.edges[node][edge].node
        if self._node >= 0 and not self._is_sure:
            moved, keep = sums.moved(np.array([self._row]), node, edge)
            self._row, self._is_lost = int(moved[0]), self._is_lost or not keep[0]
        self._arrive()

    def _arrive(self) -> None:
        self._taken, self._edges = 0, []
        if self._node in {FITTED, MISFIT}:
            return
        self._is_sure = not self._is_lost and (self._is_sure or self._census.sums.sure[self._node])
        self._edges = [*range(len(self._census.sums.lattice.edges[self._node]))]
        if not self._choices(0):
            self._follow(0)

    def _onward(self, edge: int) -> int:
        if self._is_lost:
            return 0
        if self._is_sure:
            paths = self._census.sums.lattice
            return paths.following(paths.edges[self._node][edge])
        row = np.array([self._row])
        return int(self._census.onward(row, self._node, edge, certainly=self._certainly)[0])
