"""How the units of an operation's output read the positions of its input, along one axis.

Each step answers on an endless axis (`reads`), and says what becomes of a read beyond the border (`inside`), by
how many positions the reads advance from one unit to a later one (`advance`): all that receptive fields need.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Literal, TypeAlias

from archsearch.errors import ShapeError
from archsearch.graph.shapes import Border, Sizes


@dataclass(frozen=True)
class Window:
    """A kernel slid over the axis, in torch's terms. Pad, crop, slice, roll and flip are kernels of 1.

    >>> list(Window(3, stride=2, padding=1).reads(4))
    [7, 8, 9]
    >>> list(Window(1, stride=-1, padding=-7).reads(0))  # flip of 8
    [7]
    """

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    border: Border = "zeros"

    @property
    def advance(self) -> tuple[int, int]:
        """(1, stride): the next unit reads `stride` positions further."""
        return 1, self.stride

    def reads(self, unit: int) -> range:
        """Return the positions of the taps."""
        first = unit * self.stride - self.padding
        return range(first, first + (self.kernel - 1) * self.dilation + 1, self.dilation)

    def inside(self, unit: int, length: int) -> Iterable[int]:
        """Return the positions on a map of `length` that the taps come from; those on zeros are left out.

        >>> list(Window(3, padding=2, dilation=2).inside(0, 8))
        [0, 2]
        >>> list(Window(3, padding=1, border="circular").inside(0, 8))
        [7, 0, 1]
        """
        taps = self.reads(unit)
        if self.border != "zeros":
            return [_beyond(tap, length, self.border) for tap in taps]
        skipped = -(taps.start // self.dilation) if taps.start < 0 else 0
        return range(taps.start + skipped * self.dilation, min(taps.stop, length), self.dilation)

    def is_pointwise(self, length: int, units: int) -> bool:
        """Whether no unit has a tap inside the map but the kernel's centre: a 1 x 1 in disguise.

        >>> Window(3, padding=8, dilation=8).is_pointwise(length=8, units=8)
        True
        """
        middle = (self.kernel - 1) / 2 * self.dilation
        return all(
            position == unit * self.stride - self.padding + middle
            for unit in range(units)
            for position in self.inside(unit, length)
        )


@dataclass(frozen=True)
class TransposedWindow:
    """A transposed convolution: position i writes to the units i * stride - padding + tap * dilation.

    >>> [list(TransposedWindow(3, stride=2, padding=1).reads(unit)) for unit in (4, 5)]
    [[2], [3, 2]]
    """

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    @property
    def advance(self) -> tuple[int, int]:
        """(stride, 1): `stride` units later, the reads are one position further."""
        return self.stride, 1

    def reads(self, unit: int) -> list[int]:
        """Return the positions that write to a unit."""
        ends = (unit + self.padding - tap * self.dilation for tap in range(self.kernel))
        return [end // self.stride for end in ends if end % self.stride == 0]

    def inside(self, unit: int, length: int) -> list[int]:
        """Return those of them on a map of `length`."""
        return [position for position in self.reads(unit) if 0 <= position < length]


@dataclass(frozen=True)
class AdaptiveWindow:
    """Adaptive pooling: a unit covers the positions from floor(u * size / units) to ceil((u + 1) * size / units).

    >>> [list(AdaptiveWindow(7, 3).reads(unit)) for unit in range(3)]
    [[0, 1, 2], [2, 3, 4], [4, 5, 6]]
    """

    length: int
    units: int

    @property
    def advance(self) -> tuple[int, int]:
        """The ratio units : length in lowest terms."""
        ratio = Fraction(self.units, self.length)
        return ratio.numerator, ratio.denominator

    def reads(self, unit: int) -> range:
        """Return the positions in a unit's cell."""
        return range(unit * self.length // self.units, -(-(unit + 1) * self.length // self.units))

    def inside(self, unit: int, _length: int) -> range:
        """Return the same: no cell crosses the border."""
        return self.reads(unit)


@dataclass(frozen=True)
class Interpolation:
    """Interpolation: a unit reads the positions around its own place, `ratio` times its number, on the map.

    A tap whose weight is exactly zero is not read. `nearest` rounds as torch does, in single precision.

    >>> [list(Interpolation("nearest", Fraction(1, 2)).reads(unit)) for unit in range(4)]
    [[0], [0], [1], [1]]
    >>> [list(Interpolation("linear", Fraction(1, 2)).reads(unit)) for unit in range(4)]
    [[-1, 0], [0, 1], [0, 1], [1, 2]]
    >>> [list(Interpolation("linear", Fraction(2, 4), corners=True).reads(unit)) for unit in range(4)]
    [[0], [0, 1], [1], [1, 2]]
    """

    mode: Literal["nearest", "nearest-exact", "linear", "cubic"]
    ratio: Fraction
    corners: bool = False

    @property
    def advance(self) -> tuple[int, int]:
        """The ratio in lowest terms."""
        return self.ratio.denominator, self.ratio.numerator

    def reads(self, unit: int) -> range:
        """Return the positions that have a weight."""
        if self.mode == "nearest":
            place = _single(_single(float(self.ratio)) * unit)
            return range(floor(place), floor(place) + 1)
        if self.mode == "nearest-exact":
            place = _single(_single(float(self.ratio)) * _single(unit + 0.5))
            return range(floor(place), floor(place) + 1)
        exact = unit * self.ratio if self.corners else (unit + Fraction(1, 2)) * self.ratio - Fraction(1, 2)
        around = 1 if self.mode == "linear" or exact.denominator == 1 else 2
        return range(floor(exact) - around + 1, ceil(exact) + around)

    def inside(self, unit: int, length: int) -> set[int]:
        """Return them on a map of `length`, where the border is repeated."""
        if self.mode == "linear" and not self.corners and (unit + Fraction(1, 2)) * self.ratio <= Fraction(1, 2):
            return {0}
        return {_beyond(position, length, "replicate") for position in self.reads(unit)}


AnyWindow: TypeAlias = Window | TransposedWindow | AdaptiveWindow | Interpolation
"""What an operation does along one axis."""


def _beyond(position: int, length: int, border: Border) -> int:
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


def windowed(
    extent: Sequence[int],
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    *,
    ceil_mode: bool = False,
) -> Sizes:
    """Output sizes: floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1 for each axis.

    With `ceil_mode` rounded up, unless the last window would begin beyond the map and its padding in front. The
    formulas are those in the documentation of torch's `Conv2d` and `MaxPool2d`. Raises ShapeError where nothing is
    left.

    >>> windowed((8, 8), (3, 3), (1, 1), (1, 1), (2, 2))
    (6, 6)
    """
    sizes = []
    for size, taps, step, pad, spread in zip(extent, kernel, stride, padding, dilation, strict=True):
        window = spread * (taps - 1) + 1
        if size + 2 * pad < window:
            raise ShapeError(f"a window of {window} does not fit on a map of {size} with padding {pad}")
        over = size + 2 * pad - window
        units = over // step + 1
        if ceil_mode and over % step and units * step < size + pad:
            units += 1
        sizes.append(units)
    return tuple(sizes)
