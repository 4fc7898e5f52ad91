"""What some operations do to what is seen, whatever the number of their channels.

Words that differ in channels alone do the same to it: what one does is known from another. It is so for operations
on maps all of whose channels see the same: the rules in `receptive.rules` ask such maps for their axes alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import lru_cache
from math import prod

from archsearch.graph.graph import Graph, Node
from archsearch.graph.ops import maps, mixing, moving, norms
from archsearch.graph.ops.operation import Earlier
from archsearch.graph.shapes import Shape


def movement(graph: Graph) -> object | None:
    """Return an object that is one for all graphs which do the same to what is seen; None where that is not known.

    The first node is the image; nothing is said of what nodes see that stand for earlier operations.

    >>> from archsearch.notation.network import parse
    >>> few, many, wide = (movement(parse(text).lower()) for text in ("conv(8)", "conv(9)", "conv(8, kernel=5)"))
    >>> few is many, few is wide
    (True, False)
    """
    moves = [(_move(node, graph.shapes_into(node)), node.inputs) for node in graph.nodes[1:]]
    return None if any(move is None for move, _inputs in moves) else _one_for(tuple(moves))


@lru_cache(maxsize=4096)
def _one_for(_moves: tuple[Hashable, ...]) -> object:
    """Return one object for equal values, which is found faster than these."""
    return object()


def _move(node: Node, shapes: Sequence[Shape]) -> Hashable | None:
    """Return what the rule of an operation goes by beside what its inputs see, None where channels may count."""
    match node.op:
        case Earlier():
            return node.shape[2:]
        case maps.Convolution() | maps.Pool() as op if len(shapes) == 1:
            return op.windows(shapes[0]), node.shape[2:]
        case maps.GlobalPool():
            return "reduced", len(node.shape)
        case norms.BatchNorm() | norms.Scale() if len(shapes) == 1:
            return "kept"
        case mixing.Elementwise() if len(set(map(len, shapes))) == 1:
            return "joined"
        case moving.Flatten() if prod(shapes[0][2:]) == 1 < shapes[0][1]:
            return "flattened", len(shapes[0])
        case mixing.Linear() if len(node.shape) == 2 and len(shapes) == 1:
            return "mixed"
    return None
