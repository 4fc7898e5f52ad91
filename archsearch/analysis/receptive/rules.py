"""The rule for each operation: what the units of its output see, given what those of its inputs do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from archsearch.analysis.receptive.field import AxisField
from archsearch.analysis.receptive.pattern import ENDLESS
from archsearch.analysis.receptive.tensor import TensorField, concatenated, constant, of_image
from archsearch.graph.graph import Graph, Node
from archsearch.graph.ops import maps, mixing, moving, norms
from archsearch.graph.ops.operation import Constant, Input, Unknown
from archsearch.graph.shapes import Border, Shape
from archsearch.graph.windows import AdaptiveWindow, AnyWindow, Window

if TYPE_CHECKING:
    from archsearch.analysis.receptive.tensor import AnyAxis


def fields(graph: Graph, *, with_sets: bool = True) -> tuple[TensorField, ...]:
    """Return what the units of each node see; without sets only their patterns, in a fraction of the time."""
    found: list[TensorField] = []
    for node in graph.nodes:
        if isinstance(node.op, Input) and found:
            # Further inputs of a module are nothing of the image.
            found.append(constant(node.shape))
        elif isinstance(node.op, Input):
            fields = None if with_sets else [AxisField(ENDLESS)] * (len(node.shape) - 2)
            found.append(of_image(node.shape, fields))
        else:
            found.append(_after(node, graph.shapes_into(node), [found[number] for number in node.inputs]))
    return tuple(found)


def _after(node: Node, shapes: Sequence[Shape], before: Sequence[TensorField]) -> TensorField:
    """Return the field of a node's output, given the shapes and fields of what it reads."""
    match node.op:
        case maps.Convolution() | maps.TransposedConvolution() as op:
            return _slid(_remixed(before[0], 1, op.channels, op.groups), op.windows(shapes[0]), node.shape)
        case maps.Pool() | maps.AdaptivePool() | maps.Resize() as op:
            return _slid(before[0], op.windows(shapes[0]), node.shape)
        case maps.GlobalPool():
            return before[0].reduced(range(2, len(node.shape)), keep=True)
        case _:
            return _combined(node, before)


def _combined(node: Node, before: Sequence[TensorField]) -> TensorField:
    """Return the field after an operation that slides no window over a map."""
    first = before[0] if before else constant(node.shape)
    match node.op:
        case mixing.Linear() as op:
            return _remixed(first, len(node.shape) - 1, op.features)
        case mixing.Elementwise():
            return _all_joined(before)
        case norms.BatchNorm() | norms.Scale():
            return first
        case norms.LayerNorm():
            return first.joined(first.reduced([1], keep=True))
        case mixing.Normalize() as op:
            seen = first.joined(first.reduced(op.dims, keep=True))
            return replace(seen, bound=True) if op.groups > 1 and first.carried(1) else seen
        case moving.Concatenate() as op:
            return concatenated(before, op.dim)
        case mixing.Contract() as op:
            return _contracted(op, *before)
        case mixing.Attention() as op:
            seen = _attended(*before, features=node.shape[-1])
            return replace(seen, bound=True) if op.masked else seen
        case Unknown():
            everything = _all_joined([field.reduced(range(len(field.shape)), keep=False) for field in before])
            return replace(everything.broadcast(node.shape), bound=True)
        case _:
            return _moved(node, first)


def _moved(node: Node, field: TensorField) -> TensorField:
    """Return the field after an operation that only moves elements about, or reduces dims."""
    match node.op:
        case mixing.Reduce() as op:
            return field.reduced(op.dims, keep=op.keep)
        case moving.Flatten() | moving.Reshape():
            return field.reshaped(node.shape)
        case moving.Permute() as op:
            return field.permuted(op.order)
        case moving.Expand():
            return field.broadcast(node.shape)
        case moving.Take() as op:
            border: Border = "circular" if op.wraps else "zeros"
            return field.through(op.dim, Window(1, op.step, -op.start, border=border), op.count)
        case moving.Pad() as op:
            for dim, (before, _after) in enumerate(op.amounts):
                field = field.through(dim, Window(1, padding=before, border=op.border), node.shape[dim])
            return field
        case Constant():
            return constant(node.shape)
    raise TypeError(node.op)


