"""Lowering of operations that pick elements by constant indices, or by windows that slide along a dim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import prod

import torch
from torch import Tensor

from archsearch.graph.ops import folding, maps, moving
from archsearch.graph.shapes import Shape
from archsearch.pytorch.lowering.aten_call import AtenCall, Lowering, NodeNumbers, NotKnownError, each

_MOST_INDICES = 2**16
"""A longer list of indices would take minutes to look through for a pattern."""


def _index_select(at: AtenCall) -> NodeNumbers:
    return _selected(at, at.source, at.dim(), _whole_numbers(at, "index").flatten())


def _take(at: AtenCall) -> NodeNumbers:
    indices, flat = _whole_numbers(at, "index"), prod(at.shape(at.source))
    return _viewed(at, _selected(at, _viewed(at, at.source, (flat,)), 0, indices.flatten() % flat), at.result)


def _gather(at: AtenCall) -> NodeNumbers:
    """Lower gather: along one dim where all others have the same indices there, else together with those."""
    number, index = at.source, _whole_numbers(at, "indices" if "indices" in at.arguments else "index")
    shape = at.shape(number)
    if not shape or at["dim"] is None or index.dim() != len(shape) or not index.numel():
        raise NotKnownError
    dim = at["dim"] % len(shape)
    if at.function == "take_along_dim":
        index = index.expand([-1 if n == dim else size for n, size in enumerate(shape)])
    for other, size in enumerate(index.shape):
        if other != dim:
            number = _selected(at, number, other, torch.arange(size))
    varying = [n for n in range(len(shape)) if n == dim or bool((index != index.narrow(n, 0, 1)).any())]
    for other in reversed([n for n in range(len(shape)) if n not in varying]):
        index = index.select(other, 0)
    sizes = [at.shape(number)[n] for n in varying]
    places = torch.arange(prod(sizes)).reshape(sizes).gather(varying.index(dim), index)
    if len(varying) == 1:
        return _selected(at, number, dim, places)
    rest = [n for n in range(len(shape)) if n not in varying]
    number = _picked_together(at, number, varying, places)
    order = [*rest, *varying]
    return _permuted(at, number, [order.index(n) for n in range(len(shape))])


def _index(at: AtenCall) -> NodeNumbers:
    """Lower indexing with arrays: dim by dim where each array varies along dims of its own, else together."""
    number, shape = at.source, at.shape(at.source)
    arrays = {
        dim: _integers(at, array) % shape[dim] for dim, array in enumerate(at["indices"]) if array is not None
    }
    dims, nothing = list(arrays), torch.zeros((), dtype=torch.long)
    extent = sum(arrays.values(), start=nothing).shape
    rest = [dim for dim in range(len(shape)) if dim not in arrays]
    # torch puts what arrays give where they stand, and first if there is a slice between them.
    in_place = dims == list(range(dims[0], dims[-1] + 1))
    if _vary_apart(list(arrays.values()), len(extent)):
        for dim, array in arrays.items():
            number = _selected(at, number, dim, array.flatten())
        number = number if in_place else _permuted(at, number, [*dims, *rest])
        return _viewed(at, number, at.result)
    steps = [prod(shape[dim] for dim in dims[place + 1 :]) for place in range(len(dims))]
    terms = (array * step for array, step in zip(arrays.values(), steps, strict=True))
    number = _picked_together(at, number, dims, sum(terms, start=nothing))
    first = dims[0] if in_place else 0
    given = range(len(rest), len(rest) + len(extent))
    return _permuted(at, number, [*range(first), *given, *range(first, len(rest))])


def _repeat_interleave(at: AtenCall) -> NodeNumbers:
    """Lower repeat_interleave by a number; along an axis of a map it is interpolation to the nearest."""
    number, dim, times = at.source, at["dim"], at["repeats"]
    if not isinstance(times, int):
        raise NotKnownError
    if dim is None:
        number, dim = _viewed(at, number, (prod(at.shape(number)),)), 0
    shape = at.shape(number)
    dim %= len(shape)
    if dim < 2 or len(shape) > 5:
        return _selected(at, number, dim, torch.arange(shape[dim]).repeat_interleave(times))
    ratios = tuple(Fraction(1, times if axis == dim else 1) for axis in range(2, len(shape)))
    # Exact, where `nearest` would round in single precision.
    return at.add(maps.Resize("nearest-exact", at.result[2:], ratios), number)


def _vary_apart(arrays: Sequence[Tensor], rank: int) -> bool:
    """Whether each of several index arrays varies along later dims of the result than those before it."""
    after = 0
    for array in arrays:
        varying = [rank - array.dim() + dim for dim, size in enumerate(array.shape) if size > 1]
        if varying and varying[0] < after:
            return False
        after = varying[-1] + 1 if varying else after
    return True


def _picked_together(at: AtenCall, number: int, dims: Sequence[int], places: Tensor) -> int:
    """Return the dims that are not listed, then places of the listed ones as one dim, in the shape of `places`."""
    shape = at.shape(number)
    rest = [dim for dim in range(len(shape)) if dim not in dims]
    others = tuple(shape[dim] for dim in rest)
    number = _permuted(at, number, [*rest, *dims])
    number = _viewed(at, number, (*others, prod(shape[dim] for dim in dims)))
    return _viewed(at, _selected(at, number, len(rest), places.flatten()), (*others, *places.shape))


def _selected(at: AtenCall, number: int, dim: int, indices: Tensor) -> int:
    """Return listed indices of a dim; where they are equally far apart, as a slice."""
    listed, size = indices.tolist(), at.shape(number)[dim]
    if not listed or len(listed) > _MOST_INDICES:
        raise NotKnownError
    step = listed[1] - listed[0] if len(listed) > 1 else 1
    if listed == list(range(size)):
        return number
    if step and listed == [listed[0] + step * n for n in range(len(listed))]:
        return at.add(moving.Take(dim, listed[0], len(listed), step), number)
    return at.add(moving.IndexSelect(dim, tuple(listed)), number)


def _embedding(at: AtenCall) -> NodeNumbers:
    """Lower a table of weights that is read by indices: all features see what the index sees."""
    if at.sees_image(at["weight"]):
        raise NotKnownError
    indices = at.tensor(at["indices"])
    return at.add(moving.Expand(at.result), _viewed(at, indices, (*at.shape(indices), 1)))


def _whole_numbers(at: AtenCall, name: str) -> Tensor:
    return _integers(at, at[name])


def _integers(at: AtenCall, argument: object) -> Tensor:
    value = at.value(argument)
    if value.is_floating_point() or value.dtype in {torch.bool, torch.uint8}:
        raise NotKnownError
    return value.long()


def _unfold(at: AtenCall) -> NodeNumbers:
    """Lower Tensor.unfold."""
    return _windows(at, at.source, at.dim("dimension"), at["size"], at["step"])


def _im2col(at: AtenCall) -> NodeNumbers:
    """Lower torch's Unfold: windows along both axes, the places in them as channels."""
    number, rank = at.source, len(at.shape(at.source))
    sizes = zip(*(each(at[name], 2) for name in ("kernel_size", "stride", "padding", "dilation")), strict=True)
    for axis, (kernel, stride, padding, dilation) in enumerate(sizes, start=rank - 2):
        if padding:
            amounts = tuple((padding, padding) if dim == axis else (0, 0) for dim in range(len(at.shape(number))))
            number = at.add(moving.Pad(amounts), number)
        number = _windows(at, number, axis, kernel, stride, dilation)
    order = [*range(rank - 2), rank, rank + 1, rank - 2, rank - 1]
    return _viewed(at, _permuted(at, number, order), at.result)


