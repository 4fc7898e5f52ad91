"""The sentences that keep the limits of a space by their numbers: each has one, so that draws are fair.

At each node of the lattice, an edge takes as many of the numbers that arrive as there are ways to go on by it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from archsearch.census.automaton import Automaton
from archsearch.census.count import MEMORY, Count, census, paths
from archsearch.census.lattice import FITTED, network
from archsearch.errors import ArchsearchError

if TYPE_CHECKING:
    from archsearch.census.census import Census
    from archsearch.census.places import Token
    from archsearch.notation.network import Network
    from archsearch.space.space import Space

_AT_ONCE = 256
"""So many networks are drawn together: they share what is found out at each node."""

_DRAWING = 2**27
"""The bytes for drawing alone: with sums that are rounded more, more draws are thrown away, and none is unfair."""

_GIVEN_UP = 100_000
"""After so many draws none of which keeps the limits, rounded sums are said to be too coarse."""


class Feasible:
    r"""The sentences of a space that keep its limits: each has a number, from 0 to `size` - 1.

    Where sums were rounded to save memory, `count` is an interval, and some of the numbers are those of sentences
    that break a limit by a little. `census` has the sums; the space has so many `sentences`. Raises what `explain`
    raises.

    >>> from archsearch.space.space import Space
    >>> fits = Feasible(Space.of("limits params < 3k\nnetwork = conv(8|16)*1..2 head()"))
    >>> fits.size, [str(network) for network in fits.networks([0, 4])]
    (5, ['conv(8) head()', 'conv(16) conv(8) head()'])
    """

    def __init__(self, space: Space, memory: int = MEMORY) -> None:
        self._space = space
        automaton = Automaton(space)
        self.sentences = automaton.size
        self.census = census(paths(space, automaton), space.limits, memory)
        self.count = Count.of(self.census)

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return self.count.most

    def networks(self, numbers: Iterable[int]) -> list[Network]:
        """Return the networks with these numbers: many at once take far less time than each alone."""
        walks = [_Walk(number) for number in numbers]
        if any(not 0 <= walk.rest < self.size for walk in walks):
            raise IndexError(f"{self.size:,} networks fit: numbers are from 0 to {self.size - 1:,}")
        here: dict[int, list[_Walk]] = {0: [*walks]}
        for node in reversed(self.census.sums.lattice.order):
            for target, walk in _walked(self.census, node, here.pop(node, [])):
                here.setdefault(target, []).append(walk)
        return [network(walk.tokens) for walk in walks]

    def sample(self, seed: int) -> Iterator[Network]:
        """Draw networks without end, each that fits with equal probability each time.

        Raises ArchsearchError if none fits, or if none is found as sums were rounded.
        """
        if not self.size:
            message = f"no network of `{self._space.name}` fits: {self._space.limits}"
            raise ArchsearchError(message, remedy="loosen the limits; `archsearch explain` says what each refuses")
        generator, since = random.Random(seed), 0
        for round_ in count():
            at_once = min(2**round_, _AT_ONCE)
            for drawn in self.networks([generator.randrange(self.size) for _ in range(at_once)]):
                if self.count.is_exact or self._space.check(drawn).fits:
                    since = 0
                    yield drawn
                elif (since := since + 1) == _GIVEN_UP:
                    message = f"none of {since:,} networks drawn of `{self._space.name}` fits"
                    raise ArchsearchError(message, remedy="sums were rounded to save memory: allow it more")


def sample(space: Space, seed: int) -> Iterator[Network]:
    """Draw networks that fit without end, each with equal probability each time; raises what `Feasible` raises."""
    try:
        return Feasible(space, _DRAWING).sample(seed)
    except ArchsearchError as error:
        remedy = f"{error.remedy or 'let the space have other words'}, or draw from all networks, with --any"
        raise ArchsearchError(error.message, place=error.place, remedy=remedy) from None


def sample_any(space: Space, seed: int) -> Iterator[Network]:
    r"""Draw from all networks of a space without end, each with equal probability each time.

    >>> from archsearch.space.space import Space
    >>> drawn = sample_any(Space.of("network = conv(8) head() | conv(8, kernel=3) head()"), seed=0)
    >>> str(next(drawn))
    'conv(8) head()'
    """
    automaton, generator = Automaton(space), random.Random(seed)
    while True:
        yield network(automaton.at(generator.randrange(automaton.size)))


@dataclass
class _Walk:
    """The way to a sentence: what is left of its number, the packed row where it is, and what was read.

    Without a row, it is sure to keep the limits whatever follows.
    """

    rest: int
    row: int | None = 0
    tokens: tuple[Token, ...] = ()


def _walked(found: Census, node: int, walks: list[_Walk]) -> Iterator[tuple[int, _Walk]]:
    """Take each walk one edge further; yield it with the node where it is then, unless it has ended."""
    sums, edges = found.sums, found.sums.lattice.edges[node]
    if sums.sure[node]:
        for walk in walks:
            walk.row = None
    rows = np.unique(np.array([walk.row for walk in walks if walk.row is not None], np.int64))
    places = {row: place for place, row in enumerate(rows.tolist())}
    ways = [found.onward(rows, node, number).tolist() for number in range(len(edges))] if places else []
    moved: dict[int, list[int]] = {}
    for walk in walks:
        for number, edge in enumerate(edges):
            here = sums.lattice.following(edge) if walk.row is None else ways[number][places[walk.row]]
            if walk.rest < here:
                break
            walk.rest -= here
        walk.tokens += edge.tokens
        if edge.node == FITTED:
            continue
        if walk.row is not None:
            if number not in moved:
                moved[number] = sums.moved(rows, node, number)[0].tolist()
            walk.row = moved[number][places[walk.row]]
        yield edge.node, walk
