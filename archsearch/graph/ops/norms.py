"""Operations with a weight or two for each channel: norms, and a learned factor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from archsearch.graph.ops.counts import Counts
from archsearch.graph.ops.operation import Operation
from archsearch.graph.shapes import Shape, Sizes


@dataclass(frozen=True)
class _Norm(Operation):
    """A norm of the channels, with scale and shift."""

    def weights(self, shapes: Sequence[Shape]) -> Sizes:
        """Return a scale and a shift for each channel."""
        return shapes[0][1], shapes[0][1]

    def counts(self, _shapes: Sequence[Shape], output: Shape) -> Counts:
        """Count each element that is normalised."""
        return Counts(norm_ops=prod(output))


@dataclass(frozen=True)
class BatchNorm(_Norm):
    """torch's `BatchNorm2d` with scale and shift, in eval mode."""

    kind: ClassVar[str] = "batch_norm"


@dataclass(frozen=True)
class LayerNorm(_Norm):
    """torch's `LayerNorm` over the channels, at each position of a map by itself, with scale and shift.

    Liu et al., "A ConvNet for the 2020s" (2022), normalise maps so.

    >>> LayerNorm().weights([(1, 8, 4, 4)]), LayerNorm().counts([(1, 8, 4, 4)], (1, 8, 4, 4)).norm_ops
    ((8, 8), 128)
    """

    kind: ClassVar[str] = "layer_norm"


@dataclass(frozen=True)
class Scale(Operation):
    """Each channel times a learned factor, which is 1 at first.

    >>> Scale().weights([(1, 8, 4, 4)]), Scale().counts([(1, 8, 4, 4)], (1, 8, 4, 4)).arithmetic_ops
    ((8,), 128)
    """

    kind: ClassVar[str] = "scale"

    def weights(self, shapes: Sequence[Shape]) -> Sizes:
        """Return a factor for each channel."""
        return (shapes[0][1],)

    def counts(self, _shapes: Sequence[Shape], output: Shape) -> Counts:
        """Count each product."""
        return Counts(arithmetic_ops=prod(output))
