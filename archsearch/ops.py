"""The primitive operations that a network is made of, each with the shape of its output.

Shapes are torch's, for a batch of one image: 1, channels, then a size for each axis of the image. A tuple of sizes
(kernel, stride ...) has one for each axis, so that one operation serves signals, images and volumes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from math import prod
from typing import ClassVar, Literal, TypeAlias

from archsearch.errors import ShapeError

Shape: TypeAlias = tuple[int, ...]
Sizes: TypeAlias = tuple[int, ...]
"""A value for each axis: height, width."""

Border: TypeAlias = Literal["zeros", "reflect", "replicate", "circular"]
"""What stands beyond a map, in torch's words for padding; any constant counts as zeros."""


@dataclass(frozen=True)
class Operation:
    """What all operations share.

    An argument that an operation gained after the first release is left out of its `identity` while it has the
    value in `gained`, so that digests stay as they were.
    """

    kind: ClassVar[str]
    gained: ClassVar[Mapping[str, object]] = {}

    @property
    def identity(self) -> tuple[str, dict[str, object]]:
        """What the digest holds of it: its kind, and every argument with its value."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return self.kind, {name: value for name, value in values.items() if self.gained.get(name, ...) != value}

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape of the result; raises ShapeError where the operation does not fit."""
        return shapes[0]

    def weights(self, _shapes: Sequence[Shape]) -> Sizes:
        """Return the number of elements of each parameter: weight, then bias."""
        return ()


