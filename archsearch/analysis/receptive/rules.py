"""The rule for each operation: what the units of its output see, given what those of its inputs do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from archsearch.analysis.receptive.field import AxisField, image
from archsearch.analysis.receptive.tensor import TensorField, concatenated, constant, of_image
from archsearch.graph.graph import Graph, Node
from archsearch.graph.ops import folding, maps, mixing, moving, norms, recurrent
from archsearch.graph.ops.operation import Constant, Input, Unknown
from archsearch.graph.shapes import Border, Shape
from archsearch.graph.windows import AdaptiveWindow, AnyWindow, Listed, Window

if TYPE_CHECKING:
    from archsearch.analysis.receptive.tensor import AnyAxis


NOTHING_EARLIER: Mapping[int, TensorField] = MappingProxyType({})


def fields(
    graph: Graph, image: Callable[[int], AxisField] = image, earlier: Mapping[int, TensorField] = NOTHING_EARLIER
) -> tuple[TensorField, ...]:
    """Return what the units of each node see, given what those of an `image` of a length see along one axis.

    With `image_with_spans` in place of sets, it takes less memory, with `image_with_patterns` less time as well.
    `earlier` has what those nodes see that stand for earlier operations, by their numbers.
    """
    found: list[TensorField] = []
    for number, node in enumerate(graph.nodes):
        if number in earlier:
            found.append(earlier[number])
        elif isinstance(node.op, Input) and found:
            # Further inputs of a module are nothing of the image.
            found.append(constant(node.shape))
        elif isinstance(node.op, Input):
            found.append(of_image(node.shape, list(map(image, graph.sides))))
        else:
            found.append(_after(node, graph.shapes_into(node), [found[number] for number in node.inputs]))
    return tuple(found)


def _after(node: Node, shapes: Sequence[Shape], before: Sequence[TensorField]) -> TensorField:
    """Return the field of a node's output, given the shapes and fields of what it reads."""
    match node.op:
        case maps.Convolution() | maps.TransposedConvolution() as op:
            seen = _slid(_remixed(before[0], 1, op.channels, op.groups), op.windows(shapes[0]), node.shape)
            return _with_kernel(seen, before[1]) if len(before) > 1 else seen
        case maps.Pool() | maps.AdaptivePool() | maps.Resize() as op:
            return _slid(before[0], op.windows(shapes[0]), node.shape)
        case folding.FractionalPool() as op:
            seen = _slid(before[0], op.windows(shapes[0]), node.shape)
            return replace(seen, bound=seen.bound or op.is_drawn(shapes[0]))
        case folding.MaxUnpool() as op:
            return _slid(_all_joined(before), op.windows(shapes[0]), node.shape)
        case folding.Fold() as op:
            seen = _slid(_remixed(before[0], 1, node.shape[1]), op.windows(shapes[0]), node.shape)
            return replace(seen, bound=seen.bound or before[0].uneven or bool(before[0].carried(1)))
        case maps.GlobalPool():
            return before[0].reduced(range(2, len(node.shape)), keep=True)
        case _:
            return _combined(node, before)


def _with_kernel(units: TensorField, kernel: TensorField) -> TensorField:
    """Return the field of units that each read all of a kernel, which sees something of the image too.

    It is an upper bound if the elements of the kernel differ, as then the channels do, and if some units read
    padding alone: these may read no kernel.
    """
    seen = kernel.reduced(range(len(kernel.shape)), keep=True)
    differ = kernel.uneven or any(map(kernel.carried, range(len(kernel.shape))))
    blind = not units.axes or any(axis.field.blind for axis in units.axes)
    found = units.joined(seen)
    return replace(found, bound=found.bound or differ or blind)


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
        case recurrent.Recurrent() as op:
            return _stepped(op, before, node.shape)
        case recurrent.LastState() as op:
            batch = first.reduced([op.time, 2], keep=False).reshaped((1, node.shape[1], 1))
            return batch.resized(0, node.shape[0]).resized(2, node.shape[2])
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
        case moving.IndexSelect() as op:
            seen = field.through(op.dim, Listed(op.indices), len(op.indices))
            some = set(op.indices) != {*range(field.shape[op.dim])} and not field.carried(op.dim)
            return replace(seen, bound=seen.bound or (some and field.uneven))
        case folding.Unfold() as op:
            window = Window(op.size, op.step, dilation=op.dilation)
            seen = field.through(op.dim, window, node.shape[op.dim])
            # The places of a window are units of their own, told apart no longer: all see what the window does.
            seen = replace(seen, uneven=seen.uneven or (op.size > 1 and bool(field.carried(op.dim))))
            return seen.reshaped((*seen.shape, 1)).resized(len(seen.shape), op.size)
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


def _stepped(op: recurrent.Recurrent, before: Sequence[TensorField], shape: Shape) -> TensorField:
    """Return the field of a recurrent layer: each step sees itself, all earlier ones and the initial states.

    In two directions, each half of the features sees the steps on one side, and both after the first layer.
    """
    last = len(shape) - 1
    seen = before[0].reduced([last], keep=True)
    for state in before[1:]:
        # A state of a layer has layers, batch and features; that of a cell has no layers.
        batch = state.reduced([last, *([0] if op.time is not None else [])], keep=False)
        seen = seen.joined(batch.reshaped([1 if dim in {op.time, last} else n for dim, n in enumerate(shape)]))
    if op.time is None:
        return seen.resized(last, shape[last])
    whole, steps = seen.reduced([op.time], keep=True), shape[op.time]
    seen = _led_through(seen, whole)
    if op.directions > 1:
        halves = op.layers == 1 and steps > 1 and bool(seen.carried(op.time))
        seen = replace(seen.joined(whole), uneven=seen.uneven or halves)
    else:
        # Each round doubles the number of steps that are seen. Before the first step there is only the first.
        for apart in (2**n for n in range((steps - 1).bit_length())):
            seen = seen.joined(seen.through(op.time, Window(1, padding=apart, border="replicate"), steps))
    return seen.resized(last, shape[last])


def _beside(asked: TensorField, others: TensorField) -> TensorField:
    """Return the field of what asks, such as queries, joined with all that it reads.

    Where these span a whole axis, no path without a global operation is left along it.
    """
    return _led_through(asked, others).joined(others)


def _led_through(asked: TensorField, others: TensorField) -> TensorField:
    """Return the field of what asks, without a path along those axes that what it reads spans."""
    if not (asked.axes and others.axes):
        return asked
    pairs = zip(asked.axes, others.axes, strict=True)
    return replace(asked, axes=tuple(_passed(one, other) for one, other in pairs))


def _passed(asked: AnyAxis, others: AnyAxis) -> AnyAxis:
    if others.field.pattern is not None:
        return asked
    return replace(asked, field=asked.field.without_local_paths())
