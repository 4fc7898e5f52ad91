"""What each unit of a map sees inside the image along one axis: as exact sets, or only from where to where.

Sets answer every question, and take a bit for each unit and position. Spans take two numbers for each unit, and
answer how far units see. Both are joined and gathered alike.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import or_, sub
from typing import TypeAlias

from archsearch.analysis.receptive.pattern import union

_FAR = 2**62
"""Where the span of a unit that sees nothing begins; it ends at -1."""


class Sets(tuple[int, ...]):
    """For each unit of a map, the positions of the image that it sees, as a bit set: bit 3 is position 3."""

    __slots__ = ()

    @property
    def longest(self) -> int:
        """The largest stretch that a unit sees, from its first to its last position."""
        return max(map(stretch, self), default=0)

    @property
    def whole(self) -> int:
        """The stretch that all units see together."""
        return stretch(union(self))

    def holds(self, other: Sets) -> bool:
        """Whether each unit sees all that the same unit of `other` sees."""
        return all(more | less == more for more, less in zip(self, other, strict=True))

    def joined(self, other: Sets) -> Sets:
        """Return what units see that read the same unit of both."""
        return self if self is other else Sets(map(or_, self, other))

    def gathered(self, reads: Iterable[Iterable[int]]) -> Sets:
        """Return what units see that each read the listed ones of these."""
        return Sets(union(self[position] for position in taps) for taps in reads)

    def nothing(self) -> Sets:
        """Return as many units that see nothing."""
        return Sets((0,) * len(self))


@dataclass(frozen=True)
class Spans:
    """For each unit of a map, the first and the last position of the image that it sees.

    >>> both = Spans.of_image(8).gathered([(0, 2), (), (5,)])
    >>> both.longest, both.whole, both.gathered([(0, 1)]).longest
    (3, 6, 3)
    """

    first: array[int]
    last: array[int]

    @staticmethod
    def of_image(length: int) -> Spans:
        """Return the spans of the input, where each unit sees its own position."""
        return Spans(array("q", range(length)), array("q", range(length)))

    @cached_property
    def longest(self) -> int:
        """The largest stretch that a unit sees."""
        return max(0, max(map(sub, self.last, self.first), default=-1) + 1)

    @cached_property
    def whole(self) -> int:
        """The stretch that all units see together."""
        return max(0, max(self.last, default=-1) - min(self.first, default=_FAR) + 1)

    def holds(self, other: Spans) -> bool:
        """Whether each unit sees as far in both directions as the same unit of `other`."""
        firsts = zip(self.first, other.first, strict=True)
        lasts = zip(self.last, other.last, strict=True)
        return all(ours <= theirs for ours, theirs in firsts) and all(ours >= theirs for ours, theirs in lasts)

    def joined(self, other: Spans) -> Spans:
        """Return the spans of units that read the same unit of both."""
        if self is other:
            return self
        return Spans(array("q", map(min, self.first, other.first)), array("q", map(max, self.last, other.last)))

    def gathered(self, reads: Sequence[Iterable[int]]) -> Spans:
        """Return the spans of units that each read the listed ones of these."""
        first, last = self.first, self.last
        return Spans(
            array("q", (min([first[position] for position in taps], default=_FAR) for taps in reads)),
            array("q", (max([last[position] for position in taps], default=-1) for taps in reads)),
        )

    def nothing(self) -> Spans:
        """Return as many units that see nothing."""
        return Spans(array("q", [_FAR]) * len(self.first), array("q", [-1]) * len(self.last))


Reach: TypeAlias = Sets | Spans
"""What each unit sees; all fields of a network have the same kind."""


def stretch(positions: int) -> int:
    """Return the length from the lowest to the highest position of a bit set; 0 for none.

    >>> stretch(0b0110100)
    4
    """
    return positions.bit_length() - max((positions & -positions).bit_length() - 1, 0)


def joined(one: Reach | None, other: Reach | None) -> Reach | None:
    """Return the two joined; those of the first where one of them was not asked for."""
    if isinstance(one, Sets) and isinstance(other, Sets):
        return one.joined(other)
    if isinstance(one, Spans) and isinstance(other, Spans):
        return one.joined(other)
    return one


def holds(one: Reach | None, other: Reach | None) -> bool:
    """Whether each unit of one sees all that the same unit of the other sees; true if that was not asked for."""
    if isinstance(one, Sets) and isinstance(other, Sets):
        return one.holds(other)
    if isinstance(one, Spans) and isinstance(other, Spans):
        return one.holds(other)
    return True
