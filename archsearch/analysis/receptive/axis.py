"""One axis of the image within a tensor that has a dim for it, as a map has."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

from archsearch.analysis.receptive.field import AxisField
from archsearch.graph.windows import AnyWindow

if TYPE_CHECKING:
    from archsearch.analysis.receptive.indexed import IndexedAxis


@dataclass(frozen=True)
class Axis:
    """What each index along `dim` sees along one axis of the image; without a dim, what all elements see."""

    field: AxisField
    dim: int | None

    @property
    def dims(self) -> tuple[int, ...]:
        """The dims along which elements are different units."""
        return () if self.dim is None else (self.dim,)

    def after(self, dim: int, window: AnyWindow, length: int, units: int) -> Axis:
        """Return the axis after an operation slides `window` along a dim of `length`, for `units` along it."""
        return Axis(self.field.after(window, length, units), dim) if dim == self.dim else self

    def mixed(self, dims: Collection[int], shape: Sequence[int]) -> Axis:
        """Return the axis of a tensor summed over dims, which keep size 1: global, even if it has one unit."""
        if self.dim is None or self.dim not in dims:
            return self
        length = shape[self.dim]
        field = self.field.gathered([tuple(range(length))], length, mixing=True)
        return Axis(field.without_local_paths(), None)

    def squeezed(self, dims: Collection[int]) -> Axis:
        """Return the axis without dims of size 1."""
        dim = None if self.dim is None or self.dim in dims else self.dim - sum(n < self.dim for n in dims)
        return replace(self, dim=dim)

    def permuted(self, order: Sequence[int]) -> Axis:
        """Return the axis of a tensor with its dims in another order."""
        return self if self.dim is None else replace(self, dim=order.index(self.dim))

    def expanded(self, before: Sequence[int], after: Sequence[int]) -> Axis:
        """Return the axis of a tensor expanded from one shape to another, with new dims in front."""
        if self.dim is None:
            return self
        dim = self.dim + len(after) - len(before)
        return replace(self, dim=dim if before[self.dim] == after[dim] else None)

    def reshaped(
        self, blocks: Sequence[tuple[range, range]], before: Sequence[int], after: Sequence[int]
    ) -> Axis | IndexedAxis:
        """Return the axis of a view of another shape, in which each block of dims becomes another."""
        if self.dim is None:
            return self
        length = before[self.dim]
        old, new = next(block for block in blocks if self.dim in block[0])
        if len(old) == len(new) == 1:
            return Axis(self.field, new.start)
        if length == 1:
            return Axis(self.field, None)
        if length == prod(before[dim] for dim in old) == max(after[dim] for dim in new):
            return Axis(self.field, next(dim for dim in new if after[dim] == length))
        return self.indexed(before).reshaped(blocks, before, after)

    def aligned(self, other: Axis, shape: Sequence[int]) -> tuple[Axis, Axis]:
        """Return both axes with the same units; they run along the same dim, or one of them along none."""
        if self.dim == other.dim:
            return self, other
        if self.dim is None:
            one, two = other.aligned(self, shape)
            return two, one
        return self, Axis(other.field.gathered([(0,)] * shape[self.dim], 1), self.dim)

    def indexed(self, shape: Sequence[int]) -> IndexedAxis:
        """Return the axis with an index array for a tensor of a shape; numpy is loaded for it."""
        from archsearch.analysis.receptive.indexed import indexed  # noqa: PLC0415

        return indexed(self.field, self.dim, shape)
