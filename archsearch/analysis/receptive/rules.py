"""What each operation does to what the units of a tensor see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from archsearch.analysis.receptive.field import AxisField
from archsearch.analysis.receptive.pattern import ENDLESS
from archsearch.analysis.receptive.tensor import TensorField, concatenated, constant, of_image
from archsearch.graph.graph import Graph, Node
from archsearch.graph.ops.maps import (
    AdaptivePool,
    BatchNorm,
    Convolution,
    GlobalPool,
    Pool,
    Resize,
    TransposedConvolution,
)
from archsearch.graph.ops.mixing import Attention, Contract, Elementwise, Linear, Normalize, Reduce
from archsearch.graph.ops.moving import Concatenate, Expand, Flatten, Pad, Permute, Reshape, Take
from archsearch.graph.ops.operation import Constant, Input, Unknown
from archsearch.graph.shapes import Border, Shape
from archsearch.graph.windows import AdaptiveWindow, AnyWindow, Interpolation, TransposedWindow, Window

if TYPE_CHECKING:
    from archsearch.analysis.receptive.tensor import AnyAxis


def fields(graph: Graph, *, with_sets: bool = True) -> tuple[TensorField, ...]:
    """Return what the units of each node see; without sets only the patterns, in a fraction of the time."""
    found: list[TensorField] = []
    for node in graph.nodes:
        if isinstance(node.op, Input):
            fields = None if with_sets else [AxisField(ENDLESS)] * (len(node.shape) - 2)
            found.append(of_image(node.shape, fields))
        else:
            found.append(_after(node, [found[number] for number in node.inputs]))
    return tuple(found)


def covers(op: Pool, shape: Shape) -> bool:
    """Whether one window of a pool without padding covers the whole of a map: global pooling in disguise."""
    windows = zip(op.kernel, op.padding, shape[2:], strict=True)
    return all(taps == size and pad == 0 for taps, pad, size in windows) and max(op.kernel) > 1


def windows(op: Convolution | Pool) -> list[Window]:
    """Return the window of an operation along each axis."""
    parts = zip(op.kernel, op.stride, op.padding, op.dilation, strict=True)
    return [Window(kernel, stride, padding, dilation) for kernel, stride, padding, dilation in parts]


def _after(node: Node, before: Sequence[TensorField]) -> TensorField:
    """Return the layout of a node's output, given those of what it reads."""
    first = before[0] if before else constant(node.shape)
    match node.op:
        case Convolution() as op:
            return _stepped(_remixed(first, 1, op.channels, op.groups), windows(op), node.shape)
        case TransposedConvolution() as op:
            parts = zip(op.kernel, op.stride, op.padding, op.dilation, strict=True)
            spreads = [
                TransposedWindow(kernel, stride, padding, dilation) for kernel, stride, padding, dilation in parts
            ]
            return _stepped(_remixed(first, 1, op.channels, op.groups), spreads, node.shape)
        case Pool() as op:
            whole = covers(op, first.shape)
            return _global(first) if whole else _stepped(first, windows(op), node.shape)
        case AdaptivePool() as op:
            cells = [AdaptiveWindow(size, units) for size, units in zip(first.shape[2:], op.size, strict=True)]
            return _stepped(first, cells, node.shape)
        case GlobalPool():
            return _global(first)
        case Resize() as op:
            return _stepped(first, [Interpolation(op.mode, ratio, op.corners) for ratio in op.ratio], node.shape)
        case _:
            return _combined(node, before)


def _combined(node: Node, before: Sequence[TensorField]) -> TensorField:
    """Return the layout after an operation that does not step along the axes of a map."""
    first = before[0] if before else constant(node.shape)
    match node.op:
        case Linear() as op:
            return _remixed(first, len(node.shape) - 1, op.features)
        case Elementwise():
            return _all_joined(before)
        case BatchNorm():
            return first
        case Normalize() as op:
            seen = first.joined(first.reduced(op.dims, keep=True))
            return replace(seen, bound=True) if op.groups > 1 and first.carried(1) else seen
        case Concatenate() as op:
            return concatenated(before, op.dim)
        case Contract() as op:
            return _contracted(op, *before)
        case Attention() as op:
            seen = _attended(*before, features=node.shape[-1])
            return replace(seen, bound=True) if op.masked else seen
        case Unknown():
            everything = _all_joined([layout.reduced(range(len(layout.shape)), keep=False) for layout in before])
            return replace(everything.broadcast(node.shape), bound=True)
        case _:
            return _moved(node, first)


