"""What the output of a sentence sees, as far as that decides on what words behind it see: remembered by numbers.

Only the extents of patterns are kept: their holes are filled. A union of filled sets, or one moved along, extends
as far as that of the sets, so `rf` is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from archsearch.analysis.figures import last_maps
from archsearch.analysis.fragment import Fragment, NeedsReachError, NotFoldedError
from archsearch.analysis.op_profile import rf, rf_inside
from archsearch.analysis.receptive.axis import Axis
from archsearch.analysis.receptive.field import AxisField, image, image_with_patterns, image_with_spans
from archsearch.analysis.receptive.pattern import Pattern
from archsearch.analysis.receptive.rules import fields
from archsearch.analysis.receptive.tensor import TensorField, of_image
from archsearch.analysis.seen import SETS_UP_TO
from archsearch.errors import ShapeError
from archsearch.graph.shapes import Shape


class LastMap(NamedTuple):
    """What is asked of the last map before an output; `bound`: its units see at most that."""

    rf: int = 0
    rf_inside: int = 0
    bound: bool = False


class Sight(NamedTuple):
    """What an output sees along each axis, whatever its channels.

    `blind` are the units along each axis that see nothing of the image, as bit sets. `last` is the last map before
    the output where that is none.
    """

    axes: tuple[Axis, ...]
    blind: tuple[int, ...]
    uneven: bool
    bound: bool
    last: LastMap | None

    @property
    def is_even(self) -> bool:
        """Whether all channels see the same."""
        return not self.uneven and all(axis.dim != 1 for axis in self.axes)

    def of(self, shape: Shape) -> TensorField:
        """Return what an output of a shape sees."""
        return TensorField(shape, self.axes, self.uneven, self.bound)


class Sights:
    """Sights by their numbers, and what operations make of them.

    With `reach`, what is seen inside the image is known. `enough` is the largest `rf` that matters, if there is
    one.
    """

    def __init__(self, image_shape: Shape, *, reach: bool, enough: int | None) -> None:
        self.reach, self.enough = reach, None if reach else enough
        self.bytes = 0
        self._sights: list[Sight] = []
        self._numbers: dict[Sight, int] = {}
        self._moved: dict[Hashable, int | None] = {}
        self._side = max(image_shape[1:])
        shape = (1, *image_shape)
        self._image = of_image(shape, [*map(self._axis_image(), image_shape[1:])])
        self.start = self._number(self._image, None)

    def after(self, found: Fragment, earlier: Sequence[int]) -> int | None:
        """Return what the end of a fragment sees; None for a field too large to count.

        `earlier` has the sight of each node that stands for earlier operations. Raises NotFoldedError where an
        output is no map, or more than that decides.
        """
        if found.movement is None or not all(self._sights[sight].is_even for sight in earlier):
            return self._after(found, earlier)
        key = found.movement, tuple(earlier)
        if key not in self._moved:
            self._moved[key] = self._after(found, earlier)
        return self._moved[key]

    def last(self, sight: int, shape: Shape) -> LastMap:
        """Return what is asked of the last map of a sentence whose output has this sight and shape."""
        known = self._sights[sight]
        return known.last or self._asked(known.of(shape))

    def _after(self, found: Fragment, earlier: Sequence[int]) -> int | None:
        known = dict(zip(found.earlier, map(self._sights.__getitem__, earlier), strict=True))
        before = {n: sight.of(found.graph.nodes[n].shape) for n, sight in known.items()}
        try:
            seen = fields(found.graph, earlier={0: self._image, **before})
        except ShapeError:
            return None
        end = seen[found.end]
        return self._number(end, None if end.is_local_map else self._last_map(found, seen, known))

    def _last_map(self, found: Fragment, seen: Sequence[TensorField], known: Mapping[int, Sight]) -> LastMap:
        """Return the last map before an output that is none: of several, the one with the largest `rf`."""
        numbers = last_maps(found.graph, seen, found.end, earlier=known)
        if len(numbers) > 1 and not all(seen[number].is_local_map for number in numbers):
            raise NotFoldedError("which of several maps is the last depends on more than the words that follow")
        last = [self._asked(seen[one]) if seen[one].is_local_map else known[one].last for one in numbers]
        return max(filter(None, last), default=LastMap(), key=lambda one: one.rf)

    def _asked(self, field: TensorField) -> LastMap:
        """Return what is asked of a map; `rf_inside` is 0 where it is not."""
        inside = rf_inside(field) if self.reach else 0
        unclipped = rf(field)
        if unclipped is None and not self.reach:
            raise NeedsReachError("the units of a map follow no pattern")
        return LastMap(inside if unclipped is None else unclipped, inside, field.bound)

    def _number(self, field: TensorField, last: LastMap | None) -> int:
        maps = [axis for axis in field.axes if isinstance(axis, Axis)]
        if len(maps) < len(field.axes):
            raise NotFoldedError("a sentence or its part ends in a tensor that is no map, such as tokens")
        axes = tuple(Axis(_simplified(axis.field, self.enough), axis.dim) for axis in maps)
        sight = Sight(axes, tuple(axis.field.blind for axis in axes), field.uneven, field.bound, last)
        if sight not in self._numbers:
            self._numbers[sight] = len(self._sights)
            self._sights.append(sight)
            self.bytes += sum(_bytes(axis.field, self._side) for axis in axes)
        return self._numbers[sight]

    def _axis_image(self) -> Callable[[int], AxisField]:
        if not self.reach:
            return image_with_patterns
        return image if self._side <= SETS_UP_TO else image_with_spans


def _simplified(field: AxisField, enough: int | None) -> AxisField:
    """Return a field with the holes of its pattern filled; of one larger than `enough` only that is kept."""
    pattern = field.pattern and _extended(field.pattern, enough)
    return field if pattern is field.pattern else replace(field, pattern=pattern)


def _bytes(field: AxisField, length: int) -> int:
    """Return about how many bytes a field takes, of an image of a length."""
    phases = field.pattern.phases if field.pattern else ()
    inside = 0 if field.local is None else field.units * length
    return (sum(bits.bit_length() for _start, bits in phases) + inside) // 8


@lru_cache(maxsize=4096)
def _extended(pattern: Pattern, enough: int | None) -> Pattern:
    """Return a pattern with its holes filled; one of a single set that is larger than `enough` with one more."""
    # With several sets, a stride may leave out the largest.
    if enough is not None and len(pattern.phases) == 1 and pattern.extent > enough:
        return Pattern(pattern.advance, ((0, (1 << enough + 1) - 1),))
    phases = tuple((start, (1 << bits.bit_length()) - 1) for start, bits in pattern.phases)
    return pattern if phases == pattern.phases else Pattern(pattern.advance, phases)
