"""Operations on maps: convolutions, pooling, interpolation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, prod
from typing import ClassVar, Literal

from archsearch.errors import ShapeError
from archsearch.graph.interpolation import Interpolation
from archsearch.graph.ops.counts import Counts
from archsearch.graph.ops.operation import Operation, weights_and_bias
from archsearch.graph.ops.sliding import check_output_padding, check_window, described
from archsearch.graph.shapes import Shape, Sizes, map_of, shape_text
from archsearch.graph.windows import AdaptiveWindow, TransposedWindow, Window, window


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
        return described(self.kind, self.kernel, self.stride, self.dilation, self.groups)


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
        shape = map_of(shapes[0], self.kind, len(self.kernel))
        check_window(kernel=self.kernel, output_padding=self.output_padding)
        check_output_padding(self.output_padding, self.stride, self.dilation)
        return _convolved(self, shape)

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
        return described(self.kind, self.kernel, self.stride, self.dilation, self.groups)


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

    def covers(self, shape: Shape) -> bool:
        """Whether one window without padding covers the whole of a map, as it would a larger one only in part.

        It slides all the same: only what takes the whole of a map of any size (GlobalPool) is global.

        >>> [Pool("avg", (2, 2), (2, 2)).covers((1, 8, size, size)) for size in (2, 4)]
        [True, False]
        """
        sizes = zip(self.kernel, self.padding, shape[2:], strict=True)
        return all(taps == size and pad == 0 for taps, pad, size in sizes) and max(self.kernel) > 1

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return as many units along each axis as its window gives; raises ShapeError."""
        shape = map_of(shapes[0], self.kind, len(self.kernel))
        check_window(kernel=self.kernel, stride=self.stride, padding=self.padding, dilation=self.dilation)
        for padding, kernel in zip(self.padding, self.kernel, strict=True):
            if 2 * padding > kernel:
                message = f"pool padding is {padding}; torch allows half of kernel {kernel}"
                raise ShapeError(message, remedy=f"write padding={kernel // 2} or less")
        return _units(self, shape, shape[1])

    def counts(self, _shapes: Sequence[Shape], output: Shape) -> Counts:
        """Count the positions that its windows cover, those on padding too."""
        return Counts(pooling_ops=prod(output) * prod(self.kernel))

    @property
    def description(self) -> str:
        return described(f"{self.mode} pool", self.kernel, self.stride, self.dilation)

    def check_buildable(self, shapes: Sequence[Shape]) -> None:
        """Raise ShapeError for average pooling with dilation, which torch has no layer for."""
        super().check_buildable(shapes)
        if self.mode == "avg" and any(step > 1 for step in self.dilation):
            message = "there is no layer for average pooling with dilation"
            raise ShapeError(message, remedy="leave out the dilation, or pool the maximum")


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
    gained: ClassVar[Mapping[str, object]] = {"antialias": False}
    mode: Literal["nearest", "nearest-exact", "linear", "cubic"]
    size: Sizes
    ratio: tuple[Fraction, ...]
    corners: bool = False
    antialias: bool = False

    @property
    def identity(self) -> tuple[str, dict[str, object]]:
        """Kind and arguments; the ratios as text."""
        kind, values = super().identity
        return kind, values | {"ratio": [str(ratio) for ratio in self.ratio]}

    def windows(self, _shape: Shape) -> tuple[Interpolation, ...]:
        parts = zip(self.size, self.ratio, strict=True)
        return tuple(Interpolation(self.mode, size, ratio, self.corners, self.antialias) for size, ratio in parts)

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return `size`; raises ShapeError where there is no map."""
        return (*map_of(shapes[0], self.kind, len(self.size))[:2], *self.size)

    @property
    def description(self) -> str:
        return f"{self.mode} resize to {shape_text(self.size)}"

    def check_buildable(self, shapes: Sequence[Shape]) -> None:
        """Raise ShapeError for cubic interpolation, and for another ratio than follows from the sizes."""
        super().check_buildable(shapes)
        if self.antialias:
            raise ShapeError("there is no layer for antialiased interpolation", remedy="leave out antialias")
        if self.mode == "cubic":
            raise ShapeError("there is no layer for cubic interpolation", remedy='write mode="linear"')
        # A layer knows the size alone; only a traced module may scale by another ratio.
        lengths = map_of(shapes[0], self.kind, len(self.size))[2:]
        ratios = tuple(map(self._ratio, lengths, self.size))
        if self.ratio != ratios:
            given, follow = (", ".join(map(str, found)) for found in (self.ratio, ratios))
            message = f"the ratio is {given}; from {shape_text(lengths)} to {shape_text(self.size)} it is {follow}"
            raise ShapeError(message, remedy="write that ratio, as Fractions: input units to an output unit")

    def _ratio(self, length: int, size: int) -> Fraction:
        if self.corners and self.mode == "linear":
            return Fraction(length - 1, size - 1) if size > 1 else Fraction(0)
        return Fraction(length, max(size, 1))


def _units(op: Operation, shape: Shape, channels: int) -> Shape:
    """Return the output shape of an operation with windows: as many units along each axis as its window gives."""
    sizes = zip(op.windows(shape), shape[2:], strict=True)
    return (shape[0], channels, *(along.units(length) for along, length in sizes))


def _convolved(op: Convolution | TransposedConvolution, shape: Shape) -> Shape:
    check_window(kernel=op.kernel, stride=op.stride, padding=op.padding, dilation=op.dilation)
    for name, count in (("input", shape[1]), ("output", op.channels)):
        if op.groups < 1 or count % op.groups:
            message = f"groups is {op.groups}, which does not divide the {count} {name} channels"
            remedy = f"write a divisor of both, such as groups={gcd(shape[1], op.channels)}"
            raise ShapeError(message, remedy=remedy)
    return _units(op, shape, op.channels)
