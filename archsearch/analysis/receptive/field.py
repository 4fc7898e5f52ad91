"""Receptive fields along one axis of the image: what each unit of a map sees.

Two views are kept. The *pattern* is unclipped, as if the image were endless; its sets of positions are integers
used as bit sets, so that a convolution is a few shifts and ors. The *reach* says what each unit of the actual map
sees inside the image, as far as it was asked for (`reach`): what an operation reads from its padding is left out.
Which units see nothing of the image at all, as they read padding alone, is always known.

The recurrences for extent, stride and padding are those of Araujo, Norris and Sim, "Computing Receptive Fields of
Convolutional Neural Networks", Distill 2019; the sets extend them to holes and to units that differ.

They are projections on one axis: the sum of a 1 x 7 and a 7 x 1 convolution has a field of 7 along both axes,
though it sees a cross of 13 pixels and not a square of 49.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from archsearch.analysis.receptive import reach
from archsearch.analysis.receptive.pattern import ENDLESS, LARGEST, Pattern, union
from archsearch.analysis.receptive.reach import Reach, Sets, Spans
from archsearch.errors import ShapeError
from archsearch.graph.windows import Window

if TYPE_CHECKING:
    from archsearch.graph.windows import AnyWindow


@dataclass(frozen=True)
class AxisField:
    """What each of the `units` of a tensor sees along one axis of the image.

    `pattern` and `local` are what it sees along paths without global operations, `total` along all paths.
    `pattern` is None where every path has a global operation, `local` and `total` where they were not asked for.
    `blind` are the units that see nothing of the image along any path, as a bit set.
    """

    pattern: Pattern | None
    units: int
    blind: int = field(default=0, compare=False)
    local: Reach | None = None
    total: Reach | None = None

    @property
    def inside(self) -> tuple[int, ...] | None:
        """The sets that units see along paths without global operations, if sets were asked for."""
        return self.local if isinstance(self.local, Sets) else None

    @property
    def seen(self) -> tuple[int, ...] | None:
        """The sets that units see along all paths, if sets were asked for."""
        return self.total if isinstance(self.total, Sets) else None

    @property
    def extent_inside(self) -> int:
        """The largest extent of a unit's field inside the image, along paths without global operations.

        A unit that sees both ends of the image across a circular border counts with its unclipped extent.
        """
        inside = self.local.longest if self.local is not None else 0
        return min(inside, self.pattern.extent) if self.pattern and self.pattern.is_regular else inside

    @property
    def is_global(self) -> bool:
        """Whether some path with a global operation shows the units more than those without."""
        return self.pattern is None or self.total != self.local

    @property
    def longest(self) -> int:
        """The largest stretch of the image that a unit sees along all paths, from first to last position."""
        return 0 if self.total is None else self.total.longest

    @property
    def whole(self) -> int:
        """The stretch of the image that all units together see along all paths."""
        return 0 if self.total is None else self.total.whole

    @property
    def sees_all(self) -> bool:
        """Whether one unit's field stretches as far as those of all units together."""
        if self.total is None:
            return False
        is_local = self.pattern is not None and self.pattern.is_regular and self.total == self.local
        return self.longest == self.whole and not (is_local and self.pattern and self.pattern.extent < self.whole)

    @property
    def reached(self) -> int:
        """The positions that any unit sees, as a bit set, if sets were asked for."""
        return union(self.seen or ())

    @property
    def is_partly_blind(self) -> bool:
        """Whether what units see inside the image was asked for, and some see none of it."""
        return self.total is not None and self.blind != 0

    @property
    def sees_nothing(self) -> bool:
        """Whether no unit sees any of the image: all of them read padding alone."""
        return self.blind == (1 << self.units) - 1

    def holds(self, other: AxisField) -> bool:
        """Whether each unit sees all that the same unit of `other` sees."""
        return reach.holds(self.total, other.total)

    def after(self, window: AnyWindow, length: int, units: int) -> AxisField:
        """Return the field of the `units` of an operation that slides `window` over this map of `length`.

        Raises ShapeError for a receptive field of more than LARGEST pixels.
        """
        if isinstance(window, Window) and window.kernel > LARGEST:
            # The pattern itself would take minutes.
            message = f"a window of {window.kernel:,} is not counted; the largest is {LARGEST:,}"
            raise ShapeError(message, remedy="write a smaller kernel")
        pattern = self.pattern.after(window) if self.pattern else None
        blind = _blind_after(self.blind, window, length, units)
        if self.local is None or self.total is None:
            return AxisField(pattern, units, blind)
        reads = [window.inside(unit, length) for unit in range(units)]
        local = self.local.gathered(reads)
        total = local if self.total is self.local else self.total.gathered(reads)
        return AxisField(pattern, units, blind, local, total)

    def joined(self, other: AxisField) -> AxisField:
        """Return the field of units that read the same unit of two tensors; one without pattern adds none."""
        if self is other:
            return self
        pattern = self.pattern.joined(other.pattern) if self.pattern and other.pattern else None
        return AxisField(
            pattern or self.pattern or other.pattern,
            self.units,
            self.blind & other.blind,
            reach.joined(self.local, other.local),
            reach.joined(self.total, other.total),
        )

    def gathered(self, reads: Sequence[tuple[int, ...]], length: int, *, mixing: bool = False) -> AxisField:
        """Return the field of units that each read the listed ones of these `length` units, in ascending order.

        With `mixing`, as of a sum over a dim, it is a global operation if what one unit reads spans the whole map.
        """
        if len(reads) == length and all(read == (unit,) for unit, read in enumerate(reads)):
            return self
        is_global = mixing and any(_spans(read, length) for read in reads)
        pattern = self.pattern.gathered(reads) if self.pattern and not is_global else None
        blind = _blind_among(self.blind, reads)
        if self.local is None or self.total is None:
            return AxisField(pattern, len(reads), blind)
        total = self.total.gathered(reads)
        if is_global:
            return AxisField(None, len(reads), blind, total.nothing(), total)
        local = total if self.total is self.local else self.local.gathered(reads)
        return AxisField(pattern, len(reads), blind, local, total)

    def without_local_paths(self) -> AxisField:
        """Return the field of the same units where every path has a global operation."""
        return replace(self, pattern=None, local=self.local.nothing() if self.local is not None else None)


