"""Torch's operations made linear with positive weights, so that no gradient is lost to cancellation.

In place of an operation, `positive` computes a tensor of the same shape. Each of its elements is a sum, with
weights above 0, of the elements that the operation's own result depends on there. Values make no difference: a
weight of 0 counts like any other. Two upper bounds: weights computed from the image (of a convolution, a linear
layer, a norm) count for every unit, and what a mask hides from attention counts as seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from archsearch.errors import TraceError
from archsearch.proof.operations import (
    ALL_ALONG_DIM,
    AVERAGING,
    ELEMENT_OF_EACH,
    ELEMENT_OF_FIRST,
    MOVING,
    SAME_FOR_EVERY_IMAGE,
    names,
)
from archsearch.pytorch.program import StepValue, arguments_of, name_of

if TYPE_CHECKING:
    from torch import fx

Arguments: TypeAlias = dict[str, StepValue]
"""The arguments of an operation by torch's names for them, defaults included."""

TorchFunction: TypeAlias = Callable[..., StepValue]


def positive(step: fx.Node, args: tuple[StepValue, ...], kwargs: Mapping[str, StepValue]) -> StepValue:
    """Compute one step of a program with positive weights; tensors that depend on the image require gradients.

    Raises TraceError for an operation on the image that has no replacement.
    """
    operation, name = _operation(step), name_of(step)
    moves = name in SAME_FOR_EVERY_IMAGE | MOVING | AVERAGING
    if moves or not any(tensor.requires_grad for tensor in tensors_in((args, kwargs))):
        return operation(*args, **kwargs)
    if name not in _REPLACEMENTS:
        raise TraceError(f"the gradients' oracle does not know {step.target}")
    return _REPLACEMENTS[name](operation, arguments_of(step, args, kwargs))


