"""Lowering of operations that move elements: views, slices, padding, concatenation."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from archsearch.graph.ops import mixing, moving
from archsearch.graph.ops.operation import Constant
from archsearch.graph.shapes import Border
from archsearch.pytorch.lowering.aten_call import AtenCall, Lowering, NodeNumbers, NotKnownError, each

_BORDERS: Mapping[str, Border] = {
    "constant": "zeros",
    "reflect": "reflect",
    "reflection": "reflect",
    "replicate": "replicate",
    "replication": "replicate",
    "circular": "circular",
}


def _same(at: AtenCall) -> NodeNumbers:
    return at.source


def _copy(at: AtenCall) -> NodeNumbers:
    return at.add(moving.Expand(at.result), at.tensor(at["src"]))


def _fill(at: AtenCall) -> NodeNumbers:
    if at.sees_image(at["value"]):
        return at.add(moving.Expand(at.result), at.tensor(at["value"]))
    return at.add(Constant(at.result))


def _reshape(at: AtenCall) -> NodeNumbers:
    return at.add(moving.Reshape(at.result), at.source)


def _expand(at: AtenCall) -> NodeNumbers:
    return at.add(moving.Expand(at.result), at.source)


def _permute(at: AtenCall) -> NodeNumbers:
    return at.add(moving.Permute(at.dims("dims")), at.source)


def _transpose(at: AtenCall) -> NodeNumbers:
    order = list(range(len(at.shape(at.source))))
    if len(order) < 2:
        return at.source
    first, second = [value for name, value in at.arguments.items() if name != "self"] or (0, 1)
    order[first], order[second] = order[second], order[first]
    return at.add(moving.Permute(tuple(order)), at.source)


def _move_dims(at: AtenCall) -> NodeNumbers:
    sources, targets = at.dims("source"), at.dims("destination")
    rest = iter(dim for dim in range(len(at.result)) if dim not in sources)
    moved = dict(zip(targets, sources, strict=True))
    order = tuple(moved[dim] if dim in moved else next(rest) for dim in range(len(at.result)))
    return at.add(moving.Permute(order), at.source)


def _slice(at: AtenCall) -> NodeNumbers:
    dim = at.dim()
    size = at.shape(at.source)[dim]
    indices = range(size)[slice(at["start"], at["end"], at["step"])]
    return at.add(moving.Take(dim, indices.start, len(indices), indices.step), at.source)


def _narrow(at: AtenCall) -> NodeNumbers:
    dim = at.dim()
    return at.add(moving.Take(dim, at["start"] % at.shape(at.source)[dim], at["length"]), at.source)


def _select(at: AtenCall) -> NodeNumbers:
    dim = at.dim()
    return at.add(
        moving.Reshape(at.result), at.add(moving.Take(dim, at["index"] % at.shape(at.source)[dim], 1), at.source)
    )


def _parts(at: AtenCall, dim: int, lengths: list[int]) -> tuple[int, ...]:
    starts = [sum(lengths[:number]) for number in range(len(lengths))]
    pairs = zip(starts, lengths, strict=True)
    return tuple(at.add(moving.Take(dim, start, length), at.source) for start, length in pairs)


def _split(at: AtenCall) -> NodeNumbers:
    dim = at.dim()
    size = at.shape(at.source)[dim]
    lengths = next(at[name] for name in ("split_sizes", "split_size", "chunks") if name in at.arguments)
    if at.function == "chunk":
        lengths = -(-size // lengths)
    if isinstance(lengths, int):
        lengths = [min(lengths, size - start) for start in range(0, size, lengths)]
    return _parts(at, dim, list(lengths))


def _unbind(at: AtenCall) -> NodeNumbers:
    dim = at.dim()
    shape = at.shape(at.source)
    parts = _parts(at, dim, [1] * shape[dim])
    return tuple(at.add(moving.Reshape((*shape[:dim], *shape[dim + 1 :])), part) for part in parts)


def _flip(at: AtenCall) -> NodeNumbers:
    number = at.source
    for dim in at.dims("dims") if at["dims"] else ():
        size = at.shape(number)[dim]
        number = at.add(moving.Take(dim, size - 1, size, -1), number)
    return number


def _roll(at: AtenCall) -> NodeNumbers:
    number = at.source
    if not at["dims"]:
        raise NotKnownError
    for shift, dim in zip(each(at["shifts"], 1), at.dims("dims"), strict=True):
        number = at.add(moving.Take(dim, -shift, at.shape(number)[dim], wraps=True), number)
    return number


def _concatenate(at: AtenCall) -> NodeNumbers:
    shapes = {at.shape_of(tensor) for tensor in at["tensors"]}
    numbers = [at.tensor(tensor) for tensor in at["tensors"]]
    dim = at["dim"] % len(at.result)
    if at.function == "stack":
        (shape,) = shapes
        numbers = [at.add(moving.Reshape((*shape[:dim], 1, *shape[dim:])), number) for number in numbers]
    return at.add(moving.Concatenate(dim), *numbers)


def _repeat(at: AtenCall) -> NodeNumbers:
    number, shape = at.source, at.shape(at.source)
    repeats = at["repeats"]
    number = at.add(moving.Reshape((1,) * (len(repeats) - len(shape)) + shape), number)
    for dim, count in enumerate(repeats):
        if count > 1:
            number = at.add(moving.Concatenate(dim), *[number] * count)
    return number


def _broadcast(at: AtenCall) -> NodeNumbers:
    return tuple(at.add(moving.Expand(at.result), at.tensor(tensor)) for tensor in at["tensors"])


def _replaced_slice(at: AtenCall) -> NodeNumbers:
    """Lower slice_scatter."""
    first, dim = at.source, at["dim"] % len(at.result)
    indices = range(at.result[dim])[slice(at["start"], at["end"], at["step"])]
    if indices.step != 1:
        raise NotKnownError
    return _replaced(at, first, dim, indices, at.tensor(at["src"]))


def _replaced_index(at: AtenCall) -> NodeNumbers:
    """Lower select_scatter."""
    first, dim = at.source, at["dim"] % len(at.result)
    index = at["index"] % at.result[dim]
    part = at.add(moving.Reshape((*at.result[:dim], 1, *at.result[dim + 1 :])), at.tensor(at["src"]))
    return _replaced(at, first, dim, range(index, index + 1), part)


def _replaced(at: AtenCall, first: int, dim: int, indices: range, part: int) -> int:
    """Return what is before some indices of a dim, what replaces them, what is after them."""
    parts, size = [part], at.result[dim]
    if indices.start:
        parts.insert(0, at.add(moving.Take(dim, 0, indices.start), first))
    if indices.stop < size:
        parts.append(at.add(moving.Take(dim, indices.stop, size - indices.stop), first))
    return at.add(moving.Concatenate(dim), *parts)


def _pad(at: AtenCall) -> NodeNumbers:
    rank = len(at.shape(at.source))
    flat = at["pad"] if "pad" in at.arguments else at["padding"]
    pairs = [(flat[n], flat[n + 1]) for n in range(0, len(flat), 2)]
    mode = at.arguments.get("mode", at.function.split("_")[0])
    # With negative amounts torch crops first, and then wraps around what is left.
    if mode not in _BORDERS or (mode == "circular" and min(flat) < 0):
        raise NotKnownError
    amounts = ((0, 0),) * (rank - len(pairs)) + tuple(reversed(pairs))
    return at.add(moving.Pad(amounts, _BORDERS[mode]), at.source)


def _pixel_shuffle(at: AtenCall) -> NodeNumbers:
    *batch, channels, height, width = at.shape(at.source)
    factor, rank = at["upscale_factor"], len(batch)
    apart = at.add(moving.Reshape((*batch, channels // factor**2, factor, factor, height, width)), at.source)
    order = (*range(rank + 1), rank + 3, rank + 1, rank + 4, rank + 2)
    return at.add(moving.Reshape(at.result), at.add(moving.Permute(order), apart))


def _pixel_unshuffle(at: AtenCall) -> NodeNumbers:
    *batch, channels, height, width = at.shape(at.source)
    factor, rank = at["downscale_factor"], len(batch)
    apart = at.add(
        moving.Reshape((*batch, channels, height // factor, factor, width // factor, factor)), at.source
    )
    order = (*range(rank + 1), rank + 2, rank + 4, rank + 1, rank + 3)
    return at.add(moving.Reshape(at.result), at.add(moving.Permute(order), apart))


def _channel_shuffle(at: AtenCall) -> NodeNumbers:
    batch, channels, *extent = at.shape(at.source)
    groups = at["groups"]
    apart = at.add(moving.Reshape((batch, groups, channels // groups, prod(extent))), at.source)
    return at.add(moving.Reshape(at.result), at.add(moving.Permute((0, 2, 1, 3)), apart))


def _gated(at: AtenCall) -> NodeNumbers:
    """Lower glu: one half times a function of the other."""
    dim = at["dim"] % len(at.result)
    size = at.result[dim]
    return at.add(mixing.Elementwise("glu"), *_parts(at, dim, [size, size]))


_SAME = (
    "alias", "alpha_dropout", "clone", "contiguous", "detach", "dropout", "feature_dropout", "lift_fresh_copy",
    "_to_copy", "to", "type_as",
)  # fmt: skip
_RESHAPE = ("flatten", "reshape", "squeeze", "unflatten", "_unsafe_view", "unsqueeze", "view")

MOVING: Mapping[str, Lowering] = {
    name: lower
    for names, lower in (
        (_SAME, _same),
        (["copy"], _copy),
        (["fill"], _fill),
        (_RESHAPE, _reshape),
        (["expand"], _expand),
        (["permute"], _permute),
        (["transpose", "t", "swapaxes", "swapdims"], _transpose),
        (["movedim", "moveaxis"], _move_dims),
        (["slice"], _slice),
        (["narrow"], _narrow),
        (["select"], _select),
        (["split", "split_with_sizes", "chunk"], _split),
        (["unbind"], _unbind),
        (["flip"], _flip),
        (["roll"], _roll),
        (["cat", "concat", "stack"], _concatenate),
        (["repeat"], _repeat),
        (["broadcast_tensors"], _broadcast),
        (["slice_scatter"], _replaced_slice),
        (["select_scatter"], _replaced_index),
        (["pad", "constant_pad_nd"], _pad),
        ([f"{mode}_pad{axes}d" for mode in ("reflection", "replication") for axes in (1, 2, 3)], _pad),
        (["pixel_shuffle"], _pixel_shuffle),
        (["pixel_unshuffle"], _pixel_unshuffle),
        (["channel_shuffle"], _channel_shuffle),
        (["glu"], _gated),
    )
    for name in names
}
"""The lowering of each operation that moves elements, by torch's name without namespace and overload."""