def image(length: int) -> AxisField:
    """Return the field of the input itself, with sets: each unit sees its own position."""
    own = Sets(1 << position for position in range(length))
    return AxisField(ENDLESS, length, 0, own, own)


def image_at(length: int, positions: Sequence[int]) -> AxisField:
    """Return the same with sets of the listed positions alone: bit 3 is the position listed at place 3."""
    bits = {position: 1 << place for place, position in enumerate(positions)}
    own = Sets(bits.get(position, 0) for position in range(length))
    return AxisField(ENDLESS, length, 0, own, own)


def image_with_spans(length: int) -> AxisField:
    """Return the same with spans instead of sets."""
    own = Spans.of_image(length)
    return AxisField(ENDLESS, length, 0, own, own)


def image_with_patterns(length: int) -> AxisField:
    """Return the same with its pattern alone."""
    return AxisField(ENDLESS, length)


def _spans(read: Sequence[int], length: int) -> bool:
    """Whether the units read are spread over the whole of `length`: no gap is wider than one between them."""
    apart = max((after - before for before, after in pairwise(read)), default=0)
    return len(read) > 1 and read[-1] + apart - read[0] >= length


def _blind_after(blind: int, window: AnyWindow, length: int, units: int) -> int:
    """Return which units read, on a map with these `blind` ones, only those or padding."""
    if not blind:
        return _on_padding(window, length, units)
    return _blind_among(blind, (window.inside(unit, length) for unit in range(units)))


def _blind_among(blind: int, reads: Iterable[Iterable[int]]) -> int:
    return sum(1 << unit for unit, taps in enumerate(reads) if all(blind >> position & 1 for position in taps))


@lru_cache(maxsize=4096)
def _on_padding(window: AnyWindow, length: int, units: int) -> int:
    """Return the units of a window that read padding alone, as a bit set."""
    asked = window.near_padding(length, units) if isinstance(window, Window) else range(units)
    return sum(1 << unit for unit in asked if not len(window.inside(unit, length)))