def tensors_in(value: StepValue) -> Iterator[Tensor]:
    """Yield all tensors among the arguments or the results of an operation."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from tensors_in(part)
    elif isinstance(value, Mapping):
        yield from tensors_in(tuple(value.values()))


def _operation(step: fx.Node) -> TorchFunction:
    assert callable(step.target)
    return step.target


def _first(_operation: TorchFunction, given: Arguments) -> StepValue:
    return next(iter(given.values()))


def _sum(_operation: TorchFunction, given: Arguments) -> StepValue:
    # A term that does not depend on the image still broadcasts the sum to its shape.
    return sum(term if term.requires_grad else torch.zeros_like(term) for term in tensors_in(given))


def _copy(_operation: TorchFunction, given: Arguments) -> StepValue:
    return given["src"].expand_as(given["self"]).clone()


def _view(operation: TorchFunction, given: Arguments) -> StepValue:
    if "size" not in given:
        raise TraceError(f"the gradients' oracle does not know {operation} to another type")
    # A tensor that is contiguous in the program need not be contiguous here.
    return given["self"].reshape(given["size"])


def _glu(_operation: TorchFunction, given: Arguments) -> StepValue:
    values, gates = given["self"].chunk(2, given["dim"])
    return values + gates


def _masked(mask: str, operation: TorchFunction, given: Arguments) -> StepValue:
    return _sum(operation, given) if given[mask].requires_grad else operation(**given)


def _picked(index: str, operation: TorchFunction, given: Arguments) -> StepValue:
    if any(tensor.requires_grad for tensor in tensors_in(given[index])):
        raise TraceError(f"{operation} picks elements by values of the image, so it may read any of them")
    return operation(**given)


def _reduced(operation: TorchFunction, given: Arguments) -> StepValue:
    if "other" in given:
        return _sum(operation, given)
    sums = given["self"].sum(given.get("dim"), keepdim=bool(given.get("keepdim")))
    results = len(operation._schema.returns)  # type: ignore[attr-defined]
    return sums if results == 1 else (sums,) * results


def _convolution(operation: TorchFunction, given: Arguments) -> StepValue:
    weight, groups = given["weight"], given["groups"]
    # With equal weights, all channels of a group have one sum.
    channels, transposed = 1 - weight.dim(), "output_padding" in given
    sums = _window_sums(
        partial(operation, **{name: given[name] for name in _GEOMETRY if name in given}),
        given["input"].unflatten(channels, (groups, -1)).sum(channels),
        weight.shape[2:],
    )
    copies = weight.shape[1] if transposed else weight.shape[0] // groups
    return _for_every_unit(sums.repeat_interleave(copies, channels), given)


_GEOMETRY = ("stride", "padding", "output_padding", "dilation")


def _window_sums(convolve: TorchFunction, maps: Tensor, kernel: Sequence[int]) -> Tensor:
    """Convolve each channel on its own with a kernel of ones."""
    axes = len(kernel)
    sums: Tensor = convolve(maps.reshape(-1, 1, *maps.shape[-axes:]), maps.new_ones(1, 1, *kernel))
    return sums.reshape(*maps.shape[:-axes], *sums.shape[-axes:])


def _for_every_unit(units: Tensor, given: Arguments) -> StepValue:
    """Add to every unit the sums of the other arguments that depend on the image, such as weights."""
    others = tuple(given.values())[1:]
    return sum((tensor.sum() for tensor in tensors_in(others) if tensor.requires_grad), start=units)


def _max_pool(convolve: TorchFunction, operation: TorchFunction, given: Arguments) -> StepValue:
    maps, kernel, dilation = given["self"], given["kernel_size"], given["dilation"]
    stride, padding = given["stride"] or kernel, given["padding"]
    pooled = operation(maps.detach(), kernel, stride, padding, dilation, given["ceil_mode"])
    axes = len(kernel)
    before, after = maps.shape[-axes:], next(tensors_in(pooled)).shape[-axes:]
    borders: list[int] = []
    for axis in reversed(range(axes)):
        covered = (after[axis] - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1
        borders += [padding[axis], covered - padding[axis] - before[axis]]
    padded = functional.pad(maps, borders)
    sums = _window_sums(partial(convolve, stride=stride, dilation=dilation), padded, kernel)
    return (sums, sums) if isinstance(pooled, tuple) else sums


def _adaptive_max_pool(average: TorchFunction, _operation: TorchFunction, given: Arguments) -> StepValue:
    pooled = average(given["self"], given["output_size"])
    return pooled, pooled


def _linear(_operation: TorchFunction, given: Arguments) -> StepValue:
    maps, weight = given["input"], given["weight"]
    return _for_every_unit(maps.sum(-1, keepdim=True).expand(*maps.shape[:-1], *weight.shape[:-1]), given)


def _product(operation: TorchFunction, given: Arguments) -> StepValue:
    """Sum, over the factors that depend on the image, the product with ones in place of the other factors."""
    ones = {name: torch.ones_like(each) if isinstance(each, Tensor) else each for name, each in given.items()}
    factors = {name: each for name, each in given.items() if isinstance(each, Tensor) and each.requires_grad}
    return sum(operation(**(ones | {name: factor})) for name, factor in factors.items())


def _einsum(operation: TorchFunction, given: Arguments) -> StepValue:
    factors = {str(number): factor for number, factor in enumerate(given["tensors"])}
    return _product(lambda **each: operation(given["equation"], list(each.values())), factors)


def _attention(_operation: TorchFunction, given: Arguments) -> StepValue:
    query, key, value = given["query"], given["key"], given["value"]
    if given["enable_gqa"]:
        heads = query.shape[-3] // key.shape[-3]
        key, value = key.repeat_interleave(heads, -3), value.repeat_interleave(heads, -3)
    reads = query.new_ones(query.shape[-2], key.shape[-2])
    if given["is_causal"]:
        reads = reads.tril()
    units = query.sum(-1, keepdim=True) + reads @ (key.sum(-1, keepdim=True) + value)
    return _for_every_unit(units, {"units": units, "mask": given["attn_mask"]})


def _prelu(_operation: TorchFunction, given: Arguments) -> StepValue:
    return _for_every_unit(given["self"], given)


def _softmax(_operation: TorchFunction, given: Arguments) -> StepValue:
    return _mixed(given["self"], [given["dim"]])


def _layer_norm(_operation: TorchFunction, given: Arguments) -> StepValue:
    return _for_every_unit(_mixed(given["input"], range(-len(given["normalized_shape"]), 0)), given)


def _group_norm(_operation: TorchFunction, given: Arguments) -> StepValue:
    maps = given["input"]
    grouped = maps.reshape(len(maps), given["num_groups"], -1)
    return _for_every_unit(_mixed(grouped, [2]).reshape(maps.shape), given)


def _instance_norm(_operation: TorchFunction, given: Arguments) -> StepValue:
    maps = given["input"]
    return _for_every_unit(_mixed(maps, range(2, maps.dim())) if given["use_input_stats"] else maps, given)


def _batch_norm(_operation: TorchFunction, given: Arguments) -> StepValue:
    maps = given["input"]
    others = [dim for dim in range(maps.dim()) if dim != 1]
    return _for_every_unit(_mixed(maps, others) if given.get("training") else maps, given)


def _batch_norm_with_statistics(operation: TorchFunction, given: Arguments) -> StepValue:
    units = _batch_norm(operation, given)
    # Nothing reads the statistics in eval mode.
    return units, *(units.new_empty(0) for _ in operation._schema.returns[1:])  # type: ignore[attr-defined]


def _mixed(maps: Tensor, dims: Sequence[int]) -> Tensor:
    return maps + maps.sum(list(dims), keepdim=True)


_REPLACEMENTS: Mapping[str, Callable[[TorchFunction, Arguments], StepValue]] = MappingProxyType(
    dict.fromkeys(ELEMENT_OF_FIRST, _first)
    | dict.fromkeys(ELEMENT_OF_EACH, _sum)
    | dict.fromkeys(ALL_ALONG_DIM, _reduced)
    | dict.fromkeys(names("conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d"), _convolution)
    | dict.fromkeys(names("max_pool1d max_pool1d_with_indices"), partial(_max_pool, torch.conv1d))
    | dict.fromkeys(names("max_pool2d max_pool2d_with_indices"), partial(_max_pool, torch.conv2d))
    | dict.fromkeys(names("max_pool3d max_pool3d_with_indices"), partial(_max_pool, torch.conv3d))
    | dict.fromkeys(names("addmm baddbmm bilinear bmm dot matmul mm mv outer"), _product)
    | dict.fromkeys(names("_log_softmax _softmax log_softmax softmax"), _softmax)
    | dict.fromkeys(names("layer_norm rms_norm"), _layer_norm)
    | dict.fromkeys(
        names("""
            _native_batch_norm_legit _native_batch_norm_legit_functional _native_batch_norm_legit_no_training
        """),
        _batch_norm_with_statistics,
    )
    | {
        "_unsafe_view": _view,
        "adaptive_max_pool1d": partial(_adaptive_max_pool, functional.adaptive_avg_pool1d),
        "adaptive_max_pool2d": partial(_adaptive_max_pool, functional.adaptive_avg_pool2d),
        "adaptive_max_pool3d": partial(_adaptive_max_pool, functional.adaptive_avg_pool3d),
        "batch_norm": _batch_norm,
        "copy": _copy,
        "einsum": _einsum,
        "embedding": partial(_picked, "indices"),
        "gather": partial(_picked, "index"),
        "glu": _glu,
        "grid_sampler": partial(_picked, "grid"),
        "group_norm": _group_norm,
        "index": partial(_picked, "indices"),
        "index_put": partial(_picked, "indices"),
        "index_select": partial(_picked, "index"),
        "instance_norm": _instance_norm,
        "linear": _linear,
        "masked_fill": partial(_masked, "mask"),
        "prelu": _prelu,
        "scaled_dot_product_attention": _attention,
        "view": _view,
        "where": partial(_masked, "condition"),
    }
)
"""By the name of an operation, the function that replaces it; it is given the operation and its arguments."""
