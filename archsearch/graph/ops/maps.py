"""Operations on maps: windows slid over them, pooling, interpolation, norms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import ClassVar, Literal

from archsearch.errors import ShapeError
from archsearch.graph.ops.operation import Operation
from archsearch.graph.shapes import Shape, Sizes, map_of, shape_text
from archsearch.graph.windows import windowed


@dataclass(frozen=True)
class Convolution(Operation):
    """torch's `Conv1d`, `Conv2d` or `Conv3d`, padded with zeros."""

    kind: ClassVar[str] = "convolution"
    channels: int
    kernel: Sizes
    stride: Sizes = (1, 1)
    padding: Sizes = (0, 0)
    dilation: Sizes = (1, 1)
    groups: int = 1
    bias: bool = True

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape of the result; raises ShapeError."""
        batch, channels, *extent = map_of(shapes[0], self.kind, len(self.kernel))
        for name, count in (("input", channels), ("output", self.channels)):
            if count % self.groups:
                raise ShapeError(f"groups is {self.groups}, which does not divide the {count} {name} channels")
        return (batch, self.channels, *windowed(extent, self.kernel, self.stride, self.padding, self.dilation))

    def weights(self, shapes: Sequence[Shape]) -> Sizes:
        """Return channels * (input channels / groups) * kernel area, and a bias for each channel."""
        return weights_and_bias(
            self.channels * (shapes[0][1] // self.groups) * prod(self.kernel), self.channels, self.bias
        )


@dataclass(frozen=True)
class TransposedConvolution(Operation):
    """torch's `ConvTranspose1d`, `ConvTranspose2d` or `ConvTranspose3d`."""

    kind: ClassVar[str] = "transposed_convolution"
    channels: int
    kernel: Sizes
    stride: Sizes = (1, 1)
    padding: Sizes = (0, 0)
    output_padding: Sizes = (0, 0)
    dilation: Sizes = (1, 1)
    groups: int = 1
    bias: bool = True

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape: (size - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1."""
        batch, _channels, *extent = map_of(shapes[0], self.kind, len(self.kernel))
        parts = zip(
            extent, self.kernel, self.stride, self.padding, self.output_padding, self.dilation, strict=True
        )
        sizes = [
            (size - 1) * step - 2 * pad + spread * (taps - 1) + more + 1
            for size, taps, step, pad, more, spread in parts
        ]
        if min(sizes) < 1:
            raise ShapeError(f"a transposed convolution leaves nothing of a map of {shape_text(extent)}")
        return (batch, self.channels, *sizes)

    def weights(self, shapes: Sequence[Shape]) -> Sizes:
        """Return input channels * (channels / groups) * kernel area, and a bias for each channel."""
        return weights_and_bias(
            shapes[0][1] * (self.channels // self.groups) * prod(self.kernel), self.channels, self.bias
        )


@dataclass(frozen=True)
class Pool(Operation):
    """torch's windowed max or average pooling (which counts the padding in its average)."""

    kind: ClassVar[str] = "pool"
    gained: ClassVar[Mapping[str, object]] = {"dilation": (1, 1), "ceil_mode": False}
    mode: Literal["max", "avg"]
    kernel: Sizes
    stride: Sizes
    padding: Sizes = (0, 0)
    dilation: Sizes = (1, 1)
    ceil_mode: bool = False

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape of the result; raises ShapeError."""
        batch, channels, *extent = map_of(shapes[0], self.kind, len(self.kernel))
        if any(2 * pad > size for pad, size in zip(self.padding, self.kernel, strict=True)):
            raise ShapeError(f"pool padding is {self.padding[0]}; torch allows half of kernel {self.kernel[0]}")
        sizes = windowed(extent, self.kernel, self.stride, self.padding, self.dilation, ceil_mode=self.ceil_mode)
        return (batch, channels, *sizes)


@dataclass(frozen=True)
class AdaptivePool(Operation):
    """torch's adaptive max or average pooling to a fixed size; to one unit it is GlobalPool."""

    kind: ClassVar[str] = "adaptive_pool"
    mode: Literal["max", "avg"]
    size: Sizes

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape of the result."""
        return (*map_of(shapes[0], self.kind, len(self.size))[:2], *self.size)


@dataclass(frozen=True)
class GlobalPool(Operation):
    """Maximum or average over the whole map, which becomes one unit."""

    kind: ClassVar[str] = "global_pool"
    mode: Literal["max", "avg"]

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return one unit a channel; raises ShapeError where there is no map."""
        batch, channels, *extent = map_of(shapes[0], self.kind)
        return (batch, channels, *(1 for _size in extent))


@dataclass(frozen=True)
class Resize(Operation):
    """torch's `interpolate`; `ratio` is input units to an output unit, for each axis."""

    kind: ClassVar[str] = "resize"
    mode: Literal["nearest", "nearest-exact", "linear", "cubic"]
    size: Sizes
    ratio: tuple[Fraction, ...]
    corners: bool = False

    @property
    def identity(self) -> tuple[str, dict[str, object]]:
        """Kind and arguments; the ratios as text."""
        kind, values = super().identity
        return kind, values | {"ratio": [str(ratio) for ratio in self.ratio]}

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape of the result."""
        return (*map_of(shapes[0], self.kind, len(self.size))[:2], *self.size)


@dataclass(frozen=True)
class BatchNorm(Operation):
    """torch's `BatchNorm2d` with scale and shift, in eval mode."""

    kind: ClassVar[str] = "batch_norm"

    def weights(self, shapes: Sequence[Shape]) -> Sizes:
        """Return a scale and a shift for each channel."""
        return shapes[0][1], shapes[0][1]


def weights_and_bias(weight: int, channels: int, bias: bool) -> Sizes:
    """Return the numbers of elements of a weight and, if there is one, of a bias for each channel."""
    return (weight, channels) if bias else (weight,)
