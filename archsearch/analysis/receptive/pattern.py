"""What the units of an endless map see along one axis: sets that repeat, shifted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache, reduce
from math import gcd, lcm
from operator import or_
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from archsearch.graph.windows import AnyWindow


Placed: TypeAlias = tuple[int, int]
"""A set on the endless axis: (p, bits) holds position p + i for every bit i, bit 0 among them; (0, 0) is empty."""


@dataclass(frozen=True)
class Pattern:
    """What the units of an endless map see: unit u what unit u - len(phases) does, `advance` pixels further."""

    advance: int
    phases: tuple[Placed, ...]

    @property
    def is_regular(self) -> bool:
        """Whether the units follow a pattern; IRREGULAR stands for those that do not."""
        return bool(self.phases)

    @cached_property
    def stride(self) -> Fraction:
        """Input pixels from the field of a unit to that of the next: below 1 after upsampling."""
        return Fraction(self.advance, len(self.phases))

    @cached_property
    def extent(self) -> int:
        """The largest distance from the first to the last position that a unit sees, both counted."""
        return max(bits.bit_length() for _start, bits in self.phases)

    @property
    def padding(self) -> int:
        """Effective padding: how far before the image the first unit's field starts."""
        return -self.phases[0][0]

    @property
    def coverage(self) -> Fraction:
        """Smallest share of its extent that a unit sees: below 1 where dilation or stride leave holes."""
        shares = [Fraction(bits.bit_count(), bits.bit_length()) for _start, bits in self.phases if bits]
        return min(shares, default=Fraction(0))

    def at(self, unit: int) -> Placed:
        """Return the positions that a unit sees."""
        block, phase = divmod(unit, len(self.phases))
        start, bits = self.phases[phase]
        return (start + block * self.advance, bits) if bits else (0, 0)

    def after(self, window: AnyWindow) -> Pattern:
        """Return the pattern of an operation that reads this map.

        >>> from archsearch.graph.windows import Window
        >>> first = ENDLESS.after(Window(3, stride=2, padding=1))
        >>> second = first.after(Window(3, padding=2, dilation=2))
        >>> second.extent, int(second.stride), second.padding, f"{second.phases[0][1]:b}"
        (11, 2, 5, '11101110111')
        """
        return _after(self, window) if self.phases else self

    def joined(self, other: Pattern) -> Pattern:
        """Return the pattern of units that read the same unit of both: IRREGULAR where their strides differ."""
        if self is other:
            return self
        if not self.phases or not other.phases or self.stride != other.stride:
            return IRREGULAR
        period = lcm(len(self.phases), len(other.phases))
        phases = tuple(_together((self.at(unit), other.at(unit))) for unit in range(period))
        return _shortest(Pattern(self.advance * (period // len(self.phases)), phases))

    def mixed(self, block: int, count: int) -> Pattern:
        """Return the pattern where units `block` apart, in groups of `count`, see what any of the group does."""
        if not self.phases:
            return self
        period = lcm(len(self.phases), block * count)
        firsts = [unit - unit // block % count * block for unit in range(period)]
        phases = tuple(_together(self.at(first + block * other) for other in range(count)) for first in firsts)
        return _shortest(Pattern(self.advance * (period // len(self.phases)), phases))

    def misalignment(self, other: Pattern) -> Fraction:
        """Return the largest distance, in pixels, between the centres of what a unit sees of each.

        0 where either is irregular or their strides differ: the result is irregular then.
        """
        if not self.phases or not other.phases or self.stride != other.stride:
            return Fraction(0)
        period = lcm(len(self.phases), len(other.phases))
        return max(abs(_centre(self.at(unit)) - _centre(other.at(unit))) for unit in range(period))


ENDLESS = Pattern(1, ((0, 1),))
"""The image itself: each unit sees its own position."""

IRREGULAR = Pattern(0, ())
"""No pattern: only the sets say what the units see."""


@lru_cache(maxsize=4096)
def _after(pattern: Pattern, window: AnyWindow) -> Pattern:
    """Return the pattern after a window; cached, as both axes of a map and network after network need the same."""
    units, positions = window.advance
    common = gcd(positions, len(pattern.phases))
    period = units * (len(pattern.phases) // common)
    phases = tuple(_together(pattern.at(read) for read in window.reads(unit)) for unit in range(period))
    return _shortest(Pattern(pattern.advance * (positions // common), phases))


def union(sets: Iterable[int]) -> int:
    """Return the positions that are in any of the bit sets."""
    return reduce(or_, sets, 0)


def _together(placed: Iterable[Placed]) -> Placed:
    seen = [(start, bits) for start, bits in placed if bits]
    if not seen:
        return 0, 0
    first = min(start for start, _bits in seen)
    return first, union(bits << (start - first) for start, bits in seen)


def _centre(placed: Placed) -> Fraction:
    start, bits = placed
    return start + Fraction(bits.bit_length() - 1, 2)


def _shortest(pattern: Pattern) -> Pattern:
    """Return the same pattern with the shortest period."""
    period = len(pattern.phases)
    for shorter in range(1, period // 2 + 1):
        if period % shorter or pattern.advance * shorter % period:
            continue
        candidate = Pattern(pattern.advance * shorter // period, pattern.phases[:shorter])
        if all(pattern.phases[unit] == candidate.at(unit) for unit in range(shorter, period)):
            return candidate
    return pattern
