"""Receptive fields along one axis of the image, as exact sets of the input positions that each unit sees.

A set of positions is an integer used as a bit set, so that a convolution is a few shifts and ors. Two views are
kept. The *pattern* is unclipped, as if the image were endless. The *sets* say what each unit of the actual map
sees inside the image: what an operation reads from its padding is left out.

The recurrences for extent, stride and padding are those of Araujo, Norris and Sim, "Computing Receptive Fields of
Convolutional Neural Networks", Distill 2019; the sets extend them to holes and to units that differ.

They are projections on one axis: the sum of a 1 x 7 and a 7 x 1 convolution has a field of 7 along both axes,
though it sees a cross of 13 pixels and not a square of 49.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from archsearch.analysis.receptive.pattern import ENDLESS, Pattern, union
from archsearch.errors import ShapeError
from archsearch.graph.windows import Window

if TYPE_CHECKING:
    from archsearch.graph.windows import AnyWindow

LARGEST = 2**20
"""The largest receptive field that is counted, in pixels: far beyond any image, and a set takes a bit for each."""

Sets: TypeAlias = tuple[int, ...]
"""For each unit of a map, the positions of the image that it sees, as a bit set: bit 3 is position 3."""


@dataclass(frozen=True)
class AxisField:
    """What each unit of a tensor sees along one axis of the image.

    `pattern` and `inside` are what it sees along paths without global operations, `seen` along all paths.
    `pattern` is None where every path has a global operation, `inside` and `seen` where they were not asked for.
    """

    pattern: Pattern | None
    inside: Sets | None = None
    seen: Sets | None = None

    @property
    def extent_inside(self) -> int:
        """The largest extent of a unit's field inside the image, along paths without global operations.

        A unit that sees both ends of the image across a circular border counts with its unclipped extent.
        """
        inside = max(stretch(positions) for positions in self.inside or (0,))
        return min(inside, self.pattern.extent) if self.pattern and self.pattern.is_regular else inside

    @property
    def sees_all(self) -> bool:
        """Whether one unit's field stretches as far as those of all units together."""
        whole = stretch(self.reached)
        far = max(map(stretch, self.seen or (0,))) == whole
        local = self.pattern is not None and self.pattern.is_regular and self.seen == self.inside
        return far and not (local and self.pattern and self.pattern.extent < whole)

    @property
    def reached(self) -> int:
        """The positions that any unit sees, as a bit set."""
        return union(self.seen or ())

    @property
    def is_partly_blind(self) -> bool:
        """Whether some unit sees none of the image."""
        return self.seen is not None and 0 in self.seen

    @property
    def sees_nothing(self) -> bool:
        """Whether no unit sees any of the image: all of them read padding alone."""
        return self.seen is not None and not any(self.seen)

    def holds(self, other: AxisField) -> bool:
        """Whether each unit sees all that the same unit of `other` sees."""
        pairs = zip(self.seen or (), other.seen or (), strict=True)
        return all(more | less == more for more, less in pairs)

    def after(self, window: AnyWindow, length: int, units: int) -> AxisField:
        """Return the field of the `units` of an operation that slides `window` over this map of `length`.

        Raises ShapeError for a receptive field of more than LARGEST pixels.
        """
        if isinstance(window, Window) and window.kernel > LARGEST:
            # The pattern itself would take minutes.
            message = f"a window of {window.kernel:,} is not counted; the largest is {LARGEST:,}"
            raise ShapeError(message, remedy="write a smaller kernel")
        pattern = self.pattern.after(window) if self.pattern else None
        if pattern and pattern.is_regular and pattern.extent > LARGEST:
            message = f"the receptive field is {pattern.extent:,} pixels; more than {LARGEST:,} are not counted"
            raise ShapeError(message, remedy="reduce kernels, dilations or strides")
        if self.inside is None or self.seen is None:
            return AxisField(pattern)
        reads = [window.inside(unit, length) for unit in range(units)]
        inside = _gathered(self.inside, reads)
        return AxisField(pattern, inside, inside if self.seen is self.inside else _gathered(self.seen, reads))

    def joined(self, other: AxisField) -> AxisField:
        """Return the field of units that read the same unit of two tensors; one without pattern adds none."""
        if self is other:
            return self
        inside, seen = _both(self.inside, other.inside), _both(self.seen, other.seen)
        if self.pattern and other.pattern:
            return AxisField(self.pattern.joined(other.pattern), inside, seen)
        return AxisField(self.pattern or other.pattern, inside, seen)

    def gathered(self, reads: Sequence[tuple[int, ...]], length: int, *, mixing: bool = False) -> AxisField:
        """Return the field of units that each read the listed ones of these `length` units, in ascending order.

        With `mixing`, as of a sum over a dim, it is a global operation if what one unit reads spans the whole map.
        """
        if len(reads) == length and all(read == (unit,) for unit, read in enumerate(reads)):
            return self
        is_global = mixing and any(_spans(read, length) for read in reads)
        pattern = self.pattern.gathered(reads) if self.pattern and not is_global else None
        if self.inside is None or self.seen is None:
            return AxisField(pattern)
        seen = _gathered(self.seen, reads)
        if is_global:
            return AxisField(None, (0,) * len(seen), seen)
        return AxisField(pattern, seen if self.seen is self.inside else _gathered(self.inside, reads), seen)


def image(length: int) -> AxisField:
    """Return the field of the input itself: each unit sees its own position."""
    own = tuple(1 << position for position in range(length))
    return AxisField(ENDLESS, own, own)


def stretch(positions: int) -> int:
    """Return the length from the lowest to the highest position of a bit set; 0 for none.

    >>> stretch(0b0110100)
    4
    """
    return positions.bit_length() - max((positions & -positions).bit_length() - 1, 0)


def _spans(read: Sequence[int], length: int) -> bool:
    """Whether the units read are spread over the whole of `length`: no gap is wider than one between them."""
    apart = max((after - before for before, after in pairwise(read)), default=0)
    return len(read) > 1 and read[-1] + apart - read[0] >= length


def _gathered(sets: Sets, reads: Iterable[Iterable[int]]) -> Sets:
    return tuple(union(sets[position] for position in taps) for taps in reads)


def _both(first: Sets | None, second: Sets | None) -> Sets | None:
    if first is None or second is None or first is second:
        return first
    return tuple(one | other for one, other in zip(first, second, strict=True))
