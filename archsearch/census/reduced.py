"""A lattice made as small as some limits allow: nodes from which sentences go on alike are one.

Of each figure, the least that is added in any case is moved from the edges to the beginning (weight pushing:
Mohri, "Minimization algorithms for sequential transducers", 2000). So nodes are alike, too, from which sentences
differ by the same number each, and a word adds nothing where there is no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from math import gcd
from operator import add, mod, sub
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from archsearch.census.lattice import FITTED

if TYPE_CHECKING:
    from archsearch.census.lattice import Lattice

Figures: TypeAlias = tuple[int, ...]
"""Whole numbers, one for each of some figures."""


class Step(NamedTuple):
    """To which node an edge leads, and how many units it adds to each sum."""

    node: int
    added: Figures


class Pushed:
    """A lattice whose edges add to each sum only what is more than the least that follows from the same node.

    `summed` picks the sums that matter out of what an edge adds. `least` and `most` are what whole sentences add.
    `over` has for each edge what it still adds, a multiple of `common`; None for one that leads to no sentence.
    """

    def __init__(self, lattice: Lattice, summed: Callable[[Figures], Figures]) -> None:
        self.lattice = lattice
        nothing = summed(lattice.fold.nothing)
        self.over: list[tuple[Figures | None, ...]] = [()] * len(lattice.edges)
        least, most = {FITTED: nothing}, {FITTED: nothing}
        picked = {edge.added: summed(edge.added) for edges in lattice.edges for edge in edges}
        for node in lattice.order:
            ways = [(edge.node, picked[edge.added]) for edge in lattice.edges[node]]
            lows = [tuple(map(add, added, least[after])) if after in least else None for after, added in ways]
            if known := [one for one in lows if one is not None]:
                low = least[node] = tuple(map(min, zip(*known, strict=True)))
                highs = (tuple(map(add, added, most[after])) for after, added in ways if after in most)
                most[node] = tuple(map(max, zip(*highs, strict=True)))
                self.over[node] = tuple(None if one is None else tuple(map(sub, one, low)) for one in lows)
        self.least, self.most = least.get(0, nothing), most.get(0, nothing)
        different = {added for edges in self.over for added in edges if added is not None}
        self.common = tuple(gcd(*values) or 1 for values in zip(*different, strict=True)) or (1,) * len(nothing)


class Reduced:
    """The nodes that are told apart, by numbers, each behind those that follow it.

    From each lead `ways`, so many times each, and `lost` is how much more than its units one may add. `sentences`
    go on from each; at `ends` they end, each as at one node of the lattice: nodes are alike in this if `end` says
    the same. `at` has the node that stands for each of the lattice, and `over` what stands for each of its edges,
    None where no sentence fits.
    """

    def __init__(self, pushed: Pushed, units: Sequence[int], end: Callable[[int], Hashable]) -> None:
        self.ways: list[dict[Step, int]] = []
        self.lost: list[dict[Step, Figures]] = []
        self.sentences: list[int] = []
        self.ends: dict[int, int] = {}
        lattice = pushed.lattice
        self.at: list[int | None] = [None] * len(lattice.edges)
        self.over: list[tuple[Step | None, ...]] = [()] * len(lattice.edges)
        self._numbers: dict[Hashable, int] = {}
        for node in lattice.order:
            steps = list[Step | None]()
            lost = dict[Step, Figures]()
            for edge, added in zip(lattice.edges[node], pushed.over[node], strict=False):
                if added is None:
                    steps.append(None)
                    continue
                after = self._ended(node, end(node)) if edge.node == FITTED else self.at[edge.node]
                assert after is not None
                step = Step(after, tuple(one // unit for one, unit in zip(added, units, strict=True)))
                rest = tuple(map(mod, added, units))
                lost[step] = tuple(map(max, lost[step], rest)) if step in lost else rest
                steps.append(step)
            if lost:
                self.over[node] = tuple(steps)
                self.at[node] = self._alike(Counter(step for step in steps if step is not None), lost)

    def _ended(self, node: int, end: Hashable) -> int:
        if end not in self._numbers:
            self.ends[len(self.ways)] = node
            self._add(end, {}, {}, 1)
        return self._numbers[end]

    def _alike(self, ways: dict[Step, int], lost: dict[Step, Figures]) -> int:
        """Return the number of the node from which these ways lead, new or known."""
        (step, times), *others = ways.items()
        if times == 1 and not others:
            # The only way adds nothing: all that it could is moved to the beginning.
            return step.node
        key = frozenset(ways.items())
        if key not in self._numbers:
            self._add(key, ways, lost, sum(self.sentences[one.node] * times for one, times in ways.items()))
        number = self._numbers[key]
        known = self.lost[number]
        known.update((one, tuple(map(max, known[one], rest))) for one, rest in lost.items())
        return number

    def _add(self, key: Hashable, ways: dict[Step, int], lost: dict[Step, Figures], sentences: int) -> None:
        self._numbers[key] = len(self.ways)
        self.ways.append(ways)
        self.lost.append(lost)
        self.sentences.append(sentences)