def _moved(node: Node, layout: TensorField) -> TensorField:
    """Return the layout after an operation that only moves elements about, or reduces dims."""
    match node.op:
        case Reduce() as op:
            return layout.reduced(op.dims, keep=op.keep)
        case Flatten() | Reshape():
            return layout.reshaped(node.shape)
        case Permute() as op:
            return layout.permuted(op.order)
        case Expand():
            return layout.broadcast(node.shape)
        case Take() as op:
            border: Border = "circular" if op.wraps else "zeros"
            return layout.through(op.dim, Window(1, op.step, -op.start, border=border), op.count)
        case Pad() as op:
            for dim, (before, _after) in enumerate(op.amounts):
                layout = layout.through(dim, Window(1, padding=before, border=op.border), node.shape[dim])
            return layout
        case Constant():
            return constant(node.shape)
    raise TypeError(node.op)


def _stepped(layout: TensorField, steps: Sequence[AnyWindow], shape: Shape) -> TensorField:
    """Return the layout after a step along each axis of a map; a cell of the whole axis is a global operation."""
    for dim, step in enumerate(steps, start=2):
        if isinstance(step, AdaptiveWindow) and step.units == 1:
            layout = layout.reduced([dim], keep=True)
        else:
            layout = layout.through(dim, step, shape[dim])
    return layout


def _global(layout: TensorField) -> TensorField:
    return layout.reduced(range(2, len(layout.shape)), keep=True)


def _remixed(layout: TensorField, dim: int, size: int, groups: int = 1) -> TensorField:
    """Return the layout where a dim, such as the channels, is made anew from all of it, or from groups."""
    carries = bool(layout.carried(dim))
    if not carries and not layout.uneven:
        return layout.resized(dim, size)
    mixed = layout.reduced([dim], keep=True)
    if groups > 1:
        mixed = replace(mixed, uneven=layout.uneven, bound=mixed.bound or carries)
    return mixed.resized(dim, size)


def _all_joined(before: Sequence[TensorField]) -> TensorField:
    layout = before[0]
    for other in before[1:]:
        layout = layout.joined(other)
    return layout


def _contracted(op: Contract, first: TensorField, second: TensorField) -> TensorField:
    """Return the layout of sums of products.

    A table of all pairs (queries by keys) has units that see both. What all keys see together is taken in place
    of what each does, an upper bound until the table is summed over its keys.
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


def _arranged(layout: TensorField, letters: str, result: str) -> TensorField:
    """Sum over the letters that the result lacks; put the others in its order, with size 1 for those missing."""
    gone = [n for n, letter in enumerate(letters) if letter not in result]
    kept = [letter for letter in letters if letter in result]
    layout = layout.reduced(gone, keep=False)
    layout = layout.permuted([kept.index(letter) for letter in result if letter in kept])
    sizes = iter(layout.shape)
    return layout.reshaped([next(sizes) if letter in kept else 1 for letter in result])


def _attended(query: TensorField, key: TensorField, value: TensorField, *, features: int) -> TensorField:
    """Return the layout of attention: each query sees itself, and all keys and values beside it."""
    rank = len(query.shape)
    seen = [part.reduced([rank - 1], keep=True) for part in (query, key, value)]
    return _beside(seen[0], seen[1].joined(seen[2]).reduced([rank - 2], keep=True)).resized(rank - 1, features)


def _beside(asked: TensorField, others: TensorField) -> TensorField:
    """Return the layout of what asks, joined with all that it asks.

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
