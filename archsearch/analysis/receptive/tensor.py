"""What the elements of a tensor see, along each axis of the image.

Reshape and permute only rearrange atoms, and what is seen along an axis depends on the atoms of that axis alone:
so it stays exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from archsearch.analysis.receptive.axis import Atom, Axis, Dim, size_of
from archsearch.analysis.receptive.field import AxisField, image
from archsearch.analysis.receptive.pattern import IRREGULAR
from archsearch.analysis.receptive.reshape import aligned, cut
from archsearch.graph.windows import AnyWindow, Window


@dataclass(frozen=True)
class TensorField:
    """The dims of a tensor, and the axes of the image that run along them.

    `uneven`: elements that differ only along dims without an axis, such as channels, may see different sets, and
    the fields hold their union. `bound`: the sets are an upper bound on what is seen.
    """

    dims: tuple[Dim, ...]
    axes: tuple[Axis, ...]
    uneven: bool = False
    bound: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Size of each dim."""
        return tuple(size_of(dim) for dim in self.dims)

    @property
    def is_local_map(self) -> bool:
        """Whether each axis has a dim to itself, unlike in tokens, and a path without global operations."""
        sides = [axis.atoms for axis in self.axes]
        apart = all(not side or side in self.dims for side in sides) and len(set(sides)) == len(sides)
        return bool(sides) and apart and all(axis.field.pattern is not None for axis in self.axes)

    @property
    def is_interleaved(self) -> bool:
        """Whether a dim runs along an axis and also along something else, as after a pixel shuffle."""
        carrying = {atom for axis in self.axes for atom in axis.atoms}
        return any(carrying.intersection(dim) and not carrying.issuperset(dim) for dim in self.dims)

    def along(self, dim: int, axis: int) -> tuple[int, ...]:
        """Return, for each index along a dim, the positions on an axis that any element there sees.

        Where several axes run along the dim, an element that sees nothing along one of them sees nothing at all.
        """
        beside = [n for n, other in enumerate(self.axes) if n != axis and other in self.carried(dim)]
        seen = self._projected(dim, axis)
        for other in beside:
            seen = tuple(
                own if others else 0 for own, others in zip(seen, self._projected(dim, other), strict=True)
            )
        return seen

    def _projected(self, dim: int, axis: int) -> tuple[int, ...]:
        others = [other for other in range(len(self.dims)) if other != dim]
        (only,) = replace(self, axes=(self.axes[axis],)).reduced(others, keep=True).axes
        assert only.field.seen is not None
        return tuple(only.field.seen[unit] for unit in only.units(self.dims[dim]))

    def carried(self, dim: int) -> list[Axis]:
        """Return the axes that run along a dim, wholly or in part."""
        return [axis for axis in self.axes if not set(axis.atoms).isdisjoint(self.dims[dim])]

    def through(self, dim: int, window: AnyWindow, units: int) -> TensorField:
        """Return the output of an operation that slides `window` along a dim, with `units` along it."""
        atoms, new = self.dims[dim], (Atom(units),)
        length = size_of(atoms)
        if window == Window(1) and units == length:
            return self
        bound, axes, carries = self.bound, [], False
        for axis in self.axes:
            if not axis.atoms or set(axis.atoms).isdisjoint(atoms):
                axes.append(axis)
                continue
            carries = True
            if axis.atoms == atoms:
                field = axis.field
            else:
                field, entire = axis.listed(atoms)
                bound = bound or not entire
            axes.append(Axis(field.after(window, length, units), new))
        # Along a dim without an axis the fields cannot tell which units read padding alone, or other channels.
        empty = (not list(window.inside(unit, length)) for unit in range(units))
        if not carries and ((self.uneven and units < length) or (self.axes and any(empty))):
            bound = True
        if any(axis.field.sees_nothing for axis in axes):
            axes = []
        return TensorField(_with(self.dims, dim, new), tuple(axes), self.uneven, bound)

    def mixed(self, dims: Iterable[int]) -> TensorField:
        """Return the tensor, in its shape, where each element sees what any element along these dims sees.

        Where they have part of an axis, such as the tokens of a window, a mask may hide some: it is a bound then.
        """
        atoms = {atom for dim in dims for atom in self.dims[dim]}
        carrying = {atom for axis in self.axes for atom in axis.atoms}
        plain = {atom for dim in self.dims for atom in dim if atom.size > 1} - carrying
        partly = any(set(axis.atoms) & atoms and not set(axis.atoms) <= atoms for axis in self.axes)
        axes = tuple(axis.mixed(atoms) for axis in self.axes)
        return replace(self, axes=axes, bound=self.bound or partly, uneven=self.uneven and not plain <= atoms)

    def reduced(self, dims: Sequence[int], *, keep: bool) -> TensorField:
        """Return the tensor summed over dims, which keep size 1 or are dropped."""
        gone = {atom for dim in dims for atom in self.dims[dim]}
        tensor = self.mixed(dims)
        left = [() if n in dims else dim for n, dim in enumerate(self.dims) if keep or n not in dims]
        return replace(tensor, dims=tuple(left), axes=tuple(axis.dropped(gone) for axis in tensor.axes))

    def resized(self, dim: int, size: int) -> TensorField:
        """Return the tensor with another size for a dim that no axis runs along."""
        return TensorField(_with(self.dims, dim, _dim(size)), self.axes, self.uneven, self.bound)

    def permuted(self, order: Sequence[int]) -> TensorField:
        """Return the tensor with its dims in another order."""
        return replace(self, dims=tuple(self.dims[dim] for dim in order))

    def reshaped(self, shape: Sequence[int]) -> TensorField:
        """Return the tensor viewed in another shape: exact where the atoms can be split to fit it."""
        found = cut(self.dims, self.axes, shape)
        if found is not None:
            tensor = replace(self, dims=found[0], axes=found[1])
            return replace(tensor, bound=self.bound or (self.uneven and tensor.is_interleaved))
        everything = replace(self.reduced(range(len(self.dims)), keep=True), bound=True)
        return replace(everything, dims=tuple(_dim(size) for size in shape))

    def broadcast(self, shape: Sequence[int]) -> TensorField:
        """Return the tensor expanded to a shape, with new dims in front."""
        if self.shape == tuple(shape):
            return self
        missing = len(shape) - len(self.dims)
        old = zip(self.dims, shape[missing:], strict=True)
        dims = [dim if size_of(dim) == size else _dim(size) for dim, size in old]
        stretched = {atom for dim, new in zip(self.dims, dims, strict=True) if dim != new for atom in dim}
        axes = tuple(axis.dropped(stretched) for axis in self.axes)
        return replace(self, dims=(*map(_dim, shape[:missing]), *dims), axes=axes)

    def joined(self, other: TensorField) -> TensorField:
        """Return the tensor whose elements each read the same element of two tensors, broadcast to one shape."""
        shape = _common(self.shape, other.shape)
        first, second = self.broadcast(shape), other.broadcast(shape)
        uneven, bound = first.uneven or second.uneven, first.bound or second.bound
        if not first.axes or not second.axes:
            return replace(first if first.axes else second, uneven=uneven, bound=bound)
        dims, ours, theirs = aligned((first.dims, first.axes), (second.dims, second.axes))
        together = [one.joined(two) for one, two in zip(ours, theirs, strict=True)]
        axes = tuple(axis for axis in together if axis is not None)
        if len(axes) == len(together):
            return TensorField(dims, axes, uneven, bound or _entangled(ours, theirs))
        # An axis runs along different dims of the two: every element may see everything.
        everything = range(len(shape))
        first, second = (tensor.reduced(everything, keep=True) for tensor in (first, second))
        return replace(first.joined(second).broadcast(shape), uneven=uneven, bound=True)


