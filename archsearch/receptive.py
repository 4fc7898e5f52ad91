"""Receptive sets: which input positions a unit can see, along one axis, as exact sets.

A set of positions is an integer used as a bit set, so that a convolution is a few shifts and ors. Two views
are kept: the *unclipped* set, one for all units, as if the image went on for ever, with stride and start; and,
for each unit, what is left *inside* the image when every operation drops the taps that fall on its padding.

The unclipped recurrences are those of Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional
Neural Networks", Distill 2019; the sets extend them to the holes that dilation leaves.

These are projections on an axis: a 1 x 7 beside a 7 x 1 convolution sees a cross of 13 pixels, not 49.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from archsearch.errors import ShapeError

LARGEST = 2**20
"""The largest receptive field that is counted, in pixels: no image comes near, and a set of them takes memory."""


@dataclass(frozen=True)
class Window:
    """A kernel slid along one axis, in torch's terms."""

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    def positions(self, unit: int, length: int) -> range:
        """Return the positions of a unit's taps on a map of `length`, without those on its padding.

        >>> list(Window(3, padding=2, dilation=2).positions(0, length=8))
        [0, 2]
        """
        first = unit * self.stride - self.padding
        skipped = -(first // self.dilation) if first < 0 else 0
        end = first + (self.kernel - 1) * self.dilation + 1
        return range(first + skipped * self.dilation, min(end, length), self.dilation)

    def is_pointwise(self, length: int, units: int) -> bool:
        """Whether no unit has a tap inside the map but the kernel's centre: a 1 x 1 in disguise.

        >>> Window(3, padding=8, dilation=8).is_pointwise(length=8, units=8)
        True
        """
        middle = (self.kernel - 1) / 2 * self.dilation
        return all(
            position == unit * self.stride - self.padding + middle
            for unit in range(units)
            for position in self.positions(unit, length)
        )


@dataclass(frozen=True)
class Field:
    """What the units of a map see along one axis.

    Unit `u` sees, unclipped, the positions `u * stride + start + i` for every bit `i` of `offsets`, whose
    lowest bit is set; and inside the image those of the bits of `inside[u]`.
    """

    stride: int
    start: int
    offsets: int
    inside: tuple[int, ...]

    @property
    def extent(self) -> int:
        """Length of the stretch from the first to the last position seen, unclipped."""
        return self.offsets.bit_length()

    @property
    def padding(self) -> int:
        """Effective padding: how far the first unit's stretch begins before the image."""
        return -self.start

    @property
    def extent_inside(self) -> int:
        """The largest stretch that a unit sees inside the image."""
        return max(positions.bit_length() - _lowest(positions) for positions in self.inside)


def image(length: int) -> Field:
    """Return the field of the input itself: each unit sees its own position."""
    return Field(1, 0, 1, tuple(1 << position for position in range(length)))


def slide(field: Field, window: Window, units: int) -> Field:
    """Return the field after a window was slid over the map; `units` come out.

    The extent grows by (kernel - 1) * dilation * (product of the strides before); padding adds nothing.
    Raises ShapeError where it passes LARGEST.

    >>> first = slide(image(32), Window(3, stride=2, padding=1), units=16)
    >>> second = slide(first, Window(3, padding=2, dilation=2), units=16)
    >>> first.extent, second.extent, second.stride, second.padding
    (3, 11, 2, 5)
    """
    extent = field.extent + (window.kernel - 1) * window.dilation * field.stride
    if extent > LARGEST:
        raise ShapeError(f"the receptive field is {extent:,} pixels; more than {LARGEST:,} are not counted")
    offsets = _union(field.offsets << tap * window.dilation * field.stride for tap in range(window.kernel))
    length = len(field.inside)
    inside = tuple(
        _union(field.inside[position] for position in window.positions(unit, length)) for unit in range(units)
    )
    start = field.start - window.padding * field.stride
    return Field(field.stride * window.stride, start, offsets, inside)


def join(first: Field, second: Field) -> Field:
    """Return the field of a unit that reads the same unit of two maps of one stride: the union of both.

    >>> join(image(8), slide(image(8), Window(3, padding=1), units=8)).start
    -1
    """
    start = min(first.start, second.start)
    offsets = first.offsets << (first.start - start) | second.offsets << (second.start - start)
    inside = tuple(one | other for one, other in zip(first.inside, second.inside, strict=True))
    return Field(first.stride, start, offsets, inside)


def _union(sets: Iterable[int]) -> int:
    return reduce(or_, sets, 0)


def _lowest(positions: int) -> int:
    """Number of the lowest bit that is set; 0 for the empty set."""
    return max((positions & -positions).bit_length() - 1, 0)