def _col2im(at: AtenCall) -> NodeNumbers:
    """Lower torch's Fold; windows that lie side by side are only moved."""
    kernel, stride, padding, dilation = (
        each(at[name], 2) for name in ("kernel_size", "stride", "padding", "dilation")
    )
    size = each(at["output_size"], 2)
    shape = at.shape(at.source)
    parts = zip(size, kernel, stride, padding, dilation, strict=True)
    units = tuple((n + 2 * pad - far * (k - 1) - 1) // step + 1 for n, k, step, pad, far in parts)
    batch, channels = (shape[0] if len(shape) == 3 else 1), shape[-2]
    side_by_side = kernel == stride and set(padding) == {0} and set(dilation) == {1}
    if side_by_side and size == tuple(n * k for n, k in zip(units, kernel, strict=True)):
        apart = _viewed(at, at.source, (batch, channels // prod(kernel), *kernel, *units))
        return _viewed(at, _permuted(at, apart, [0, 1, 4, 2, 5, 3]), at.result)
    mapped = _viewed(at, at.source, (batch, channels, *units))
    return _viewed(at, at.add(folding.Fold(kernel, stride, padding, dilation, size), mapped), at.result)


def _windows(at: AtenCall, number: int, dim: int, size: int, step: int, dilation: int = 1) -> int:
    """Return the windows along a dim, their places along a new last dim; side by side, they are only moved."""
    shape = at.shape(number)
    if size != step or dilation > 1:
        return at.add(folding.Unfold(dim, size, step, dilation), number)
    units = shape[dim] // size
    number = _selected(at, number, dim, torch.arange(units * size))
    number = _viewed(at, number, (*shape[:dim], units, size, *shape[dim + 1 :]))
    return _permuted(at, number, [n for n in range(len(shape) + 1) if n != dim + 1] + [dim + 1])


def _viewed(at: AtenCall, number: int, shape: Shape) -> int:
    return number if at.shape(number) == shape else at.add(moving.Reshape(shape), number)


def _permuted(at: AtenCall, number: int, order: Sequence[int]) -> int:
    return number if list(order) == list(range(len(order))) else at.add(moving.Permute(tuple(order)), number)


INDEXING: Mapping[str, Lowering] = {
    "embedding": _embedding,
    "index": _index,
    "index_select": _index_select,
    "gather": _gather,
    "take_along_dim": _gather,
    "take": _take,
    "repeat_interleave": _repeat_interleave,
    "unfold": _unfold,
    "im2col": _im2col,
    "col2im": _col2im,
}
"""The lowering of each operation that picks elements, by torch's name without namespace and overload."""