def constant(shape: Sequence[int]) -> TensorField:
    """Return a tensor that does not depend on the image."""
    return TensorField(tuple(map(_dim, shape)), ())


def of_image(shape: Sequence[int], fields: Sequence[AxisField] | None = None) -> TensorField:
    """Return the input: a batch of one, the channels, and a dim for each axis of the image.

    >>> of_image((1, 3, 8, 6)).through(3, Window(3, padding=1), 6).along(3, axis=1)[0] == 0b11
    True
    """
    sides = [(Atom(size),) for size in shape[2:]]
    fields = fields or list(map(image, shape[2:]))
    axes = tuple(Axis(field, side) for field, side in zip(fields, sides, strict=True))
    return TensorField((*map(_dim, shape[:2]), *sides), axes)


def concatenated(tensors: Sequence[TensorField], dim: int) -> TensorField:
    """Return tensors concatenated along a dim.

    Where no axis runs along it, its elements may see different sets: the union is kept, and marked uneven.
    """
    lengths = [tensor.shape[dim] for tensor in tensors]
    total, offset = sum(lengths), 0
    carried = {
        number for tensor in tensors for number, axis in enumerate(tensor.axes) if axis in tensor.carried(dim)
    }
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


def _with(dims: tuple[Dim, ...], number: int, new: Dim) -> tuple[Dim, ...]:
    return (*dims[:number], new, *dims[number + 1 :])


def _dim(size: int) -> Dim:
    return () if size == 1 else (Atom(size),)


def _common(first: Sequence[int], second: Sequence[int]) -> tuple[int, ...]:
    """Return the shape that two shapes broadcast to."""
    rank = max(len(first), len(second))
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in (first, second)]
    return tuple(other if one == 1 else one for one, other in zip(*padded, strict=True))


def _entangled(ours: Sequence[Axis], theirs: Sequence[Axis]) -> bool:
    """Whether the unions along each axis may be more than what the elements of a sum of two tensors see.

    An element that sees nothing along one axis sees nothing at all, whatever its field along the others. The
    unions are exact where the two tensors differ along one axis at most, where every unit sees something in both,
    and where the fields of one hold those of the other along all axes.
    """
    pairs = [(one.field, other.field) for one, other in zip(ours, theirs, strict=True)]
    differing = [(one, other) for one, other in pairs if one is not other and one != other]
    if len(differing) < 2 or not any(0 in (field.seen or ()) for pair in pairs for field in pair):
        return False
    return not (
        all(one.holds(other) for one, other in differing) or all(other.holds(one) for one, other in differing)
    )
