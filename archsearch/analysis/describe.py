"""An operation in words, for tables."""

from __future__ import annotations

from archsearch.graph.ops.maps import AdaptivePool, Convolution, GlobalPool, Pool, Resize, TransposedConvolution
from archsearch.graph.ops.mixing import Contract, Elementwise, Normalize, Reduce
from archsearch.graph.ops.operation import Operation, Unknown
from archsearch.graph.shapes import Sizes, shape_text


def describe(op: Operation) -> str:
    """Write an operation as people do.

    >>> describe(Convolution(8, (3, 3), stride=(2, 2), groups=4))
    'convolution 3x3, stride 2, groups 4'
    """
    match op:
        case Elementwise() | Normalize():
            return op.function.replace("_", " ")
        case Reduce():
            return f"{op.function} over dims {', '.join(map(str, op.dims))}"
        case GlobalPool():
            return f"{op.mode} global pool"
        case AdaptivePool():
            return f"{op.mode} pool to {shape_text(op.size)}"
        case Resize():
            return f"{op.mode} resize to {shape_text(op.size)}"
        case Contract():
            return "matrix product"
        case Unknown():
            return op.name
        case Convolution() | TransposedConvolution() | Pool():
            return _windowed(op)
        case _:
            return op.kind.replace("_", " ")


def _windowed(op: Convolution | TransposedConvolution | Pool) -> str:
    name = f"{op.mode} pool" if isinstance(op, Pool) else op.kind.replace("_", " ")
    parts = [f"{name} {shape_text(op.kernel)}"]
    if max(op.stride) > 1:
        parts.append(f"stride {_sizes(op.stride)}")
    if max(op.dilation) > 1:
        parts.append(f"dilation {_sizes(op.dilation)}")
    if not isinstance(op, Pool) and op.groups > 1:
        parts.append(f"groups {op.groups}")
    return ", ".join(parts)


def _sizes(sizes: Sizes) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else shape_text(sizes)
