"""Operations that move elements and compute nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from archsearch.errors import ShapeError
from archsearch.graph.ops.operation import Operation
from archsearch.graph.shapes import Border, Shape, Sizes, map_of, shape_text


@dataclass(frozen=True)
class Pad(Operation):
    """torch's `pad`: (before, after) for each dim of the tensor; a negative amount crops.

    >>> Pad(((0, 0), (0, 0), (1, 1), (0, -2))).output([(1, 3, 8, 8)])
    (1, 3, 10, 6)
    """

    kind: ClassVar[str] = "pad"
    amounts: tuple[tuple[int, int], ...]
    border: Border = "zeros"

    def output(self, shapes: Sequence[Shape]) -> Shape:
        parts = zip(shapes[0], self.amounts, strict=True)
        return tuple(size + before + after for size, (before, after) in parts)

    def check_buildable(self, shapes: Sequence[Shape]) -> None:
        """Raise ShapeError for another number of dims, for channels padded with other than zeros, for too much."""
        super().check_buildable(shapes)
        shape, (batch, *others) = shapes[0], self.amounts or ((0, 0),)
        if len(self.amounts) != len(shape) or batch != (0, 0):
            message = f"the amounts are {self.amounts}; there must be a pair for each of {len(shape)} dims"
            raise ShapeError(message, remedy="begin with (0, 0), for the batch")
        if self.border != "zeros" and (len(shape) < 3 or others[0] != (0, 0)):
            raise ShapeError(
                f"channels cannot be padded in the mode `{self.border}`", remedy="pad them with zeros"
            )
        for size, amounts in zip(shape[1:], others, strict=True):
            self._check_amounts(size, amounts)

    def _check_amounts(self, size: int, amounts: tuple[int, int]) -> None:
        most = {"reflect": size - 1, "circular": size}.get(self.border, max(amounts))
        if max(amounts) > most:
            message = f"a map of {size} cannot be padded by {max(amounts)} in mode `{self.border}`"
            raise ShapeError(message, remedy=f"pad it by at most {most}")
        cropped = -sum(min(amount, 0) for amount in amounts)
        if cropped >= size:
            message = f"a map of {size} cannot be cropped by {cropped}"
            raise ShapeError(message, remedy=f"crop it by at most {size - 1}")


@dataclass(frozen=True)
class Take(Operation):
    """Some indices of a dim, `start + step * i` for each `i < count`: slice, flip and (wrapping around) roll."""

    kind: ClassVar[str] = "take"
    dim: int
    start: int
    count: int
    step: int = 1
    wraps: bool = False

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape with `count` indices in the dim; raises ShapeError where there are no such indices."""
        last = self.start + self.step * (self.count - 1)
        if not self.wraps and not (0 <= self.start < shapes[0][self.dim] and 0 <= last < shapes[0][self.dim]):
            message = f"a dim of {shapes[0][self.dim]} has no index {self.start} to {last}"
            raise ShapeError(
                message, remedy="write other numbers, or wraps=True to begin again after the last index"
            )
        return (*shapes[0][: self.dim], self.count, *shapes[0][self.dim + 1 :])

    def check_buildable(self, shapes: Sequence[Shape]) -> None:
        """Raise ShapeError for the batch, for a dim that is not there, and for no step."""
        super().check_buildable(shapes)
        _check_dim(self.dim, shapes[0])
        if self.step == 0:
            raise ShapeError("step is 0; it must be another number", remedy="write step=1, or -1 to go back")


@dataclass(frozen=True)
class IndexSelect(Operation):
    """torch's `index_select`: any indices of a dim, in any order; Take is for those that are equally far apart.

    >>> IndexSelect(1, (0, 2, 2, 1)).output([(1, 3, 8, 8)])
    (1, 4, 8, 8)
    """

    kind: ClassVar[str] = "index_select"
    buildable: ClassVar[bool] = False
    dim: int
    indices: Sizes

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape with as many indices in the dim."""
        return (*shapes[0][: self.dim], len(self.indices), *shapes[0][self.dim + 1 :])


@dataclass(frozen=True)
class Concatenate(Operation):
    """Tensors one after another along a dim, which is the channels by default."""

    kind: ClassVar[str] = "concatenate"
    dim: int = 1

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape with the sizes of the dim summed; raises ShapeError where the other dims differ."""
        rest = {(*shape[: self.dim], *shape[self.dim + 1 :]) for shape in shapes}
        if len(rest) > 1:
            texts = ", ".join(shape_text(shape[1:]) for shape in shapes)
            message = f"{texts} cannot be concatenated: only dim {self.dim} may differ"
            raise ShapeError(message, remedy="bring the other dims to one size")
        total = sum(shape[self.dim] for shape in shapes)
        return (*shapes[0][: self.dim], total, *shapes[0][self.dim + 1 :])

    @property
    def arity(self) -> None:
        return None

    def check_buildable(self, shapes: Sequence[Shape]) -> None:
        """Raise ShapeError for the batch, and for a dim that is not there."""
        super().check_buildable(shapes)
        _check_dim(self.dim, shapes[0])


@dataclass(frozen=True)
class Flatten(Operation):
    """A map as one vector."""

    kind: ClassVar[str] = "flatten"

    def output(self, shapes: Sequence[Shape]) -> Shape:
        batch, *rest = map_of(shapes[0], self.kind)
        return (batch, prod(rest))


@dataclass(frozen=True)
class Reshape(Operation):
    """The same elements in the same order, in another shape."""

    kind: ClassVar[str] = "reshape"
    shape: Shape

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the new shape; raises ShapeError where it has another number of elements."""
        if prod(self.shape) != prod(shapes[0]):
            message = f"{shape_text(shapes[0])} cannot be viewed as {shape_text(self.shape)}"
            raise ShapeError(message, remedy="let the sizes have the same product; -1 is not filled in")
        return self.shape


@dataclass(frozen=True)
class Permute(Operation):
    """The dims in another order."""

    kind: ClassVar[str] = "permute"
    order: Sizes

    def output(self, shapes: Sequence[Shape]) -> Shape:
        return tuple(shapes[0][dim] for dim in self.order)

    def check_buildable(self, shapes: Sequence[Shape]) -> None:
        """Raise ShapeError unless each dim has a place, the batch the first."""
        super().check_buildable(shapes)
        dims = range(len(shapes[0]))
        if sorted(self.order) != [*dims] or self.order[0] != 0:
            message = f"the order is {self.order}; it must have each of the dims {', '.join(map(str, dims))}"
            raise ShapeError(message, remedy="begin with 0, for the batch")


@dataclass(frozen=True)
class Expand(Operation):
    """Dims of size 1 repeated, without a copy."""

    kind: ClassVar[str] = "expand"
    buildable: ClassVar[bool] = False
    shape: Shape

    def output(self, _shapes: Sequence[Shape]) -> Shape:
        return self.shape


def _check_dim(dim: int, shape: Shape) -> None:
    if not 1 <= dim < len(shape):
        raise ShapeError(f"dim is {dim}; it must be from 1 to {len(shape) - 1}", remedy="dim 0 is the batch")