def _slid(field: TensorField, windows: Sequence[AnyWindow], shape: Shape) -> TensorField:
    """Return the field after a window along each axis of a map; a cell of the whole axis is a global operation."""
    for dim, window in enumerate(windows, start=2):
        if isinstance(window, AdaptiveWindow) and window.size == 1:
            field = field.reduced([dim], keep=True)
        else:
            field = field.through(dim, window, shape[dim])
    return field


def _remixed(field: TensorField, dim: int, size: int, groups: int = 1) -> TensorField:
    """Return the field where each index of a dim, such as a channel, is computed from all of it, or its group."""
    carries = bool(field.carried(dim))
    if not carries and not field.uneven:
        return field.resized(dim, size)
    mixed = field.reduced([dim], keep=True)
    if groups > 1:
        mixed = replace(mixed, uneven=field.uneven, bound=mixed.bound or carries)
    return mixed.resized(dim, size)


def _all_joined(before: Sequence[TensorField]) -> TensorField:
    field = before[0]
    for other in before[1:]:
        field = field.joined(other)
    return field


def _contracted(op: mixing.Contract, first: TensorField, second: TensorField) -> TensorField:
    """Return the field of sums of products.

    The units of a table of all pairs (queries by keys) see both. What all keys see together is taken in place of
    what each one sees: an upper bound, until the table is summed over its keys.
    """
    own = [n for n, letter in enumerate(op.second) if letter in op.result and letter not in op.first]
    ours = [n for n, letter in enumerate(op.first) if letter in op.result and letter not in op.second]
    both = any(second.carried(dim) for dim in own) and any(first.carried(dim) for dim in ours)
    if both:
        sizes = second.shape
        second = replace(second.reduced(own, keep=True), bound=True)
        for dim in own:
            second = second.resized(dim, sizes[dim])
    return _beside(_arranged(first, op.first, op.result), _arranged(second, op.second, op.result))


def _arranged(field: TensorField, letters: str, result: str) -> TensorField:
    """Sum over the letters that the result lacks; put the others in its order, with size 1 for missing ones."""
    gone = [n for n, letter in enumerate(letters) if letter not in result]
    kept = [letter for letter in letters if letter in result]
    field = field.reduced(gone, keep=False)
    field = field.permuted([kept.index(letter) for letter in result if letter in kept])
    sizes = iter(field.shape)
    return field.reshaped([next(sizes) if letter in kept else 1 for letter in result])


def _attended(query: TensorField, key: TensorField, value: TensorField, *, features: int) -> TensorField:
    """Return the field of attention: each query sees itself, and all keys and values beside it."""
    rank = len(query.shape)
    seen = [part.reduced([rank - 1], keep=True) for part in (query, key, value)]
    return _beside(seen[0], seen[1].joined(seen[2]).reduced([rank - 2], keep=True)).resized(rank - 1, features)


def _beside(asked: TensorField, others: TensorField) -> TensorField:
    """Return the field of what asks, such as queries, joined with all that it reads.

    Where these span a whole axis, no path without a global operation is left along it.
    """
    if asked.axes and others.axes:
        pairs = zip(asked.axes, others.axes, strict=True)
        asked = replace(asked, axes=tuple(_passed(one, other) for one, other in pairs))
    return asked.joined(others)


def _passed(asked: AnyAxis, others: AnyAxis) -> AnyAxis:
    if others.field.pattern is not None:
        return asked
    field = asked.field
    none = None if field.inside is None else (0,) * len(field.inside)
    return replace(asked, field=AxisField(None, none, field.seen))
