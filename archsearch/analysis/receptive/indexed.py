"""One axis of the image within a tensor that has no dim for it, such as tokens or the windows of a map.

An index array of the tensor's shape, broadcast, says which unit each element is. An operation that only moves
elements is numpy's own function on that array. One that reads several elements makes new units: one for each set
of units that is read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from archsearch.analysis.receptive.field import AxisField
from archsearch.analysis.receptive.pattern import union
from archsearch.graph.windows import AnyWindow, Window

Units: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class IndexedAxis:
    """What is seen along one axis of the image: `units` holds, for each element, the unit of `field` that it is.

    The array has size 1 along dims where all elements are the same unit, and holds every unit of the field.
    """

    field: AxisField
    units: Units

    @property
    def length(self) -> int:
        """The number of units."""
        return int(self.units.max()) + 1

    @property
    def dims(self) -> tuple[int, ...]:
        """The dims along which elements are different units."""
        return tuple(dim for dim, size in enumerate(self.units.shape) if size > 1)

    def after(self, dim: int, window: AnyWindow, length: int, units: int) -> IndexedAxis:
        """Return the axis after an operation slides `window` along a dim of `length`, for `units` along it."""
        if dim not in self.dims:
            return self
        index = _taps(window, length, units)
        read = np.moveaxis(self.units, dim, -1)[..., index]
        return self._reading(np.moveaxis(np.where(index < 0, -1, read), -2, dim))

    def mixed(self, dims: Collection[int], shape: Sequence[int]) -> IndexedAxis:
        """Return the axis of a tensor summed over dims, which keep size 1."""
        gone = [dim for dim in self.dims if dim in dims]
        if not gone:
            return self
        last = np.moveaxis(self.units, gone, range(-len(gone), 0))
        read = last.reshape(*last.shape[: -len(gone)], -1)
        return self._reading(np.expand_dims(read, gone), mixing=True)

    def squeezed(self, dims: Collection[int]) -> IndexedAxis:
        """Return the axis without dims of size 1."""
        return IndexedAxis(self.field, self.units.squeeze(tuple(dims)))

    def permuted(self, order: Sequence[int]) -> IndexedAxis:
        """Return the axis of a tensor with its dims in another order."""
        return IndexedAxis(self.field, self.units.transpose(order))

    def expanded(self, before: Sequence[int], after: Sequence[int]) -> IndexedAxis:
        """Return the axis of a tensor expanded from one shape to another, with new dims in front."""
        return IndexedAxis(self.field, self.units.reshape((1,) * (len(after) - len(before)) + self.units.shape))

    def reshaped(
        self, blocks: Sequence[tuple[range, range]], before: Sequence[int], after: Sequence[int]
    ) -> IndexedAxis:
        """Return the axis of a view of another shape, in which each block of dims becomes another."""
        full, shape = [*self.units.shape], [1] * len(after)
        for old, new in blocks:
            if any(dim in self.dims for dim in old):
                full[old.start : old.stop] = before[old.start : old.stop]
                shape[new.start : new.stop] = after[new.start : new.stop]
        return _indexed(self.field, np.broadcast_to(self.units, full).reshape(shape))

    def aligned(self, other: IndexedAxis) -> tuple[IndexedAxis, IndexedAxis]:
        """Return both axes with the same units: one for each pair of units that an element has in the two."""
        pairs, units = np.unique(self.units * other.length + other.units, return_inverse=True)
        shape = np.broadcast_shapes(self.units.shape, other.units.shape)
        both = (self.field, pairs // other.length, self.length), (other.field, pairs % other.length, other.length)
        fields = (field.gathered([(unit,) for unit in read.tolist()], length) for field, read, length in both)
        ours, theirs = (_indexed(field, units.reshape(shape)) for field in fields)
        return ours, theirs

    def indexed(self, _shape: Sequence[int]) -> IndexedAxis:
        """Return the axis as it is."""
        return self

    @property
    def in_order(self) -> AxisField:
        """The field of its elements, where they are different units along one dim at most."""
        return self.field.gathered([(unit,) for unit in self.units.ravel().tolist()], self.length)

    def _reading(self, read: Units, *, mixing: bool = False) -> IndexedAxis:
        """Return the axis of elements that each read the units in a row of the last dim; -1 stands for none."""
        rows = np.sort(read.reshape(-1, read.shape[-1]))
        rows[:, 1:][rows[:, 1:] == rows[:, :-1]] = -1
        most = max(1, (rows >= 0).sum(1).max())
        rows, units = np.unique(np.sort(rows)[:, rows.shape[1] - most :], axis=0, return_inverse=True)
        reads = [tuple(unit for unit in row if unit >= 0) for row in rows.tolist()]
        field = self.field.gathered(reads, self.length, mixing=mixing)
        return _indexed(field, units.reshape(read.shape[:-1]))


def indexed(field: AxisField, dim: int | None, shape: Sequence[int]) -> IndexedAxis:
    """Return an axis of a tensor with a unit for each index along a dim, or a single unit."""
    sides = [size if number == dim else 1 for number, size in enumerate(shape)]
    return IndexedAxis(field, np.arange(prod(sides)).reshape(sides))


def gathered_sets(
    axes: Sequence[IndexedAxis], shape: Sequence[int], dims: Collection[int], axis: int, *, seeing: bool
) -> tuple[int, ...]:
    """Return the union of what elements see along an axis over dims, for each index along the others, in order.

    With `seeing`, elements that see nothing along some axis are left out: they see nothing at all.
    """
    units, sets = np.broadcast_to(axes[axis].units, shape), axes[axis].field.seen
    assert sets is not None
    hidden = np.zeros(shape, np.bool_)
    for one in axes if seeing else ():
        hidden |= np.array([one.field.blind >> unit & 1 == 1 for unit in range(one.length)])[one.units]
    rows = np.moveaxis(np.where(hidden, -1, units), [*dims], range(-len(dims), 0))
    rows = rows.reshape(-1, prod(shape[dim] for dim in dims))
    return tuple(union(sets[unit] for unit in {*row} - {-1}) for row in rows.tolist())


@lru_cache(maxsize=8)
def _taps(window: AnyWindow, length: int, units: int) -> Units:
    """Return the positions that each unit of a window reads, in a row; -1 stands for none.

    Every axis of a tensor asks for the same. Of tokens there may be many thousand, most often cut or put together.
    """
    if isinstance(window, Window) and window.kernel == 1 and window.border == "zeros":
        read = np.arange(units) * window.stride - window.padding
        return np.where((read >= 0) & (read < length), read, -1)[:, None]
    taps = [[*window.inside(unit, length)] for unit in range(units)]
    most = max(1, *map(len, taps))
    return np.array([[*one, *[-1] * (most - len(one))] for one in taps])


def _indexed(field: AxisField, units: Units) -> IndexedAxis:
    """Return the axis with size 1 along dims where all elements are the same unit."""
    for dim in range(units.ndim):
        first = units.take([0], dim)
        if units.shape[dim] > 1 and (units == first).all():
            units = first
    return IndexedAxis(field, units)
