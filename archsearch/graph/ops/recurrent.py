"""Recurrent layers, and the state that they are left with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar, Literal, NamedTuple, TypeAlias

from archsearch.graph.ops.counts import Counts
from archsearch.graph.ops.operation import Operation
from archsearch.graph.shapes import Shape, Sizes

Cell: TypeAlias = Literal["lstm", "gru", "rnn"]


class _Computed(NamedTuple):
    """What one step of a cell computes for each of its features."""

    gates: int
    activations: int
    arithmetic: int


_CELLS: Mapping[Cell, _Computed] = {
    # By the formulas in torch's docs. Each gate adds what the input and what the state give; an LSTM then has
    # three products and a sum, a GRU a product in its third gate, then two products, a difference and a sum.
    "lstm": _Computed(4, 5, 4 + 4),
    "gru": _Computed(3, 3, 3 + 5),
    "rnn": _Computed(1, 1, 1),
}


@dataclass(frozen=True)
class Recurrent(Operation):
    """torch's `LSTM`, `GRU` or `RNN` along the dim `time`; without one, a single step as of `LSTMCell`.

    It reads the input, and then the initial states that depend on the image. `projected` is torch's `proj_size`.

    >>> lstm = Recurrent("lstm", 5, directions=2)
    >>> lstm.output([(1, 6, 4)]), lstm.weights([(1, 6, 4)])
    ((1, 6, 10), (80, 100, 20, 20, 80, 100, 20, 20))
    """

    kind: ClassVar[str] = "recurrent"
    buildable: ClassVar[bool] = False
    cell: Cell
    features: int
    layers: int = 1
    directions: int = 1
    bias: bool = True
    projected: int = 0
    time: int | None = 1

    @property
    def description(self) -> str:
        parts = [self.cell, *([f"{self.layers} layers"] if self.layers > 1 else [])]
        return ", ".join([*parts, *(["both directions"] if self.directions > 1 else [])])

    def output(self, shapes: Sequence[Shape]) -> Shape:
        """Return the shape with the features of all directions as its last dim."""
        return (*shapes[0][:-1], self.directions * (self.projected or self.features))

    def weights(self, shapes: Sequence[Shape]) -> Sizes:
        """Return, for each layer and direction, the weights of input and state, their biases, the projection."""
        wide = _CELLS[self.cell].gates * self.features
        biases = (wide, wide) if self.bias else ()
        projection = (self.features * self.projected,) if self.projected else ()
        state = self.projected or self.features
        return tuple(
            size
            for read in self._inputs(shapes[0])
            for size in (wide * read, wide * state, *biases, *projection) * self.directions
        )

    def counts(self, shapes: Sequence[Shape], _output: Shape) -> Counts:
        """Count, for each step, the products of weights as MACs; biases, activations and arithmetic beside them.

        >>> Recurrent("gru", 5).counts([(1, 6, 4)], (1, 6, 5)).macs  # 6 steps, 3 gates of 5 features
        810
        """
        cell = _CELLS[self.cell]
        steps = prod(shapes[0][:-1]) * self.directions
        wide, state = cell.gates * self.features, self.projected or self.features
        products = sum(wide * (read + state) + self.features * self.projected for read in self._inputs(shapes[0]))
        computed = steps * self.layers * self.features
        return Counts(
            macs=steps * products,
            bias_ops=2 * steps * self.layers * wide if self.bias else 0,
            activation_ops=computed * cell.activations,
            arithmetic_ops=computed * cell.arithmetic,
        )

    def _inputs(self, shape: Shape) -> tuple[int, ...]:
        """Return the number of features that each layer reads."""
        return (shape[-1], *[self.output([shape])[-1]] * (self.layers - 1))


@dataclass(frozen=True)
class LastState(Operation):
    """The state of a recurrent layer after its last step along `time`, which has read all of them.

    It reads the layer's output; `shape` has the layers and directions, the batch, the features.
    """

    kind: ClassVar[str] = "last_state"
    buildable: ClassVar[bool] = False
    shape: Shape
    time: int

    def output(self, _shapes: Sequence[Shape]) -> Shape:
        return self.shape
