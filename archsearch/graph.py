"""A network as primitive operations and their wiring: shapes, the builder that checks them, the digest.

Analyzer and torch builder both fold over a Graph, so they cannot disagree about what a network is.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from archsearch.errors import Place, ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT = 1
"""Version of what `Graph.digest` hashes; a change of meaning of any operation raises it."""

Shape: TypeAlias = tuple[int, ...]
"""Channels, height, width of a map; one number for a flat vector. The batch is left out."""

LARGEST_IMAGE = 4096
"""The longest side of an input, in pixels."""

Pair: TypeAlias = tuple[int, int]
"""A value for height and one for width."""


@dataclass(frozen=True)
class Input:
    """The image."""

    kind: ClassVar[str] = "input"
    shape: Shape

    def output(self, _shapes: Sequence[Shape]) -> Shape:
        """Return the shape as it is."""
        return self.shape


@dataclass(frozen=True)
class Convolution:
    """torch's `Conv2d`, padded with zeros."""

    kind: ClassVar[str] = "convolution"
    channels: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1
    bias: bool = True

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape of the result; raises ShapeError."""
        channels, *extent = _map(shapes[0], self.kind)
        for name, count in (("input", channels), ("output", self.channels)):
            if count % self.groups:
                raise ShapeError(f"groups is {self.groups}, which does not divide the {count} {name} channels")
        return (self.channels, *windowed(extent, self.kernel, self.stride, self.padding, self.dilation))


@dataclass(frozen=True)
class Pool:
    """torch's `MaxPool2d` or `AvgPool2d` (which counts the padding in its average)."""

    kind: ClassVar[str] = "pool"
    mode: Literal["max", "avg"]
    kernel: Pair
    stride: Pair
    padding: Pair = (0, 0)

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape of the result; raises ShapeError."""
        channels, *extent = _map(shapes[0], self.kind)
        if any(2 * pad > size for pad, size in zip(self.padding, self.kernel, strict=True)):
            raise ShapeError(f"pool padding is {self.padding[0]}; torch allows half of kernel {self.kernel[0]}")
        return (channels, *windowed(extent, self.kernel, self.stride, self.padding, (1, 1)))


@dataclass(frozen=True)
class BatchNorm:
    """torch's `BatchNorm2d` with scale and shift."""

    kind: ClassVar[str] = "batch_norm"

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape as it is; raises ShapeError where there is no map."""
        return _map(shapes[0], self.kind)


@dataclass(frozen=True)
class Relu:
    """`max(x, 0)`."""

    kind: ClassVar[str] = "relu"

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape as it is."""
        return shapes[0]


@dataclass(frozen=True)
class Add:
    """The sum of two tensors of one shape."""

    kind: ClassVar[str] = "add"

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the common shape; raises ShapeError where there is none."""
        first, second = shapes
        if first != second:
            raise ShapeError(f"{shape_text(first)} and {shape_text(second)} cannot be added")
        return first


@dataclass(frozen=True)
class GlobalPool:
    """Maximum or average over the whole map, which becomes 1 x 1."""

    kind: ClassVar[str] = "global_pool"
    mode: Literal["max", "avg"]

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return one pixel a channel; raises ShapeError where there is no map."""
        return (_map(shapes[0], self.kind)[0], 1, 1)


@dataclass(frozen=True)
class Flatten:
    """A map as one vector."""

    kind: ClassVar[str] = "flatten"

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the number of elements."""
        channels, height, width = _map(shapes[0], self.kind)
        return (channels * height * width,)


@dataclass(frozen=True)
class Linear:
    """torch's `Linear` with bias, on a flat vector."""

    kind: ClassVar[str] = "linear"
    features: int

    def output(self, _shapes: Sequence[Shape]) -> Shape:
        """Return the number of output features."""
        return (self.features,)


Op: TypeAlias = Input | Convolution | Pool | BatchNorm | Relu | Add | GlobalPool | Flatten | Linear


@dataclass(frozen=True)
class Node:
    """An operation, the earlier nodes it reads, its output shape, and the word of the sentence it came from.

    `path` counts the words from 1, those inside a residual after a point: `4.2` is the second word in the
    body of the fourth.
    """

    op: Op
    inputs: tuple[int, ...]
    shape: Shape
    word: str = field(default="", compare=False)
    path: str = field(default="", compare=False)


