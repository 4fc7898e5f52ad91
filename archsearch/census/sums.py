"""The sums of figures along the paths of a lattice, as far as limits tell one from another.

What every sentence adds from a node on is counted from the beginning, see `reduced`, so a sum is the least that it
can come to. Two sums at a node are alike if every comparison in the limits comes out alike for both, whatever
follows; one of them stands for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from operator import add
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from archsearch.analysis.figures import SECONDS
from archsearch.census.asked import spanned
from archsearch.census.column import Column
from archsearch.census.intervals import Holds, Interval, Numbers, Truths, may_hold, must_hold
from archsearch.census.moves import DROPPED, Change, Move
from archsearch.census.reduced import Figures, Reduced, Step
from archsearch.census.ticks import FINE, in_figure
from archsearch.notation.clauses import Clauses, Comparison, comparisons

if TYPE_CHECKING:
    from archsearch.census.asked import Asked
    from archsearch.notation.clauses import Clause

_BITS = 62


class _Here(NamedTuple):
    """What is known of the sums at a node, by columns: between what they lie, and how much larger each may end up.

    All figures lie in `known`, which leaves the clauses in `open` open. If it is `sure`, all sentences that go on
    from there keep every clause; if `dead`, none does.
    """

    low: Figures
    high: Figures
    ahead: Figures
    known: Mapping[str, Interval]
    open: tuple[Clause, ...]
    dead: bool

    @property
    def sure(self) -> bool:
        """Whether all sentences that go on from there keep every clause."""
        return not self.open


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

    A row has one for each of the `columns`, and is packed into one number: 0 at the first node. Sums are rounded
    down to multiples of `units` where any are asked for, by the names of figures; those of seconds to microseconds
    at least. Unless `is_exact`, figures are only known to lie in intervals.
    """

    def __init__(self, asked: Asked, units: Mapping[str, int]) -> None:
        self.asked, self.lattice = asked, asked.lattice
        self.columns = self._columns(units)
        ends = {node: asked.alike(asked.end(node)) for node in asked.lattice.ends}
        self.reduced = Reduced(asked.pushed, [one.unit for one in self.columns], ends.__getitem__)
        is_rounded = any(map(any, (rest for ways in self.reduced.lost for rest in ways.values())))
        is_known = all(least == most for end in ends.values() for least, most in end)
        self.is_exact = is_known and not is_rounded and not any(one.doubt for one in self.columns)
        self.here = self._everywhere()
        self._moves: dict[tuple[int, Step], Move] = {}
        self._joined = [self._not_ranges(one.open) for one in self.here]

    @property
    def packs(self) -> bool:
        """Whether a row fits into one number."""
        return sum(one.bits for one in self.columns) <= _BITS

    @property
    def units(self) -> dict[str, float]:
        """The multiples to which sums are rounded, by the names of figures; none of sums that are exact."""
        pairs = zip(self.columns, self.asked.pushed.common, strict=True)
        return {one.name: in_figure(one.name, one.unit) for one, common in pairs if one.unit > common}

    @cached_property
    def sure(self) -> list[bool]:
        """At which nodes of the lattice all limits are kept, whatever follows."""
        return [node is not None and self.here[node].sure for node in self.reduced.at]

    def step(self, node: int, edge: int) -> Step | None:
        """Return the step that stands for an edge of the lattice; None if no sentence fits that goes on by it."""
        steps = self.reduced.over[node]
        return steps[edge] if steps else None

    def moved(self, rows: Numbers, node: int, edge: int) -> tuple[Numbers, Truths]:
        """Return packed rows of a node of the lattice after an edge, and which may still keep the limits.

        Those that may not are below 0, and stay so.
        """
        step = self.step(node, edge)
        if step is None:
            return np.full_like(rows, DROPPED), np.zeros(len(rows), np.bool_)
        number = self.reduced.at[node]
        assert number is not None
        packed = rows if number == step.node else np.where(rows < 0, DROPPED, self.stepped(rows, number, step))
        return packed, packed >= 0

    def stepped(self, rows: Numbers, node: int, step: Step) -> Numbers:
        """Return packed rows of a node of `reduced` after a step; those that have broken a limit are below 0."""
        if (node, step) not in self._moves:
            self._moves[node, step] = self._move(self.here[node], step)
        moved = self._moves[node, step].apply(rows)
        for clause in self._joined[step.node]:
            holds = may_hold(clause, self._known(moved, self.here[step.node], clause))
            np.copyto(moved, DROPPED, where=~holds)
        return moved

    def _move(self, before: _Here, step: Step) -> Move:
        """Return what a step does to the rows of a node, as far as some of them are changed."""
        here, changes = self.here[step.node], list[Change]()
        added = [min(one, column.top) for one, column in zip(step.added, self.columns, strict=True)]
        for number, column in enumerate(self.columns):
            low, high = before.low[number] + added[number], before.high[number] + added[number]
            clauses = [one for one in here.open if isinstance(one, Comparison) and one.name == column.name]
            least, most = column.kept(clauses, here.ahead[number])
            change = Change(
                column,
                least if least > low else None,
                most if most is not None and most <= high else None,
                column.alike(low, high, here.ahead[number]),
            )
            changes += [] if change.is_none else [change]
        packed = sum(one << column.shift for one, column in zip(added, self.columns, strict=True))
        return Move(packed, tuple(changes))

    def _not_ranges(self, clauses: Iterable[Clause]) -> list[Clause]:
        """Return the clauses that depend on rows, but do not ask that one column lies in some range."""
        names = {one.name for one in self.columns}
        depend = (one for one in clauses if names & {each.name for each in comparisons(one)})
        return [one for one in depend if isinstance(one, Clauses) or one.comparator == "!="]

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

    def _columns(self, units: Mapping[str, int]) -> tuple[Column, ...]:
        asked, found, shift = self.asked, list[Column](), 0
        for name, common, least in zip(asked.summed, asked.pushed.common, asked.pushed.least, strict=True):
            wanted = max(units.get(name, 1), FINE if name == SECONDS else 1)
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
            united = _Bounds(here.low, here.high, bounds.lost)
            for step, lost in reduced.lost[node].items():
                arriving[step.node].append(united.after(step.added, lost))
        return found[::-1]

    def _at(self, bounds: _Bounds, ahead: Figures, read: Mapping[str, Interval]) -> _Here:
        """Return what is known of a node at which sums lie in these bounds."""
        more = tuple(map(add, ahead, bounds.lost))
        every = [*zip(self.columns, bounds.low, bounds.high, more, strict=True)]
        united = [column.united(*rest) for column, *rest in every]
        known = {**self.asked.whole, **read, **{column.name: column.interval(*rest) for column, *rest in every}}
        open_ones = tuple(one for one in self.asked.clauses if not must_hold(one, known).all())
        dead = not all(may_hold(one, known).all() for one in open_ones)
        low, high = (tuple(one[end] for one in united) for end in (0, 1))
        return _Here(low, high, more, known, open_ones, dead)

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
