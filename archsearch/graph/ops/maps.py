"""Operations on maps: convolutions, pooling, interpolation, batch norm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import ClassVar, Literal

from archsearch.errors import ShapeError
from archsearch.graph.ops.counts import Counts
from archsearch.graph.ops.operation import Operation
from archsearch.graph.shapes import Shape, Sizes, map_of, shape_text
from archsearch.graph.windows import AdaptiveWindow, Interpolation, TransposedWindow, Window, window


@dataclass(frozen=True)
class Convolution(Operation):
    """torch's `Conv1d`, `Conv2d` or `Conv3d`, padded with zeros.

    >>> convolution = Convolution(8, (3, 3), stride=(2, 2), padding=(1, 1), groups=4)
    >>> convolution.description
    'convolution 3x3, stride 2, groups 4'
    >>> convolution.output([(1, 4, 32, 32)]), convolution.weights([(1, 4, 32, 32)])
    ((1, 8, 16, 16), (72, 8))
    """

    kind: ClassVar[str] = "convolution"
    channels: int
    kernel: Sizes
    stride: Sizes = (1, 1)
    padding: Sizes = (0, 0)
    dilation: Sizes = (1, 1)
    groups: int = 1
    bias: bool = True

    def windows(self, _shape: Shape) -> tuple[Window, ...]:
        parts = zip(self.kernel, self.stride, self.padding, self.dilation, strict=True)
        return tuple(window(*sizes) for sizes in parts)

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return as many units along each axis as its window gives; raises ShapeError."""
        return _convolved(self, map_of(shapes[0], self.kind, len(self.kernel)))

    def weights(self, shapes: Sequence[Shape]) -> Sizes:
        """Return channels * (input channels / groups) * kernel area, and a bias for each channel."""
        weight = self.channels * (shapes[0][1] // self.groups) * prod(self.kernel)
        return weights_and_bias(weight, self.channels, self.bias)

    def counts(self, shapes: Sequence[Shape], output: Shape) -> Counts:
        """Count output elements * (input channels / groups) * kernel area as MACs.

        >>> Convolution(8, (3, 3), padding=(1, 1)).counts([(1, 4, 32, 32)], (1, 8, 32, 32)).macs
        294912
        """
        elements = prod(output)
        macs = elements * (shapes[0][1] // self.groups) * prod(self.kernel)
        return Counts(macs, bias_ops=elements * self.bias)

    @property
    def description(self) -> str:
        return _described(self.kind, self.kernel, self.stride, self.dilation, self.groups)


@dataclass(frozen=True)
class TransposedConvolution(Operation):
    """torch's `ConvTranspose1d`, `ConvTranspose2d` or `ConvTranspose3d`.

    >>> transposed = TransposedConvolution(8, (3, 3), (2, 2), (1, 1), output_padding=(1, 1))
    >>> transposed.output([(1, 4, 16, 16)])
    (1, 8, 32, 32)
    """

    kind: ClassVar[str] = "transposed_convolution"
    channels: int
    kernel: Sizes
    stride: Sizes = (1, 1)
    padding: Sizes = (0, 0)
    output_padding: Sizes = (0, 0)
    dilation: Sizes = (1, 1)
    groups: int = 1
    bias: bool = True

    def windows(self, _shape: Shape) -> tuple[TransposedWindow, ...]:
        parts = zip(self.kernel, self.stride, self.padding, self.dilation, self.output_padding, strict=True)
        return tuple(TransposedWindow(*sizes) for sizes in parts)

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return as many units along each axis as its window gives; raises ShapeError."""
        return _convolved(self, map_of(shapes[0], self.kind, len(self.kernel)))

    def weights(self, shapes: Sequence[Shape]) -> Sizes:
        """Return input channels * (channels / groups) * kernel area, and a bias for each channel."""
        weight = shapes[0][1] * (self.channels // self.groups) * prod(self.kernel)
        return weights_and_bias(weight, self.channels, self.bias)

    def counts(self, shapes: Sequence[Shape], output: Shape) -> Counts:
        """Count input elements * (channels / groups) * kernel area as MACs.

        >>> TransposedConvolution(8, (2, 2), (2, 2)).counts([(1, 4, 16, 16)], (1, 8, 32, 32)).macs
        32768
        """
        macs = prod(shapes[0]) * (self.channels // self.groups) * prod(self.kernel)
        return Counts(macs, bias_ops=prod(output) * self.bias)

    @property
    def description(self) -> str:
        return _described(self.kind, self.kernel, self.stride, self.dilation, self.groups)


@dataclass(frozen=True)
class Pool(Operation):
    """torch's windowed max or average pooling (which counts the padding in its average).

    >>> Pool("max", (3, 3), stride=(2, 2), ceil_mode=True).output([(1, 8, 32, 32)])
    (1, 8, 16, 16)
    """

    kind: ClassVar[str] = "pool"
    gained: ClassVar[Mapping[str, object]] = {"dilation": (1, 1), "ceil_mode": False}
    mode: Literal["max", "avg"]
    kernel: Sizes
    stride: Sizes
    padding: Sizes = (0, 0)
    dilation: Sizes = (1, 1)
    ceil_mode: bool = False

    def windows(self, _shape: Shape) -> tuple[Window, ...]:
        parts = zip(self.kernel, self.stride, self.padding, self.dilation, strict=True)
        return tuple(window(*sizes, self.ceil_mode) for sizes in parts)

    def is_global(self, shape: Shape) -> bool:
        """Whether one window without padding covers the whole of a map: global pooling in disguise.

        >>> [Pool("avg", (2, 2), (2, 2)).is_global((1, 8, size, size)) for size in (2, 4)]
        [True, False]
        """
        sizes = zip(self.kernel, self.padding, shape[2:], strict=True)
        return all(taps == size and pad == 0 for taps, pad, size in sizes) and max(self.kernel) > 1

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return as many units along each axis as its window gives; raises ShapeError."""
        shape = map_of(shapes[0], self.kind, len(self.kernel))
        _check_window(self)
        for padding, kernel in zip(self.padding, self.kernel, strict=True):
            if 2 * padding > kernel:
                raise ShapeError(f"pool padding is {padding}; torch allows half of kernel {kernel}")
        return _units(self, shape, shape[1])

    def counts(self, _shapes: Sequence[Shape], output: Shape) -> Counts:
        """Count the positions that its windows cover, those on padding too."""
        return Counts(pooling_ops=prod(output) * prod(self.kernel))

    @property
    def description(self) -> str:
        return _described(f"{self.mode} pool", self.kernel, self.stride, self.dilation)

    def check_buildable(self, _shapes: Sequence[Shape]) -> None:
        """Raise ShapeError for average pooling with dilation, which torch has no layer for."""
        if self.mode == "avg" and max(self.dilation) > 1:
            raise ShapeError("there is no layer for average pooling with dilation")


@dataclass(frozen=True)
class AdaptivePool(Operation):
    """torch's adaptive max or average pooling to a fixed size; to one unit it is GlobalPool."""

    kind: ClassVar[str] = "adaptive_pool"
    mode: Literal["max", "avg"]
    size: Sizes

    def windows(self, shape: Shape) -> tuple[AdaptiveWindow, ...]:
        return tuple(map(AdaptiveWindow, shape[2:], self.size))

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return `size`; raises ShapeError where there is no map."""
        return (*map_of(shapes[0], self.kind, len(self.size))[:2], *self.size)

    def counts(self, shapes: Sequence[Shape], output: Shape) -> Counts:
        """Count the positions that its cells cover; where they overlap, a position counts more than once.

        >>> AdaptivePool("avg", (3, 1)).counts([(1, 2, 7, 7)], (1, 2, 3, 1)).pooling_ops
        126
        """
        covered = [sum(len(cell.reads(unit)) for unit in range(cell.size)) for cell in self.windows(shapes[0])]
        return Counts(pooling_ops=prod(output[:2]) * prod(covered))

    @property
    def description(self) -> str:
        return f"{self.mode} pool to {shape_text(self.size)}"


@dataclass(frozen=True)
class GlobalPool(Operation):
    """Maximum or average over the whole map, which becomes one unit."""

    kind: ClassVar[str] = "global_pool"
    mode: Literal["max", "avg"]

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return one unit a channel; raises ShapeError where there is no map."""
        batch, channels, *extent = map_of(shapes[0], self.kind)
        return (batch, channels, *(1 for _size in extent))

    def counts(self, shapes: Sequence[Shape], _output: Shape) -> Counts:
        """Count every position of the map."""
        return Counts(pooling_ops=prod(shapes[0]))

    @property
    def description(self) -> str:
        return f"{self.mode} global pool"


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

    def windows(self, _shape: Shape) -> tuple[Interpolation, ...]:
        parts = zip(self.size, self.ratio, strict=True)
        return tuple(Interpolation(self.mode, size, ratio, self.corners) for size, ratio in parts)

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return `size`; raises ShapeError where there is no map."""
        return (*map_of(shapes[0], self.kind, len(self.size))[:2], *self.size)

    @property
    def description(self) -> str:
        return f"{self.mode} resize to {shape_text(self.size)}"

    def check_buildable(self, _shapes: Sequence[Shape]) -> None:
        """Raise ShapeError for cubic interpolation, which occurs only in traced modules."""
        if self.mode == "cubic":
            raise ShapeError("there is no layer for cubic interpolation")


@dataclass(frozen=True)
class BatchNorm(Operation):
    """torch's `BatchNorm2d` with scale and shift, in eval mode."""

    kind: ClassVar[str] = "batch_norm"

    def weights(self, shapes: Sequence[Shape]) -> Sizes:
        """Return a scale and a shift for each channel."""
        return shapes[0][1], shapes[0][1]

    def counts(self, _shapes: Sequence[Shape], output: Shape) -> Counts:
        """Count each element that is normalised."""
        return Counts(norm_ops=prod(output))


def weights_and_bias(weight: int, channels: int, bias: bool) -> Sizes:
    """Return the numbers of elements of a weight and, if there is one, of a bias for each channel."""
    return (weight, channels) if bias else (weight,)


def _units(op: Operation, shape: Shape, channels: int) -> Shape:
    """Return the output shape of an operation with windows: as many units along each axis as its window gives."""
    sizes = zip(op.windows(shape), shape[2:], strict=True)
    return (shape[0], channels, *(along.units(length) for along, length in sizes))


def _check_window(op: Convolution | TransposedConvolution | Pool) -> None:
    """Raise ShapeError unless there is a kernel, a stride and so on for each axis, each large enough."""
    for name, least in (("kernel", 1), ("stride", 1), ("padding", 0), ("dilation", 1)):
        sizes: Sizes = getattr(op, name)
        if len(sizes) != len(op.kernel) or min(sizes) < least:
            given = shape_text(sizes)
            raise ShapeError(f"{name} is {given}; for each of {len(op.kernel)} axes it must be at least {least}")


def _convolved(op: Convolution | TransposedConvolution, shape: Shape) -> Shape:
    _check_window(op)
    for name, count in (("input", shape[1]), ("output", op.channels)):
        if op.groups < 1 or count % op.groups:
            raise ShapeError(f"groups is {op.groups}, which does not divide the {count} {name} channels")
    return _units(op, shape, op.channels)


def _described(name: str, kernel: Sizes, stride: Sizes, dilation: Sizes, groups: int = 1) -> str:
    parts = [f"{name.replace('_', ' ')} {shape_text(kernel)}"]
    for word, sizes in (("stride", stride), ("dilation", dilation)):
        if max(sizes) > 1:
            parts.append(f"{word} {sizes[0] if len(set(sizes)) == 1 else shape_text(sizes)}")
    if groups > 1:
        parts.append(f"groups {groups}")
    return ", ".join(parts)
