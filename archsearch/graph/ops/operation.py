"""What all operations share, and those at a network's edges.

Shapes are torch's, for a batch of one image: 1, channels, then a size for each axis of the image. A tuple of sizes
(kernel, stride ...) has one for each axis, so that one operation serves signals, images and volumes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

from archsearch.graph.shapes import Shape, Sizes


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
