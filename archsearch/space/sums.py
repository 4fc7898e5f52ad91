"""The sums of figures along the paths of a lattice, as far as limits tell one from another.

What every sentence adds from a node on is counted from the beginning, see `reduced`, so a sum is the least that it
can come to. Two sums at a node are alike if every comparison in the limits comes out alike for both, whatever
follows; one of them stands for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from operator import add
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from archsearch.analysis.figures import SECONDS
from archsearch.notation.clauses import Clauses, comparisons
from archsearch.space.asked import spanned
from archsearch.space.column import Alike, Column
from archsearch.space.intervals import Holds, Interval, Numbers, Truths, may_hold, must_hold
from archsearch.space.reduced import Figures, Reduced, Step
from archsearch.space.ticks import FINE

if TYPE_CHECKING:
    from archsearch.notation.clauses import Clause
    from archsearch.space.asked import Asked

_BITS = 62


class _Here(NamedTuple):
    """What is known of the sums at a node, by columns: which are alike, and by how much each may end up larger.

    All figures lie in `known`. Rows are asked for the clauses in `open`, which some of them may have broken. If it
    is `sure`, all keep every clause whatever follows; if `dead`, none does.
    """

    ahead: Figures
    alike: tuple[tuple[Alike, ...], ...]
    known: Mapping[str, Interval]
    open: tuple[Clause, ...]
    sure: bool
    dead: bool


class _Bounds(NamedTuple):
    """The least and the largest sums that arrive at a node, by columns, and how much may have been rounded off."""

    low: Figures
    high: Figures
    lost: Figures

    def after(self, added: Figures, lost: Figures) -> _Bounds:
        """Return the bounds after a step."""
        low, high = (tuple(map(add, sums, added)) for sums in (self.low, self.high))
        return _Bounds(low, high, tuple(map(add, self.lost, lost)))


class Sums:
    """The sums that limits ask for at the nodes of a lattice, for which stand those of `reduced`.

    A row has one for each of the `columns`, and is packed into one number: 0 at the first node. `units` are those
    asked for, by the names of figures. Unless `is_exact`, figures are only known to lie in intervals.
    """

    def __init__(self, asked: Asked, units: Mapping[str, int]) -> None:
        self.asked, self.units, self.lattice = asked, units, asked.lattice
        self.columns = self._columns()
        ends = {node: asked.alike(asked.end(node)) for node in asked.lattice.ends}
        self.reduced = Reduced(asked.pushed, [one.unit for one in self.columns], ends.__getitem__)
        is_rounded = any(map(any, (rest for ways in self.reduced.lost for rest in ways.values())))
        is_known = all(least == most for end in ends.values() for least, most in end)
        self.is_exact = is_known and not is_rounded and not any(one.doubt for one in self.columns)
        self.here = self._everywhere()

    @property
    def packs(self) -> bool:
        """Whether a row fits into one number."""
        return sum(one.bits for one in self.columns) <= _BITS

    @cached_property
    def sure(self) -> list[bool]:
        """At which nodes of the lattice all limits are kept, whatever follows."""
        return [node is not None and self.here[node].sure for node in self.reduced.at]

    def step(self, node: int, edge: int) -> Step | None:
        """Return the step that stands for an edge of the lattice; None if no sentence fits that goes on by it."""
        steps = self.reduced.over[node]
        return steps[edge] if steps else None

    def moved(self, rows: Numbers, node: int, edge: int) -> tuple[Numbers, Truths]:
        """Return packed rows of a node of the lattice after an edge, and which may still keep the limits."""
        step = self.step(node, edge)
        if step is None:
            return np.zeros_like(rows), np.zeros(len(rows), np.bool_)
        packed, kept = self.stepped(rows, step)
        return packed, np.ones(len(rows), np.bool_) if kept is None else kept

    def stepped(self, rows: Numbers, step: Step) -> tuple[Numbers, Truths | None]:
        """Return packed rows after a step, and which of them can still keep the limits; None if all can."""
        here = self.here[step.node]
        packed, kept = rows + self._packed(step.added), None
        for clause in here.open:
            holds = may_hold(clause, self._known(packed, here, clause))
            kept = holds if kept is None else kept & holds
        for column, alike in zip(self.columns, here.alike, strict=True):
            if alike:
                _unite(packed, column, alike)
        return packed, kept

    def kept(self, rows: Numbers, node: int, holds: Holds) -> Truths:
        """Return for which rows of a node of `reduced` every clause holds: may, or must."""
        here, found = self.here[node], np.ones(len(rows), np.bool_)
        for clause in self.asked.clauses:
            found &= holds(clause, self._known(rows, here, clause))
        return found

    def _known(self, rows: Numbers, here: _Here, clause: Clause) -> Mapping[str, Interval]:
        """Return where the figures of a clause lie, for packed rows."""
        names = {one.name for one in comparisons(clause)}
        known = dict(here.known)
        for column, ahead in zip(self.columns, here.ahead, strict=True):
            if column.name in names:
                units = column.units(rows)
                known[column.name] = column.interval(units, units, ahead)
        return known

    def _packed(self, added: Figures) -> int:
        """Return what a step adds to a row: no more than what is told apart."""
        return sum(min(one, column.top) << column.shift for one, column in zip(added, self.columns, strict=True))

    def _columns(self) -> tuple[Column, ...]:
        asked, found, shift = self.asked, list[Column](), 0
        for name, common, least in zip(asked.summed, asked.pushed.common, asked.pushed.least, strict=True):
            wanted = max(self.units.get(name, 1), FINE if name == SECONDS else 1)
            unit = -(-wanted // common) * common
            found.append(Column(name, unit, least, asked.doubts[name], asked.turns[name], shift))
            shift += found[-1].bits
        return tuple(found)

    def _everywhere(self) -> list[_Here]:
        """Return what is known of each node of `reduced`."""
        reduced, zeros = self.reduced, (0,) * len(self.columns)
        ahead, read = self._ahead(), self._read()
        arriving: list[list[_Bounds]] = [[] for _ in reduced.ways]
        found = list[_Here]()
        for node in reversed(range(len(reduced.ways))):
            bounds = _joined(arriving[node] or [_Bounds(zeros, zeros, zeros)])
            here = self._at(bounds, ahead[node], read[node])
            found.append(here)
            bounds = _united(bounds, here.alike)
            for step, lost in reduced.lost[node].items():
                arriving[step.node].append(bounds.after(step.added, lost))
        return found[::-1]

    def _at(self, bounds: _Bounds, ahead: Figures, read: Mapping[str, Interval]) -> _Here:
        """Return what is known of a node at which sums lie in these bounds."""
        more = tuple(map(add, ahead, bounds.lost))
        every = [*zip(self.columns, bounds.low, bounds.high, more, strict=True)]
        known = {**self.asked.whole, **read, **{column.name: column.interval(*rest) for column, *rest in every}}
        open_ones = [one for one in self.asked.clauses if not must_hold(one, known).all()]
        return _Here(
            more,
            tuple(column.alike(*rest) for column, *rest in every),
            known,
            tuple(one for one in open_ones if self._tells(one, known, more)),
            sure=not open_ones,
            dead=not all(may_hold(one, known).all() for one in open_ones),
        )

    def _tells(self, clause: Clause, known: Mapping[str, Interval], ahead: Figures) -> bool:
        """Whether some rows of a node may have broken a clause, and others not."""
        names = {one.name for one in comparisons(clause)}
        pairs = zip(self.columns, ahead, strict=True)
        varying = [(column.name, more) for column, more in pairs if column.name in names]
        if not varying or isinstance(clause, Clauses) or clause.comparator in {"=", "!="}:
            return bool(varying)
        # What holds for the least row and for the largest does so for those between.
        ((name, more),) = varying
        least, most = known[name]
        rows = Interval(least, least + more), Interval(most - more, most)
        return not all(may_hold(clause, {name: one}) for one in rows)

    def _ahead(self) -> list[Figures]:
        """Return by how much the sentences that follow at each node can add more than the least."""
        units = tuple(one.unit for one in self.columns)
        found = list[Figures]()
        for node, ways in enumerate(self.reduced.ways):
            every = [(0,) * len(units)]
            for step in ways:
                parts = zip(step.added, units, self.reduced.lost[node][step], found[step.node], strict=True)
                every.append(tuple(added * unit + lost + more for added, unit, lost, more in parts))
            found.append(tuple(map(max, zip(*every, strict=True))))
        return found

    def _read(self) -> list[Mapping[str, Interval]]:
        """Return where the figures lie that are read at the ends of the sentences that follow at each node."""
        found = list[Mapping[str, Interval]]()
        for node, ways in enumerate(self.reduced.ways):
            end = self.reduced.ends.get(node)
            found.append(spanned(found[one.node] for one in ways) if end is None else self.asked.end(end))
        return found


def _joined(every: Sequence[_Bounds]) -> _Bounds:
    low, high, lost = (zip(*of, strict=True) for of in zip(*every, strict=True))
    return _Bounds(tuple(map(min, low)), tuple(map(max, high)), tuple(map(max, lost)))


def _united(bounds: _Bounds, every: Sequence[tuple[Alike, ...]]) -> _Bounds:
    """Return the bounds of sums of which those that are alike were made one."""
    lows, highs = [*bounds.low], [*bounds.high]
    for number, alike in enumerate(every):
        for one in alike:
            if one.low is None and (one.high is None or lows[number] < one.high):
                lows[number] = one.stands
            if one.high is None and (one.low is None or highs[number] >= one.low):
                highs[number] = one.stands
    return _Bounds(tuple(lows), tuple(highs), bounds.lost)


def _unite(rows: Numbers, column: Column, alike: tuple[Alike, ...]) -> None:
    """Replace sums in packed rows by those that stand for them."""
    units = column.units(rows)
    for low, high, stands in alike:
        above = units - stands
        if low is not None:
            above[units < low] = 0
        if high is not None:
            above[units >= high] = 0
        rows -= above << column.shift
