"""What each operation costs, by formula, for one image.

A MAC is one multiply-accumulate of a convolution, a linear layer or a matrix product. What else is computed is
counted apart, in elements: one for each element that a norm, an activation (softmax too) or a sum or product of
tensors puts out, one for each addition of a bias, and one for each position that a pooling window covers, or a
mean or other reduction reads. Moving, padding and interpolating elements is not counted. Products that einsum sums
over a letter of one operand only are counted one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from archsearch.graph.ops.maps import AdaptivePool, BatchNorm, Convolution, GlobalPool, Pool, TransposedConvolution
from archsearch.graph.ops.mixing import Attention, Contract, Elementwise, Linear, Normalize, Reduce
from archsearch.graph.ops.operation import Operation
from archsearch.graph.shapes import Shape
from archsearch.graph.windows import AdaptiveWindow

ARITHMETIC = frozenset({"add", "sub", "rsub", "mul", "div", "addcmul", "addcdiv", "lerp"})
"""Elementwise functions that are sums and products; the others are activations."""

_ACTIVATIONS = frozenset({"softmax", "log_softmax"})


@dataclass(frozen=True)
class Counts:
    """What one operation computes for one image; the unit of each is said at the head of this module."""

    macs: int = 0
    bias: int = 0
    norm: int = 0
    activation: int = 0
    arithmetic: int = 0
    pooling: int = 0


def counts(op: Operation, shapes: Sequence[Shape], output: Shape) -> Counts:
    """Return what an operation computes, given the shapes that it reads and the one of its output.

    >>> counts(Convolution(8, (3, 3), padding=(1, 1)), [(1, 4, 32, 32)], (1, 8, 32, 32)).macs
    294912
    """
    elements = prod(output)
    match op:
        case Convolution():
            macs = elements * (shapes[0][1] // op.groups) * prod(op.kernel)
            return Counts(macs, bias=elements * op.bias)
        case TransposedConvolution():
            macs = prod(shapes[0]) * (op.channels // op.groups) * prod(op.kernel)
            return Counts(macs, bias=elements * op.bias)
        case Linear():
            return Counts(elements * shapes[0][-1], bias=elements * op.bias)
        case Contract():
            return Counts(prod(op.sizes(shapes).values()))
        case Attention():
            pairs = prod(shapes[0][:-1]) * shapes[1][-2]
            return Counts(pairs * (shapes[0][-1] + shapes[2][-1]), activation=pairs)
        case BatchNorm():
            return Counts(norm=elements)
        case Normalize():
            return Counts(activation=elements) if op.function in _ACTIVATIONS else Counts(norm=elements)
        case Elementwise():
            return Counts(arithmetic=elements) if op.function in ARITHMETIC else Counts(activation=elements)
        case Pool():
            return Counts(pooling=elements * prod(op.kernel))
        case AdaptivePool():
            cells = zip(shapes[0][2:], op.size, strict=True)
            covered = [sum(len(AdaptiveWindow(*cell).reads(unit)) for unit in range(cell[1])) for cell in cells]
            return Counts(pooling=prod(output[:2]) * prod(covered))
        case GlobalPool() | Reduce():
            return Counts(pooling=prod(shapes[0]))
        case _:
            return Counts()
