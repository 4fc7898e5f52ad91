"""What all operations share, and the operations at a network's edges.

Shapes are torch's, for a batch of one image: 1, channels, then a size for each axis of the image. A tuple of sizes
(kernel, stride ...) has one for each axis, so that one operation serves signals, images and volumes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

from archsearch.errors import ShapeError
from archsearch.graph.ops.counts import NOTHING, Counts
from archsearch.graph.shapes import Shape, Sizes
from archsearch.graph.windows import AnyWindow


@dataclass(frozen=True)
class Operation:
    """All that is known of an operation: its output shape, weights, counts, windows and written name.

    An argument that an operation gained after the first release is left out of its `identity` while it has the
    value in `gained`, so that digests stay as they were. `buildable`: whether a torch layer can be built of it.
    """

    kind: ClassVar[str]
    gained: ClassVar[Mapping[str, object]] = {}
    buildable: ClassVar[bool] = True

    @property
    def arity(self) -> int | None:
        """How many tensors a layer of it reads, or None for one or more."""
        return 1

    @property
    def identity(self) -> tuple[str, dict[str, object]]:
        """What the digest holds of it: its kind, and every argument with its value."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return self.kind, {name: value for name, value in values.items() if self.gained.get(name, ...) != value}

    @property
    def description(self) -> str:
        """The operation as tables write it."""
        return self.kind.replace("_", " ")

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the output shape, given the shapes that are read; raises ShapeError where they do not fit."""
        return shapes[0]

    def weights(self, _shapes: Sequence[Shape]) -> Sizes:
        """Return the number of elements of each parameter: weight, then bias."""
        return ()

    def counts(self, _shapes: Sequence[Shape], _output: Shape) -> Counts:
        """Return what is computed, given the shapes that are read and the output shape."""
        return NOTHING

    def windows(self, _shape: Shape) -> tuple[AnyWindow, ...]:
        """Return what a unit reads along each axis of a map of this shape; empty where nothing slides over it."""
        return ()

    def check_buildable(self, shapes: Sequence[Shape]) -> None:
        """Raise ShapeError unless a torch layer can be built of it: only then may a word lower to it."""
        if not self.buildable:
            raise ShapeError(f"there is no layer for `{self.kind}`", remedy="it occurs only in traced modules")
        if self.arity not in {None, len(shapes)}:
            inputs = "1 input" if self.arity == 1 else f"{self.arity} inputs"
            remedy = "write the numbers of what it reads after the operation"
            raise ShapeError(f"`{self.description}` reads {inputs}, not {len(shapes)}", remedy=remedy)


@dataclass(frozen=True)
class Input(Operation):
    """The image; `shape` is without the batch."""

    kind: ClassVar[str] = "input"
    buildable: ClassVar[bool] = False
    shape: Shape

    def output(self, _shapes: Sequence[Shape]) -> Shape:
        return (1, *self.shape)


@dataclass(frozen=True)
class Earlier(Operation):
    """What words computed before those that are looked at, as one operation.

    `stride` is the product of the strides on the way to it, along first inputs, from the node that it reads.
    """

    kind: ClassVar[str] = "earlier"
    buildable: ClassVar[bool] = False
    shape: Shape
    stride: Sizes

    def output(self, _shapes: Sequence[Shape]) -> Shape:
        return self.shape


@dataclass(frozen=True)
class Constant(Operation):
    """Weights, or what is computed from weights alone: nothing of the image."""

    kind: ClassVar[str] = "constant"
    buildable: ClassVar[bool] = False
    shape: Shape

    def output(self, _shapes: Sequence[Shape]) -> Shape:
        return self.shape


@dataclass(frozen=True)
class Unknown(Operation):
    """An operation whose effect on receptive fields and counts is not known; `name` is torch's."""

    kind: ClassVar[str] = "unknown"
    buildable: ClassVar[bool] = False
    name: str
    shape: Shape

    @property
    def description(self) -> str:
        return self.name

    def output(self, _shapes: Sequence[Shape]) -> Shape:
        return self.shape


def weights_and_bias(weight: int, channels: int, bias: bool) -> Sizes:
    """Return the numbers of elements of a weight and, if there is one, of a bias for each channel."""
    return (weight, channels) if bias else (weight,)
