"""What the units of an endless map see along one axis: a few sets, repeated at regular distances."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache, reduce
from math import gcd, lcm
from operator import or_
from typing import TYPE_CHECKING, TypeAlias

from archsearch.errors import ShapeError
from archsearch.graph.windows import Listed

if TYPE_CHECKING:
    from archsearch.graph.windows import AnyWindow


LARGEST = 2**20
"""The largest receptive field that is counted, in pixels: far beyond any image, and a set takes a bit for each."""

LONGEST_PERIOD = 2**16
"""The most units that a pattern may have before it repeats: of two odd scale factors in a row it is a million."""

Placed: TypeAlias = tuple[int, int]
"""A set (p, bits) on the endless axis: position p + i for every bit i; bit 0 is set, the empty set is (0, 0)."""


@dataclass(frozen=True)
class Repeated:
    """Units that read the listed positions, and then again and again `further` on.

    It is used as a window of `graph.windows`.
    """

    listed: tuple[tuple[int, ...], ...]
    further: int

    @property
    def advance(self) -> tuple[int, int]:
        """(length of the list, `further`)."""
        return len(self.listed), self.further

    def reads(self, unit: int) -> list[int]:
        """Return the positions that a unit reads on an endless axis."""
        times, place = divmod(unit, len(self.listed))
        return [position + times * self.further for position in self.listed[place]]


@dataclass(frozen=True)
class Pattern:
    """What each unit of an endless map sees.

    `phases` holds the sets of units 0 to `period - 1`; each later unit sees what the unit `period` before it does,
    `advance` pixels further along. After convolution and pooling alone, the period is 1. Units that repeat only
    after more than LONGEST_PERIOD are taken to follow no pattern, and ShapeError is raised where one would see
    more than LARGEST pixels.
    """

    advance: int
    phases: tuple[Placed, ...]

    @property
    def is_regular(self) -> bool:
        """Whether the units follow a pattern: those of IRREGULAR follow none."""
        return bool(self.phases)

    @cached_property
    def stride(self) -> Fraction:
        """Mean distance, in input pixels, between the fields of neighbouring units: below 1 after upsampling."""
        return Fraction(self.advance, len(self.phases))

    @cached_property
    def extent(self) -> int:
        """Receptive field in pixels: from the first to the last position that a unit sees, at most."""
        return max(bits.bit_length() for _start, bits in self.phases)

    @property
    def padding(self) -> int:
        """Effective padding: how many pixels before the image the first unit's field begins."""
        return -self.phases[0][0]

    @property
    def coverage(self) -> Fraction:
        """Least share of its own extent that a unit sees: below 1 where dilation or stride leave holes."""
        shares = [Fraction(bits.bit_count(), bits.bit_length()) for _start, bits in self.phases if bits]
        return min(shares, default=Fraction(0))

    def at(self, unit: int) -> Placed:
        """Return the set that a unit sees."""
        block, phase = divmod(unit, len(self.phases))
        start, bits = self.phases[phase]
        return (start + block * self.advance, bits) if bits else (0, 0)

    def after(self, window: AnyWindow | Repeated) -> Pattern:
        """Return the pattern of an operation that slides `window` over this map.

        >>> from archsearch.graph.windows import Window
        >>> first = ENDLESS.after(Window(3, stride=2, padding=1))
        >>> second = first.after(Window(3, padding=2, dilation=2))
        >>> second.extent, int(second.stride), second.padding, f"{second.phases[0][1]:b}"
        (11, 2, 5, '11101110111')
        """
        if isinstance(window, Listed):
            return self.gathered([(position,) for position in window.positions])
        return _after(self, window) if self.phases else self

    def gathered(self, reads: Sequence[tuple[int, ...]]) -> Pattern:
        """Return the pattern of units that each read those listed; IRREGULAR unless the list repeats.

        >>> ENDLESS.gathered([(0, 1), (0, 1), (2, 3), (2, 3)])
        Pattern(advance=2, phases=((0, 3), (0, 3)))
        """
        window = _repeated(reads)
        return self.after(window) if window else IRREGULAR

    def joined(self, other: Pattern) -> Pattern:
        """Return the pattern of units that read the same unit of both; IRREGULAR where their strides differ."""
        if self is other:
            return self
        period = self._common_period(other)
        if not period:
            return IRREGULAR
        phases = tuple(_together((self.at(unit), other.at(unit))) for unit in range(period))
        return _shortest(Pattern(self.advance * (period // len(self.phases)), phases))

    def misalignment(self, other: Pattern) -> Fraction:
        """Return the largest distance, in pixels, between the centres of the same unit's fields on two maps.

        0 where their join is irregular anyway.
        """
        units = range(self._common_period(other))
        return max((abs(_centre(self.at(n)) - _centre(other.at(n))) for n in units), default=Fraction(0))

    def _common_period(self, other: Pattern) -> int:
        """Return after how many units both repeat; 0 where their join is irregular."""
        if not self.phases or not other.phases or self.stride != other.stride:
            return 0
        period = lcm(len(self.phases), len(other.phases))
        return period if period <= LONGEST_PERIOD else 0


ENDLESS = Pattern(1, ((0, 1),))
"""The image itself, where each unit sees its own position."""

IRREGULAR = Pattern(0, ())
"""Units that follow no pattern: only their sets say what they see."""


@lru_cache(maxsize=4096)
def _after(pattern: Pattern, window: AnyWindow | Repeated) -> Pattern:
    # Cached because both axes of a map, and the networks of a search, ask for the same again and again.
    units, positions = window.advance
    common = gcd(positions, len(pattern.phases))
    period = units * (len(pattern.phases) // common)
    if period > LONGEST_PERIOD:
        return IRREGULAR
    phases = tuple(_together(pattern.at(read) for read in window.reads(unit)) for unit in range(period))
    return _shortest(Pattern(pattern.advance * (positions // common), phases))


def _repeated(reads: Sequence[tuple[int, ...]]) -> Repeated | None:
    """Return the shortest list that gives all reads when it is repeated; it must come twice at least."""
    for period in range(1, len(reads) // 2 + 1 if all(reads) else 0):
        further = reads[period][0] - reads[0][0]
        pairs = zip(reads, reads[period:], strict=False)
        if further and all(later == tuple(read + further for read in unit) for unit, later in pairs):
            return Repeated(tuple(reads[:period]), further)
    return None


def union(sets: Iterable[int]) -> int:
    """Return the union of bit sets."""
    return reduce(or_, sets, 0)


def _together(placed: Iterable[Placed]) -> Placed:
    seen = [(start, bits) for start, bits in placed if bits]
    if not seen:
        return 0, 0
    first = min(start for start, _bits in seen)
    extent = max(start + bits.bit_length() for start, bits in seen) - first
    if extent > LARGEST:
        message = f"the receptive field is {extent:,} pixels; more than {LARGEST:,} are not counted"
        raise ShapeError(message, remedy="reduce kernels, dilations or strides")
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
