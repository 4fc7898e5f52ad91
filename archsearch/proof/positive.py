"""Torch's operations made linear with positive weights, so that no gradient is lost to cancellation.

In place of an operation, `positive` computes a tensor of the same shape. Each of its elements is a sum, with
weights above 0, of the elements that the operation's own result depends on there. Values make no difference: a
weight of 0 counts like any other. Two upper bounds: weights computed from the image (of a convolution, a linear
layer, a norm) count for every unit, and what a mask hides from attention counts as seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from archsearch.errors import TraceError
from archsearch.proof.arguments import Arguments, TorchFunction, count_results, tensors_in
from archsearch.proof.operations import (
    ALL_ALONG_DIM,
    AVERAGING,
    ELEMENT_OF_EACH,
    ELEMENT_OF_FIRST,
    FAKE_QUANTIZE,
    MOVING,
    SAME_FOR_EVERY_IMAGE,
    names,
)
from archsearch.proof.pooling import (
    adaptive_max_pool,
    fractional_max_pool,
    max_pool,
    max_unpool,
    pooling_of,
    window_sums,
)
from archsearch.proof.recurrent import cell, recurrent
from archsearch.pytorch.program import StepValue, arguments_of, name_of

if TYPE_CHECKING:
    from torch import fx


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
    given = arguments_of(step, args, kwargs)
    if name.startswith("max_unpool"):
        given["pooling"] = pooling_of(step)
    return _REPLACEMENTS[name](operation, given)


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


def _glu(_operation: TorchFunction, given: Arguments) -> StepValue:
    values, gates = given["self"].chunk(2, given["dim"])
    return values + gates


def _masked(mask: str, operation: TorchFunction, given: Arguments) -> StepValue:
    return _sum(operation, given) if given[mask].requires_grad else operation(**given)


def _picked(index: str, operation: TorchFunction, given: Arguments) -> StepValue:
    if any(tensor.requires_grad for tensor in tensors_in(given[index])):
        raise TraceError(f"{operation} picks elements by values of the image, so it may read any of them")
    return operation(**given)


def _embedding(operation: TorchFunction, given: Arguments) -> StepValue:
    indices, weight = given["indices"], given["weight"]
    if not indices.requires_grad:
        return operation(**given)
    rows = indices[..., None].expand(*indices.shape, weight.shape[1])
    return _for_every_unit(rows, {"indices": indices, "weight": weight})


def _reduced(operation: TorchFunction, given: Arguments) -> StepValue:
    if "other" in given:
        return _sum(operation, given)
    sums = given["self"].sum(given.get("dim"), keepdim=bool(given.get("keepdim")))
    results = count_results(operation)
    return sums if results == 1 else (sums,) * results


def _convolution(operation: TorchFunction, given: Arguments) -> StepValue:
    weight, groups = given["weight"], given["groups"]
    # With equal weights, all channels of a group have one sum.
    channels, transposed = 1 - weight.dim(), "output_padding" in given
    sums = window_sums(
        partial(operation, **{name: given[name] for name in _GEOMETRY if name in given}),
        given["input"].unflatten(channels, (groups, -1)).sum(channels),
        weight.shape[2:],
    )
    copies = weight.shape[1] if transposed else weight.shape[0] // groups
    return _for_every_unit(sums.repeat_interleave(copies, channels), given)


_GEOMETRY = ("stride", "padding", "output_padding", "dilation")


def _for_every_unit(units: Tensor, given: Arguments) -> StepValue:
    """Add to every unit the sums of the other arguments that depend on the image, such as weights."""
    others = tuple(given.values())[1:]
    return sum((tensor.sum() for tensor in tensors_in(others) if tensor.requires_grad), start=units)


def _fake_quantize(operation: TorchFunction, given: Arguments) -> StepValue:
    values = next(iter(given.values()))
    returns = count_results(operation)
    return values if returns == 1 else (values, *(values.new_empty(0) for _ in range(returns - 1)))


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
    return units, *(units.new_empty(0) for _ in range(count_results(operation) - 1))


def _mixed(maps: Tensor, dims: Sequence[int]) -> Tensor:
    return maps + maps.sum(list(dims), keepdim=True)


_REPLACEMENTS: Mapping[str, Callable[[TorchFunction, Arguments], StepValue]] = MappingProxyType(
    dict.fromkeys(ELEMENT_OF_FIRST, _first)
    | dict.fromkeys(ELEMENT_OF_EACH, _sum)
    | dict.fromkeys(ALL_ALONG_DIM, _reduced)
    | dict.fromkeys(names("conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d"), _convolution)
    | dict.fromkeys(names("max_pool1d max_pool1d_with_indices"), partial(max_pool, torch.conv1d))
    | dict.fromkeys(names("max_pool2d max_pool2d_with_indices"), partial(max_pool, torch.conv2d))
    | dict.fromkeys(names("max_pool3d max_pool3d_with_indices"), partial(max_pool, torch.conv3d))
    | dict.fromkeys(names("addmm baddbmm bilinear bmm dot ger inner matmul mm mv outer tensordot vdot"), _product)
    | dict.fromkeys(names("_log_softmax _softmax log_softmax softmax"), _softmax)
    | dict.fromkeys(names("layer_norm rms_norm"), _layer_norm)
    | dict.fromkeys(
        names("""
            _native_batch_norm_legit _native_batch_norm_legit_functional _native_batch_norm_legit_no_training
        """),
        _batch_norm_with_statistics,
    )
    | dict.fromkeys(names("fractional_max_pool2d fractional_max_pool3d"), fractional_max_pool)
    | dict.fromkeys(names("max_unpool2d max_unpool3d"), max_unpool)
    | dict.fromkeys(names("gru lstm rnn_relu rnn_tanh"), recurrent)
    | dict.fromkeys(names("gru_cell lstm_cell rnn_relu_cell rnn_tanh_cell"), cell)
    | dict.fromkeys(FAKE_QUANTIZE, _fake_quantize)
    | {
        "adaptive_max_pool1d": partial(adaptive_max_pool, functional.adaptive_avg_pool1d),
        "adaptive_max_pool2d": partial(adaptive_max_pool, functional.adaptive_avg_pool2d),
        "adaptive_max_pool3d": partial(adaptive_max_pool, functional.adaptive_avg_pool3d),
        "batch_norm": _batch_norm,
        "copy": _copy,
        "einsum": _einsum,
        "embedding": _embedding,
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
        "take": partial(_picked, "index"),
        "take_along_dim": partial(_picked, "indices"),
        "where": partial(_masked, "condition"),
    }
)
"""By the name of an operation, the function that replaces it; it is given the operation and its arguments."""