@dataclass(frozen=True)
class Graph:
    """Nodes in the order in which they are computed; the first is the input, the last the output."""

    nodes: tuple[Node, ...]
    classes: int

    @property
    def input(self) -> Shape:
        """Shape of the input: channels, height, width."""
        return self.nodes[0].shape

    @property
    def classifies(self) -> bool:
        """Whether the output is one number a class, so that the network can be trained."""
        return self.nodes[-1].shape == (self.classes,)

    @cached_property
    def digest(self) -> str:
        """First 16 hex digits of SHA-256 over format version, input, classes and every op with every value.

        Two sentences with one graph have one digest; names and defaults of the notation are not in it.
        """
        nodes = [[node.op.kind, asdict(node.op), node.inputs] for node in self.nodes]
        text = json.dumps([FORMAT, self.input, self.classes, nodes], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Builder:
    """Adds operations one by one and checks that each fits; the words of the notation lower through it.

    Raises ShapeError where an operation does not fit, with the place of the word that asked for it.

    >>> build = Builder((3, 32, 32), classes=10)
    >>> build.then(Convolution(24, (3, 3)))
    1
    >>> build.shape(1)
    (24, 30, 30)
    """

    def __init__(self, input_shape: Shape, classes: int) -> None:
        if len(input_shape) != 3 or min(input_shape) < 1:
            raise ShapeError(f"input is {shape_text(input_shape)}; it must be channels x height x width")
        if max(input_shape[1:]) > LARGEST_IMAGE:
            raise ShapeError(f"input is {shape_text(input_shape)}; a side has at most {LARGEST_IMAGE} pixels")
        if classes < 1:
            raise ShapeError(f"classes is {classes}; it must be at least 1")
        self.classes = classes
        self.last = 0
        self._nodes = [Node(Input(input_shape), (), input_shape, "input")]
        self._word, self._path = "", ""
        self._place: Place | None = None

    def at(self, word: str, path: str, place: Place | None) -> None:
        """Say which word the next operations come from."""
        self._word, self._path, self._place = word, path, place

    def shape(self, node: int) -> Shape:
        """Output shape of a node."""
        return self._nodes[node].shape

    def then(self, op: Op, *inputs: int) -> int:
        """Add an operation that reads `inputs`, or else the last node; return its number."""
        inputs = inputs or (self.last,)
        try:
            shape = op.output([self.shape(number) for number in inputs])
        except ShapeError as error:
            raise ShapeError(error.rule, place=self._place or self._word) from None
        self._nodes.append(Node(op, inputs, shape, self._word, self._path))
        self.last = len(self._nodes) - 1
        return self.last

    def stride_between(self, first: int, last: int) -> Pair:
        """Product of the strides on the way from one node to a later one, along first inputs."""
        height, width = 1, 1
        while last != first:
            op = self._nodes[last].op
            if isinstance(op, Convolution | Pool):
                height, width = height * op.stride[0], width * op.stride[1]
            last = self._nodes[last].inputs[0]
        return (height, width)

    def graph(self) -> Graph:
        """Return the finished graph."""
        return Graph(tuple(self._nodes), self.classes)


def windowed(extent: Sequence[int], kernel: Pair, stride: Pair, padding: Pair, dilation: Pair) -> tuple[int, ...]:
    """Output height and width: floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1.

    The formula is the one in the documentation of torch's `Conv2d`. Raises ShapeError where nothing is left.

    >>> windowed((8, 8), (3, 3), (1, 1), (1, 1), (2, 2))
    (6, 6)
    """
    sizes = []
    for size, taps, step, pad, spread in zip(extent, kernel, stride, padding, dilation, strict=True):
        window = spread * (taps - 1) + 1
        if size + 2 * pad < window:
            raise ShapeError(f"a window of {window} does not fit on a map of {size} with padding {pad}")
        sizes.append((size + 2 * pad - window) // step + 1)
    return tuple(sizes)


def shape_text(shape: Shape) -> str:
    """Write a shape as people do.

    >>> shape_text((3, 32, 32))
    '3x32x32'
    """
    return "x".join(map(str, shape))


def _map(shape: Shape, kind: str) -> Shape:
    if len(shape) != 3:
        raise ShapeError(f"{kind} needs a map of channels x height x width, not a vector of {shape_text(shape)}")
    return shape
