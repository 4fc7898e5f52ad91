"""What some limits ask of the sentences of a lattice: which figures tell sentences apart, and from where on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from archsearch.analysis.figures import SECONDS
from archsearch.analysis.fold import FOLDED
from archsearch.census.intervals import Interval, must_hold, turns
from archsearch.census.reduced import Pushed
from archsearch.census.ticks import Ticks, doubt, in_ticks

if TYPE_CHECKING:
    from archsearch.analysis.limits import Limits
    from archsearch.census.lattice import Lattice
    from archsearch.census.reduced import Figures

ANY = Interval(0, 2**61)
"""Where a figure lies of which nothing is known."""

_AT_MOST = frozenset({"rf", "rf_inside"})


class Asked:
    """What limits ask of the sentences of a lattice, with seconds in ticks.

    `clauses` are the limits that not all sentences keep. `whole` has the interval in which each figure lies, and
    `turns` the values in it from which on a comparison comes out otherwise. Of figures that have some, those in
    `summed` are added word by word, as `pushed` has them, and those in `read` are known where sentences end. Of
    `unknown` ones nothing is known, and sums may differ from figures by their `doubts`.
    """

    def __init__(self, lattice: Lattice, limits: Limits) -> None:
        self.lattice, names = lattice, sorted(limits.names)
        self._ticks = Ticks(limits.calibration) if limits.calibration and limits.name_seconds else None
        self.doubts: dict[str, int] = {}
        self.summed = tuple(name for name in names if name in {*lattice.fold.summed, SECONDS})
        self.read = tuple(name for name in names if name not in self.summed)
        self.pushed = Pushed(lattice, self._picked)
        self.whole = dict.fromkeys(self.read, ANY) | spanned(map(self.end, lattice.ends))
        for name, least, most in zip(self.summed, self.pushed.least, self.pushed.most, strict=True):
            self.doubts[name] = doubt(most, len(lattice.order)) if name == SECONDS else 0
            self.whole[name] = Interval(least - self.doubts[name], most + self.doubts[name])
        clauses = map(in_ticks, limits.condition.clauses)
        self.clauses = tuple(one for one in clauses if not must_hold(one, self.whole).all())
        self.turns = {name: self._turns(name) for name in names}
        self.read = tuple(name for name in self.read if self.turns[name])
        self.unknown = tuple(name for name in self.read if name not in FOLDED)
        told = tuple(name for name in self.summed if self.turns[name])
        if told != self.summed:
            # Sums on which nothing depends would keep nodes apart.
            self.summed = told
            self.pushed = Pushed(lattice, self._picked)

    def end(self, node: int) -> dict[str, Interval]:
        """Return in which intervals the figures lie that are read, of sentences that end at a node."""
        fold, state = self.lattice.fold, self.lattice.states[node]
        known = {name: Interval(value, value) for name, value in fold.read(state).items()}
        if fold.is_bound(state):
            known |= {name: Interval(0, known[name].most) for name in _AT_MOST & known.keys()}
        return {name: known.get(name, ANY) for name in self.read}

    def alike(self, end: Mapping[str, Interval]) -> tuple[tuple[int, ...], ...]:
        """Return what limits can tell of the figures that are read."""
        return tuple(tuple(bisect_right(self.turns[name], one) for one in end[name]) for name in self.read)

    def _picked(self, added: Figures) -> Figures:
        """Return what an edge adds to the figures that are summed."""
        summed = self.lattice.fold.summed
        known = dict(zip(summed, added, strict=False))
        if self._ticks is not None:
            known[SECONDS] = self._ticks.of(added[len(summed) :])
        return tuple(known[name] for name in self.summed)

    def _turns(self, name: str) -> Figures:
        least, most = self.whole[name]
        return tuple(one for one in turns(self.clauses, name) if least < one <= most)


def spanned(every: Iterable[Mapping[str, Interval]]) -> dict[str, Interval]:
    """Return the smallest intervals that hold those of all."""
    found = dict[str, Interval]()
    for one in every:
        for name, (least, most) in one.items():
            known = found.get(name, Interval(least, most))
            found[name] = Interval(min(known.least, least), max(known.most, most))
    return found
