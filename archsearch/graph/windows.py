"""What each unit of an operation's output reads of its input along one axis, and how many units there are.

A window says which positions a unit reads on an endless axis (`reads`) and on a map with borders (`inside`), by
how many positions the reads advance from one unit to a later one (`advance`), and how many units come out of a map
of a given length (`units`). That is all that receptive fields and output shapes need.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from math import ceil, floor
from typing import TypeAlias

from archsearch.errors import ShapeError
from archsearch.graph.interpolation import Interpolation, beyond
from archsearch.graph.shapes import Border


@dataclass(frozen=True)
class Window:
    """A kernel slid over the axis, in torch's terms; `padding` is on both sides.

    Pad, crop, slice, roll and flip read like kernels of 1, but say themselves how many units come out.

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
    ceil_mode: bool = False

    def units(self, length: int) -> int:
        """Return floor((length + 2 padding - dilation (kernel - 1) - 1) / stride) + 1.

        With `ceil_mode` it is rounded up, unless the last window would start beyond the map and its padding in
        front. The formulas are those of torch's `Conv2d` and `MaxPool2d`. Raises ShapeError where no window fits.

        >>> Window(3, padding=1, dilation=2).units(8)
        6
        >>> Window(2, stride=2).units(7), Window(2, stride=2, ceil_mode=True).units(7)
        (3, 4)
        """
        span = self.dilation * (self.kernel - 1) + 1
        over = length + 2 * self.padding - span
        if over < 0:
            remedy = "reduce the kernel, or the strides before it, or add padding"
            message = f"a window of {span} does not fit on a map of {length} with padding {self.padding}"
            raise ShapeError(message, remedy=remedy)
        units = over // self.stride + 1
        if self.ceil_mode and over % self.stride and units * self.stride < length + self.padding:
            units += 1
        return units

    @property
    def advance(self) -> tuple[int, int]:
        """(1, stride): the next unit reads `stride` positions further."""
        return 1, self.stride

    def reads(self, unit: int) -> range:
        """Return the positions of the taps."""
        first = unit * self.stride - self.padding
        return range(first, first + (self.kernel - 1) * self.dilation + 1, self.dilation)

    def inside(self, unit: int, length: int) -> range | list[int]:
        """Return the positions that the taps read on a map of `length`; taps on zeros read none.

        >>> list(Window(3, padding=2, dilation=2).inside(0, 8))
        [0, 2]
        >>> list(Window(3, padding=1, border="circular").inside(0, 8))
        [7, 0, 1]
        """
        taps = self.reads(unit)
        if self.border != "zeros":
            return [beyond(tap, length, self.border) for tap in taps]
        skipped = -(taps.start // self.dilation) if taps.start < 0 else 0
        return range(taps.start + skipped * self.dilation, min(taps.stop, length), self.dilation)

    def near_padding(self, length: int, units: int) -> Iterable[int]:
        """Return the units among which those are that read padding alone: those whose first tap is no position.

        >>> list(Window(1, stride=5, padding=1).near_padding(length=7, units=2))
        [0]
        """
        if self.border != "zeros":
            return range(0)
        if self.stride < 1:
            return range(units)
        before = min(units, -(-max(self.padding, 0) // self.stride))
        beyond = max(before, -(-(length + self.padding) // self.stride))
        return chain(range(before), range(beyond, units))

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
    output_padding: int = 0

    def units(self, length: int) -> int:
        """Return (length - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1.

        The formula is that of torch's `ConvTranspose2d`. Raises ShapeError where nothing is left.

        >>> TransposedWindow(3, stride=2, padding=1, output_padding=1).units(8)
        16
        """
        span = self.dilation * (self.kernel - 1) + 1
        units = (length - 1) * self.stride - 2 * self.padding + span + self.output_padding
        if units < 1:
            message = f"a transposed convolution leaves nothing of a map of {length}"
            raise ShapeError(message, remedy="reduce its padding")
        return units

    @property
    def advance(self) -> tuple[int, int]:
        """(stride, 1): `stride` units later, the reads are one position further."""
        return self.stride, 1

    def reads(self, unit: int) -> list[int]:
        """Return the positions that write to a unit: its receptive field on the map that is read."""
        ends = (unit + self.padding - tap * self.dilation for tap in range(self.kernel))
        return [end // self.stride for end in ends if end % self.stride == 0]

    def inside(self, unit: int, length: int) -> list[int]:
        """Return those of `reads` that are on a map of `length`."""
        return [position for position in self.reads(unit) if 0 <= position < length]


@dataclass(frozen=True)
class AdaptiveWindow:
    """Adaptive pooling of a map of `length` to `size` units.

    Unit u covers the positions from floor(u * length / size) to ceil((u + 1) * length / size).

    >>> [list(AdaptiveWindow(7, 3).reads(unit)) for unit in range(3)]
    [[0, 1, 2], [2, 3, 4], [4, 5, 6]]
    """

    length: int
    size: int

    def units(self, _length: int) -> int:
        """Return `size`, whatever the length."""
        return self.size

    @property
    def advance(self) -> tuple[int, int]:
        """The ratio size : length in lowest terms."""
        ratio = Fraction(self.size, self.length)
        return ratio.numerator, ratio.denominator

    def reads(self, unit: int) -> range:
        """Return the positions in a unit's cell."""
        return range(unit * self.length // self.size, -(-(unit + 1) * self.length // self.size))

    def inside(self, unit: int, _length: int) -> range:
        """Return the same positions: no cell crosses the border."""
        return self.reads(unit)


@dataclass(frozen=True)
class FractionalWindow:
    """Fractional pooling of a map of `length` to `size` units with windows of `kernel`.

    torch begins window u at floor((u + s) * apart) - floor(s * apart), with s drawn at random from 0 to 1: that is
    at u * apart, rounded down or up. What either of them covers is read.

    >>> [list(FractionalWindow(8, 3, 3).reads(unit)) for unit in range(3)]
    [[0, 1, 2], [2, 3, 4, 5], [5, 6, 7]]
    """

    length: int
    size: int
    kernel: int

    @property
    def apart(self) -> Fraction:
        """Mean distance between neighbouring windows: the last one ends with the map."""
        return Fraction(self.length - self.kernel, max(self.size - 1, 1))

    def units(self, _length: int) -> int:
        """Return `size`, whatever the length."""
        return self.size

    @property
    def advance(self) -> tuple[int, int]:
        """The distance in lowest terms."""
        return self.apart.denominator, self.apart.numerator

    def reads(self, unit: int) -> range:
        """Return the positions that a unit's window may cover."""
        # torch puts the only window of a map at its end.
        first = self.apart * unit if self.size > 1 else Fraction(self.length - self.kernel)
        return range(floor(first), ceil(first) + self.kernel)

    def inside(self, unit: int, _length: int) -> range:
        """Return the same positions: no window crosses the border."""
        return self.reads(unit)


@dataclass(frozen=True)
class Listed:
    """Units that each read one of the listed positions.

    >>> list(Listed((4, 0, 0)).reads(0))
    [4]
    """

    positions: tuple[int, ...]

    def units(self, _length: int) -> int:
        """Return the length of the list."""
        return len(self.positions)

    @property
    def advance(self) -> tuple[int, int]:
        """The whole list, and nothing after it: it need not repeat."""
        return len(self.positions), 0

    def reads(self, unit: int) -> tuple[int, ...]:
        """Return the position of a unit."""
        return (self.positions[unit],)

    def inside(self, unit: int, _length: int) -> tuple[int, ...]:
        """Return the same position."""
        return self.reads(unit)


@lru_cache(maxsize=4096)
def window(kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool = False) -> Window:
    """Return a Window, cached: network after network has the same, and making one takes several times as long."""
    return Window(kernel, stride, padding, dilation, ceil_mode=ceil_mode)


AnyWindow: TypeAlias = Window | TransposedWindow | AdaptiveWindow | Interpolation | FractionalWindow | Listed
"""What the units of an operation read along one axis."""