@dataclass(frozen=True)
class Input(Operation):
    """The image; `shape` is without the batch."""

    kind: ClassVar[str] = "input"
    shape: Shape

    def output(self, _shapes: Sequence[Shape]) -> Shape:
        """Return the shape with a batch of one."""
        return (1, *self.shape)


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
        return _weights(
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
        return _weights(
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
class Pad(Operation):
    """torch's `pad`: (before, after) for each dim of the tensor; what is negative is cropped."""

    kind: ClassVar[str] = "pad"
    amounts: tuple[tuple[int, int], ...]
    border: Border = "zeros"

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape of the result."""
        parts = zip(shapes[0], self.amounts, strict=True)
        return tuple(size + before + after for size, (before, after) in parts)


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
        """Return the shape of the result; raises ShapeError where there are no such indices."""
        last = self.start + self.step * (self.count - 1)
        if not self.wraps and not (0 <= self.start < shapes[0][self.dim] and 0 <= last < shapes[0][self.dim]):
            raise ShapeError(f"a dim of {shapes[0][self.dim]} has no index {self.start} to {last}")
        return (*shapes[0][: self.dim], self.count, *shapes[0][self.dim + 1 :])


@dataclass(frozen=True)
class Concatenate(Operation):
    """Tensors one after another along a dim, the channels unless another is given."""

    kind: ClassVar[str] = "concatenate"
    dim: int = 1

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape of the result; raises ShapeError where the other dims differ."""
        rest = {(*shape[: self.dim], *shape[self.dim + 1 :]) for shape in shapes}
        if len(rest) > 1:
            texts = ", ".join(shape_text(shape[1:]) for shape in shapes)
            raise ShapeError(f"{texts} cannot be concatenated: only the channels may differ")
        total = sum(shape[self.dim] for shape in shapes)
        return (*shapes[0][: self.dim], total, *shapes[0][self.dim + 1 :])


@dataclass(frozen=True)
class Elementwise(Operation):
    """A function of the same element of each input: an activation, a sum, a product; broadcast as torch does.

    >>> Elementwise("mul").output([(1, 8, 4, 4), (1, 8, 1, 1)])
    (1, 8, 4, 4)
    """

    kind: ClassVar[str] = "elementwise"
    function: str

    @property
    def identity(self) -> tuple[str, dict[str, object]]:
        """The function's own name, and no argument."""
        return self.function, {}

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the common shape; raises ShapeError where there is none."""
        if len(set(shapes)) == 1:
            return shapes[0]
        rank = max(map(len, shapes))
        padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
        sizes = [{size for size in column if size != 1} for column in zip(*padded, strict=True)]
        if any(len(found) > 1 for found in sizes):
            texts = " and ".join(shape_text(shape[1:]) for shape in shapes)
            participle = {"add": "added", "mul": "multiplied"}.get(self.function, "combined")
            raise ShapeError(f"{texts} cannot be {participle}")
        return tuple(found.pop() if found else 1 for found in sizes)


@dataclass(frozen=True)
class BatchNorm(Operation):
    """torch's `BatchNorm2d` with scale and shift, in eval mode."""

    kind: ClassVar[str] = "batch_norm"

    def weights(self, shapes: Sequence[Shape]) -> Sizes:
        """Return a scale and a shift for each channel."""
        return shapes[0][1], shapes[0][1]


@dataclass(frozen=True)
class Normalize(Operation):
    """A function of each element and of all that differ from it along `dims` only: layer norm, softmax."""

    kind: ClassVar[str] = "normalize"
    function: str
    dims: Sizes


@dataclass(frozen=True)
class Reduce(Operation):
    """A sum, mean or maximum over dims, which are left with size 1 or taken out."""

    kind: ClassVar[str] = "reduce"
    function: str
    dims: Sizes
    keep: bool = True

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape of the result."""
        parts = enumerate(shapes[0])
        return tuple(1 if n in self.dims else size for n, size in parts if self.keep or n not in self.dims)


@dataclass(frozen=True)
class Flatten(Operation):
    """A map as one vector."""

    kind: ClassVar[str] = "flatten"

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the number of elements."""
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
            raise ShapeError(f"{shape_text(shapes[0])} cannot be viewed as {shape_text(self.shape)}")
        return self.shape


@dataclass(frozen=True)
class Permute(Operation):
    """The dims in another order."""

    kind: ClassVar[str] = "permute"
    order: Sizes

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape in that order."""
        return tuple(shapes[0][dim] for dim in self.order)


@dataclass(frozen=True)
class Expand(Operation):
    """Dims of size 1 repeated, without a copy."""

    kind: ClassVar[str] = "expand"
    shape: Shape

    def output(self, _shapes: Sequence[Shape]) -> Shape:
        """Return the new shape."""
        return self.shape


@dataclass(frozen=True)
class Linear(Operation):
    """torch's `Linear`: a matrix times the last dim."""

    kind: ClassVar[str] = "linear"
    gained: ClassVar[Mapping[str, object]] = {"bias": True}
    features: int
    bias: bool = True

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape with `features` as its last dim."""
        return (*shapes[0][:-1], self.features)

    def weights(self, shapes: Sequence[Shape]) -> Sizes:
        """Return features * inputs, and a bias for each feature."""
        return _weights(self.features * shapes[0][-1], self.features, self.bias)


@dataclass(frozen=True)
class Contract(Operation):
    """Products of two tensors summed over the dims that the result lacks, in einsum's letters.

    >>> Contract("abc", "acd", "abd").output([(8, 49, 32), (8, 32, 49)])
    (8, 49, 49)
    """

    kind: ClassVar[str] = "contract"
    first: str
    second: str
    result: str

    def sizes(self, shapes: Sequence[Shape]) -> dict[str, int]:
        """Return the size of each letter; a dim of size 1 is broadcast."""
        found: dict[str, int] = {}
        for letters, shape in zip((self.first, self.second), shapes, strict=True):
            for letter, size in zip(letters, shape, strict=True):
                found[letter] = max(size, found.get(letter, 1))
        return found

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the sizes of the result's letters."""
        sizes = self.sizes(shapes)
        return tuple(sizes[letter] for letter in self.result)


@dataclass(frozen=True)
class Attention(Operation):
    """torch's `scaled_dot_product_attention` of queries, keys and values (..., tokens, features)."""

    kind: ClassVar[str] = "attention"
    masked: bool = False

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the queries' shape with the values' features."""
        return (*shapes[0][:-1], shapes[2][-1])


@dataclass(frozen=True)
class Constant(Operation):
    """Weights, or what is computed from weights alone: nothing of the image."""

    kind: ClassVar[str] = "constant"
    shape: Shape

    def output(self, _shapes: Sequence[Shape]) -> Shape:
        """Return its shape."""
        return self.shape


@dataclass(frozen=True)
class Unknown(Operation):
    """An operation whose effect on receptive fields and counts is not known; `name` is torch's."""

    kind: ClassVar[str] = "unknown"
    name: str
    shape: Shape

    def output(self, _shapes: Sequence[Shape]) -> Shape:
        """Return the shape that torch gave it."""
        return self.shape


Op: TypeAlias = (
    Input
    | Convolution
    | TransposedConvolution
    | Pool
    | AdaptivePool
    | GlobalPool
    | Resize
    | Pad
    | Take
    | Concatenate
    | Elementwise
    | BatchNorm
    | Normalize
    | Reduce
    | Flatten
    | Reshape
    | Permute
    | Expand
    | Linear
    | Contract
    | Attention
    | Constant
    | Unknown
)


def windowed(
    extent: Sequence[int],
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    *,
    ceil_mode: bool = False,
) -> Sizes:
    """Output sizes: floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1 for each axis.

    With `ceil_mode` rounded up, unless the last window would begin beyond the map and its padding in front. The
    formulas are those in the documentation of torch's `Conv2d` and `MaxPool2d`. Raises ShapeError where nothing is
    left.

    >>> windowed((8, 8), (3, 3), (1, 1), (1, 1), (2, 2))
    (6, 6)
    """
    sizes = []
    for size, taps, step, pad, spread in zip(extent, kernel, stride, padding, dilation, strict=True):
        window = spread * (taps - 1) + 1
        if size + 2 * pad < window:
            raise ShapeError(f"a window of {window} does not fit on a map of {size} with padding {pad}")
        over = size + 2 * pad - window
        units = over // step + 1
        if ceil_mode and over % step and units * step < size + pad:
            units += 1
        sizes.append(units)
    return tuple(sizes)


def shape_text(shape: Sequence[int]) -> str:
    """Write a shape as people do.

    >>> shape_text((3, 32, 32))
    '3x32x32'
    """
    return "x".join(map(str, shape))


def map_of(shape: Shape, kind: str, axes: int | None = None) -> Shape:
    """Return the shape if it is that of a map with so many axes; raises ShapeError if not."""
    if len(shape) < 3 or (axes is not None and len(shape) != axes + 2):
        raise ShapeError(f"{kind.replace('_', ' ')} needs a map, and this is {shape_text(shape[1:])}")
    return shape


def _weights(weight: int, channels: int, bias: bool) -> Sizes:
    return (weight, channels) if bias else (weight,)
