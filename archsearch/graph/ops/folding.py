"""Operations between maps and the windows that slide over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from archsearch.graph.ops.counts import Counts
from archsearch.graph.ops.operation import Operation
from archsearch.graph.ops.sliding import described
from archsearch.graph.shapes import Shape, Sizes, shape_text
from archsearch.graph.windows import FractionalWindow, TransposedWindow, window


@dataclass(frozen=True)
class Unfold(Operation):
    """torch's `Tensor.unfold`, with a dilation: windows along a dim, the places in them along a new last dim.

    >>> Unfold(2, size=3, step=2).output([(1, 8, 9, 9)])
    (1, 8, 4, 9, 3)
    """

    kind: ClassVar[str] = "unfold"
    buildable: ClassVar[bool] = False
    dim: int
    size: int
    step: int
    dilation: int = 1

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return as many units along the dim as there are windows, then the size of one."""
        shape = shapes[0]
        units = window(self.size, self.step, 0, self.dilation).units(shape[self.dim])
        return (*shape[: self.dim], units, *shape[self.dim + 1 :], self.size)

    @property
    def description(self) -> str:
        return described(f"{self.kind} dim {self.dim},", (self.size,), (self.step,), (self.dilation,))


@dataclass(frozen=True)
class _Spread(Operation):
    """An operation that spreads each unit of a map over its window on a map of `size`."""

    buildable: ClassVar[bool] = False
    kernel: Sizes
    stride: Sizes
    padding: Sizes
    dilation: Sizes
    size: Sizes

    def windows(self, _shape: Shape) -> tuple[TransposedWindow, ...]:
        parts = zip(self.kernel, self.stride, self.padding, self.dilation, strict=True)
        return tuple(TransposedWindow(*sizes) for sizes in parts)

    @property
    def description(self) -> str:
        return described(self.kind, self.kernel, self.stride, self.dilation)


@dataclass(frozen=True)
class Fold(_Spread):
    """torch's `Fold`, of a map with the places of a window among its channels: windows summed where they overlap.

    >>> Fold((3, 3), (2, 2), (1, 1), (1, 1), (8, 8)).output([(1, 36, 4, 4)])
    (1, 4, 8, 8)
    """

    kind: ClassVar[str] = "fold"

    def output(self, shapes: Sequence[Shape]) -> Shape:
        return (shapes[0][0], shapes[0][1] // prod(self.kernel), *self.size)

    def counts(self, shapes: Sequence[Shape], _output: Shape) -> Counts:
        """Count each element that is added, as arithmetic."""
        return Counts(arithmetic_ops=prod(shapes[0]))


@dataclass(frozen=True)
class FractionalPool(Operation):
    """torch's `FractionalMaxPool2d` or `FractionalMaxPool3d`.

    Benjamin Graham, "Fractional Max-Pooling" (2014): windows some positions apart, in an order drawn at random.
    """

    kind: ClassVar[str] = "fractional_pool"
    buildable: ClassVar[bool] = False
    kernel: Sizes
    size: Sizes

    def windows(self, shape: Shape) -> tuple[FractionalWindow, ...]:
        return tuple(map(FractionalWindow, shape[2:], self.size, self.kernel))

    def is_drawn(self, shape: Shape) -> bool:
        """Whether some windows begin where a random number says, and not always at the same position."""
        return any(along.apart.denominator > 1 for along in self.windows(shape))

    def output(self, shapes: Sequence[Shape]) -> Shape:
        return (*shapes[0][:2], *self.size)

    def counts(self, _shapes: Sequence[Shape], output: Shape) -> Counts:
        """Count the positions that its windows cover."""
        return Counts(pooling_ops=prod(output) * prod(self.kernel))

    @property
    def description(self) -> str:
        return f"fractional max pool {shape_text(self.kernel)} to {shape_text(self.size)}"


@dataclass(frozen=True)
class MaxUnpool(_Spread):
    """torch's `MaxUnpool2d`: each unit is put where the maximum was in its window, by a max-pooling's indices.

    It reads the map and the indices. Which of the windows that cover a position fills it depends on the values in
    all of them.
    """

    kind: ClassVar[str] = "max_unpool"

    def output(self, shapes: Sequence[Shape]) -> Shape:
        return (*shapes[0][:2], *self.size)
