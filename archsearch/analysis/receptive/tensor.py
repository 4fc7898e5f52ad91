"""What the elements of a tensor see, along each axis of the image.

A map has a dim for each axis, and needs no more than that. Of any other tensor, such as tokens or windows of a
map, an index array for each axis says which unit each element is (`indexed`). Only then is numpy loaded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, TypeAlias

from archsearch.analysis.receptive.axis import Axis
from archsearch.analysis.receptive.field import AxisField, image
from archsearch.analysis.receptive.pattern import IRREGULAR
from archsearch.graph.windows import AnyWindow, Window

if TYPE_CHECKING:
    from archsearch.analysis.receptive.indexed import IndexedAxis

    AnyAxis: TypeAlias = Axis | IndexedAxis


@dataclass(frozen=True)
class TensorField:
    """The shape of a tensor, and what is seen along each axis of the image.

    `uneven`: elements that differ only along dims without an axis, such as channels, may see different sets, and
    the fields hold their union. `bound`: the sets are an upper bound on what is seen.
    """

    shape: tuple[int, ...]
    axes: tuple[AnyAxis, ...]
    uneven: bool = False
    bound: bool = False

    @property
    def is_map(self) -> bool:
        """Whether each axis has a dim to itself, or none where all elements see the same, unlike in tokens."""
        return all(isinstance(axis, Axis) for axis in self.axes)

    @property
    def is_local_map(self) -> bool:
        """Whether it is a map with a path without global operations along each axis."""
        return bool(self.axes) and self.is_map and all(axis.field.pattern is not None for axis in self.axes)

    @property
    def is_global(self) -> bool:
        """Whether some path with a global operation shows the elements more along an axis."""
        return any(axis.field.is_global for axis in self.axes)

    def sees_all_of(self, end: TensorField) -> bool:
        """Whether an element sees as far, along each axis, as all together, and as all those of `end`."""
        if not self.axes or not end.axes:
            return False
        pairs = zip(self.axes, end.axes, strict=True)
        return all(one.field.sees_all and one.field.longest >= last.field.whole for one, last in pairs)

    def carried(self, dim: int) -> list[int]:
        """Return the numbers of the axes that run along a dim, wholly or in part."""
        return [number for number, axis in enumerate(self.axes) if dim in axis.dims]

    def along(self, dim: int, axis: int) -> tuple[int, ...]:
        """Return, for each index along a dim, the positions on an axis that any element there sees.

        Where several axes run along the dim, an element that sees nothing along one of them sees nothing at all.
        """
        if self._is_tangled:
            return self._gathered([one for one in range(len(self.shape)) if one != dim], axis, seeing=True)
        sets, _blind = self._projected(dim, axis)
        hidden = 0
        for other in self.carried(dim):
            hidden |= self._projected(dim, other)[1]
        return tuple(0 if hidden >> unit & 1 else own for unit, own in enumerate(sets))

    @property
    def _is_tangled(self) -> bool:
        """Whether elements that see nothing along an axis stand beside others in no order, as tokens may."""
        return not self.is_map and len(self.axes) > 1 and any(axis.field.is_partly_blind for axis in self.axes)

    def _gathered(self, dims: Collection[int], axis: int, *, seeing: bool) -> tuple[int, ...]:
        from archsearch.analysis.receptive.indexed import gathered_sets  # noqa: PLC0415

        axes = [one.indexed(self.shape) for one in self.axes]
        return gathered_sets(axes, self.shape, dims, axis, seeing=seeing)

    def _adds_unseen(self, dims: Collection[int]) -> bool:
        """Whether a sum over dims counts what an element would see that sees nothing along another axis."""
        if not self._is_tangled or not any(map(self.carried, dims)):
            return False
        # Of a long image there are no sets that would tell.
        if any(axis.field.seen is None for axis in self.axes):
            return True
        axes = range(len(self.axes))
        return any(self._gathered(dims, n, seeing=True) != self._gathered(dims, n, seeing=False) for n in axes)

    def _projected(self, dim: int, axis: int) -> tuple[tuple[int, ...], int]:
        """Return what the units along a dim see along an axis, and those that see nothing, as a bit set."""
        others = [other for other in range(len(self.shape)) if other != dim]
        (only,) = replace(self, axes=(self.axes[axis],)).reduced(others, keep=True).axes
        assert only.field.seen is not None
        if dim in only.dims:
            return only.field.seen, only.field.blind
        return only.field.seen * self.shape[dim], ((1 << self.shape[dim]) - 1) * only.field.blind

    def through(self, dim: int, window: AnyWindow, units: int) -> TensorField:
        """Return the output of an operation that slides `window` along a dim, with `units` along it."""
        length = self.shape[dim]
        if window == Window(1) and units == length:
            return self
        axes = tuple(axis.after(dim, window, length, units) for axis in self.axes)
        taps = (len([*window.inside(unit, length)]) for unit in range(units))
        carried = len(self.carried(dim))
        if carried:
            # An element that sees nothing along one axis sees nothing at all, yet its other fields are counted.
            blind = carried > 1 and any(axis.field.is_partly_blind for axis in self.axes)
            inexact = blind and (units < length or max(taps) > 1)
        else:
            # The fields cannot tell which units along this dim read padding alone, or other channels.
            inexact = (self.uneven and units < length) or (bool(self.axes) and 0 in taps)
        if any(axis.field.sees_nothing for axis in axes):
            axes = ()
        return _settled(TensorField(_with(self.shape, dim, units), axes, self.uneven, self.bound or inexact))

    def reduced(self, dims: Collection[int], *, keep: bool) -> TensorField:
        """Return the tensor summed over dims, which keep size 1 or are dropped.

        Where they have part of an axis, such as the tokens of a window, a mask may hide some: it is a bound then.
        """
        left = [dim for dim, size in enumerate(self.shape) if dim not in dims and size > 1]
        partly = any(0 < sum(dim in dims for dim in axis.dims) < len(axis.dims) for axis in self.axes)
        partly = partly or self._adds_unseen(dims)
        uneven = self.uneven and not all(self.carried(dim) for dim in left)
        axes = tuple(axis.mixed(dims, self.shape) for axis in self.axes)
        shape = tuple(1 if dim in dims else size for dim, size in enumerate(self.shape))
        if not keep:
            shape = tuple(size for dim, size in enumerate(shape) if dim not in dims)
            axes = tuple(axis.squeezed(dims) for axis in axes)
        return _settled(TensorField(shape, axes, uneven, self.bound or partly))

    def resized(self, dim: int, size: int) -> TensorField:
        """Return the tensor with another size for a dim that no axis runs along."""
        return TensorField(_with(self.shape, dim, size), self.axes, self.uneven, self.bound)

    def permuted(self, order: Sequence[int]) -> TensorField:
        """Return the tensor with its dims in another order."""
        axes = tuple(axis.permuted(order) for axis in self.axes)
        return replace(self, shape=tuple(self.shape[dim] for dim in order), axes=axes)

    def reshaped(self, shape: Sequence[int]) -> TensorField:
        """Return the tensor viewed in another shape."""
        blocks = list(_blocks(self.shape, shape))
        axes = tuple(axis.reshaped(blocks, self.shape, shape) for axis in self.axes)
        kinds = ({bool(self.carried(dim)) for dim in old if self.shape[dim] > 1} for old, _new in blocks)
        merged = any(len(kind) > 1 for kind in kinds)
        return _settled(TensorField(tuple(shape), axes, self.uneven, self.bound or (self.uneven and merged)))

    def broadcast(self, shape: Sequence[int]) -> TensorField:
        """Return the tensor expanded to a shape, with new dims in front."""
        axes = tuple(axis.expanded(self.shape, shape) for axis in self.axes)
        return replace(self, shape=tuple(shape), axes=axes)

    def joined(self, other: TensorField) -> TensorField:
        """Return the tensor whose elements each read the same element of two tensors, broadcast to one shape."""
        shape = _common(self.shape, other.shape)
        first, second = self.broadcast(shape), other.broadcast(shape)
        uneven, bound = first.uneven or second.uneven, first.bound or second.bound
        if not first.axes or not second.axes:
            return replace(first if first.axes else second, uneven=uneven, bound=bound)
        pairs = _aligned(first, second)
        bound = bound or _entangled([(one.field, two.field) for one, two in pairs])
        axes = tuple(replace(one, field=one.field.joined(two.field)) for one, two in pairs)
        return _settled(TensorField(shape, axes, uneven, bound))


def constant(shape: Sequence[int]) -> TensorField:
    """Return a tensor that does not depend on the image."""
    return TensorField(tuple(shape), ())


def of_image(shape: Sequence[int], fields: Sequence[AxisField] | None = None) -> TensorField:
    """Return the input: a batch of one, the channels, a dim for each axis; a row has one axis and no channels.

    >>> of_image((1, 3, 8, 6)).through(3, Window(3, padding=1), 6).along(3, axis=1)[0] == 0b11
    True
    """
    fields = fields or list(map(image, shape[2:] or shape[1:]))
    dims = range(len(shape) - len(fields), len(shape))
    return TensorField(tuple(shape), tuple(map(Axis, fields, dims)))


def concatenated(tensors: Sequence[TensorField], dim: int) -> TensorField:
    """Return tensors concatenated along a dim.

    Where no axis runs along it, its elements may see different sets: the union is kept, and marked uneven.
    """
    lengths = [tensor.shape[dim] for tensor in tensors]
    total, offset = sum(lengths), 0
    carried = {number for tensor in tensors for number in tensor.carried(dim)}
    parts = []
    for tensor, length in zip(tensors, lengths, strict=True):
        # A concatenation is the sum of its parts, each padded with zeros to the whole length.
        part = tensor.through(dim, Window(1, padding=offset), total) if carried else tensor.resized(dim, total)
        parts.append(part)
        offset += length
    union = parts[0]
    for part in parts[1:]:
        union = union.joined(part)
    differ = any(
        not part.axes or part.axes[number].field != axis.field
        for part in parts
        for number, axis in enumerate(union.axes)
        if number not in carried
    )
    if not carried:
        return replace(union, uneven=union.uneven or differ)
    axes = tuple(
        replace(axis, field=replace(axis.field, pattern=axis.field.pattern and IRREGULAR))
        if n in carried
        else axis
        for n, axis in enumerate(union.axes)
    )
    return replace(union, axes=axes, bound=union.bound or differ)


def _with(shape: tuple[int, ...], dim: int, size: int) -> tuple[int, ...]:
    return (*shape[:dim], size, *shape[dim + 1 :])


def _settled(tensor: TensorField) -> TensorField:
    """Return the tensor without index arrays for those axes that have a dim to themselves."""
    if tensor.is_map:
        return tensor
    return replace(tensor, axes=tuple(_settled_axis(tensor, number) for number in range(len(tensor.axes))))


def _settled_axis(tensor: TensorField, number: int) -> AnyAxis:
    axis = tensor.axes[number]
    if isinstance(axis, Axis) or len(axis.dims) > 1:
        return axis
    if axis.dims:
        return Axis(axis.in_order, axis.dims[0]) if tensor.carried(axis.dims[0]) == [number] else axis
    # One of many tokens is no map, unless every token sees the whole axis.
    return Axis(axis.in_order, None) if axis.field.pattern is None else axis


def _blocks(before: Sequence[int], after: Sequence[int]) -> Iterator[tuple[range, range]]:
    """Yield runs of dims of two shapes, as short as possible, that hold the same number of elements.

    >>> list(_blocks((1, 6, 4, 4), (1, 2, 3, 16)))
    [(range(0, 1), range(0, 1)), (range(1, 2), range(1, 3)), (range(2, 4), range(3, 4))]
    """
    old = new = 0
    while old < len(before) or new < len(after):
        first, second = old, new
        old, new = min(old + 1, len(before)), min(new + 1, len(after))
        while (ours := prod(before[first:old])) != (theirs := prod(after[second:new])):
            old, new = old + (ours < theirs), new + (theirs < ours)
        yield range(first, old), range(second, new)


def _common(first: Sequence[int], second: Sequence[int]) -> tuple[int, ...]:
    """Return the shape that two shapes broadcast to."""
    rank = max(len(first), len(second))
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in (first, second)]
    return tuple(other if one == 1 else one for one, other in zip(*padded, strict=True))


def _aligned(first: TensorField, second: TensorField) -> list[tuple[AnyAxis, AnyAxis]]:
    """Return each axis of two tensors of one shape, with the same units in both."""
    pairs = list(zip(first.axes, second.axes, strict=True))
    maps = [(one, other) for one, other in pairs if isinstance(one, Axis) and isinstance(other, Axis)]
    dims = [{*one.dims, *other.dims} for one, other in maps]
    if len(maps) == len(pairs) and max(map(len, dims)) < 2 and sum(map(len, dims)) == len(set().union(*dims)):
        return [one.aligned(other, first.shape) for one, other in maps]
    return [one.indexed(first.shape).aligned(other.indexed(first.shape)) for one, other in pairs]


def _entangled(pairs: Sequence[tuple[AxisField, AxisField]]) -> bool:
    """Whether the unions along each axis may be more than what the elements of a sum of two tensors see.

    An element that sees nothing along one axis sees nothing at all, whatever its field along the others. The
    unions are exact where the two tensors differ along one axis at most, where every unit sees something in both,
    and where the fields of one hold those of the other along all axes.
    """
    differing = [(one, other) for one, other in pairs if one is not other and one != other]
    if len(differing) < 2 or not any(field.is_partly_blind for pair in pairs for field in pair):
        return False
    return not (
        all(one.holds(other) for one, other in differing) or all(other.holds(one) for one, other in differing)
    )
