"""What each unit of an interpolated map reads of its input along one axis, as a window of `graph.windows`."""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Literal

from archsearch.graph.shapes import Border


@dataclass(frozen=True)
class Interpolation:
    """Interpolation to `size` units: each reads the positions around its own place, `ratio` times its number.

    A tap whose weight is exactly zero is not read. `nearest` rounds as torch does, in single precision. With
    `antialias` the filter is stretched by a ratio above 1, and cut off at the border, which is not repeated.

    >>> [list(Interpolation("nearest", 4, Fraction(1, 2)).reads(unit)) for unit in range(4)]
    [[0], [0], [1], [1]]
    >>> [list(Interpolation("linear", 4, Fraction(1, 2)).reads(unit)) for unit in range(4)]
    [[-1, 0], [0, 1], [0, 1], [1, 2]]
    >>> [list(Interpolation("linear", 4, Fraction(2, 4), corners=True).reads(unit)) for unit in range(4)]
    [[0], [0, 1], [1], [1, 2]]
    >>> list(Interpolation("linear", 4, Fraction(2), antialias=True).reads(1))
    [1, 2, 3, 4]
    """

    mode: Literal["nearest", "nearest-exact", "linear", "cubic"]
    size: int
    ratio: Fraction
    corners: bool = False
    antialias: bool = False

    def units(self, _length: int) -> int:
        """Return `size`: where `ratio` is rounded, it does not follow from the length."""
        return self.size

    @property
    def advance(self) -> tuple[int, int]:
        """The ratio in lowest terms."""
        return self.ratio.denominator, self.ratio.numerator

    def reads(self, unit: int) -> Sequence[int]:
        """Return the positions with a weight other than zero."""
        if self.antialias:
            return self._filtered(unit)
        if self.mode == "nearest":
            place = _single(_single(float(self.ratio)) * unit)
            return range(floor(place), floor(place) + 1)
        if self.mode == "nearest-exact":
            place = _single(_single(float(self.ratio)) * _single(unit + 0.5))
            return range(floor(place), floor(place) + 1)
        exact = unit * self.ratio if self.corners else (unit + Fraction(1, 2)) * self.ratio - Fraction(1, 2)
        around = 1 if self.mode == "linear" or exact.denominator == 1 else 2
        return range(floor(exact) - around + 1, ceil(exact) + around)

    def _filtered(self, unit: int) -> list[int]:
        """Return the positions under torch's filter: a triangle, or a cubic that is zero at distance 1 and 2."""
        stretched = max(self.ratio, Fraction(1))
        centre = (unit + Fraction(1, 2)) * self.ratio - Fraction(1, 2)
        far = stretched * (1 if self.mode == "linear" else 2)
        near = range(floor(centre - far) + 1, ceil(centre + far))
        return [position for position in near if abs(position - centre) != stretched]

    def inside(self, unit: int, length: int) -> Collection[int]:
        """Return the same positions on a map of `length`, whose border is repeated."""
        if self.antialias:
            return [position for position in self.reads(unit) if 0 <= position < length]
        if self.mode == "linear" and not self.corners and (unit + Fraction(1, 2)) * self.ratio <= Fraction(1, 2):
            return {0}
        return {beyond(position, length, "replicate") for position in self.reads(unit)}


def beyond(position: int, length: int, border: Border) -> int:
    """Return the position on the map that stands for one beyond it."""
    if border == "circular":
        return position % length
    if border == "reflect" and not 0 <= position < length:
        period = 2 * (length - 1)
        return min(position % period, period - position % period)
    return min(max(position, 0), length - 1)


def _single(value: float) -> float:
    """Round to single precision."""
    return float(struct.unpack("f", struct.pack("f", value))[0])
