"""Pooling and its reverse with positive weights."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import prod
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from archsearch.errors import TraceError
from archsearch.proof.arguments import Arguments, TorchFunction, tensors_in
from archsearch.pytorch.program import StepValue, arguments_of, name_of

if TYPE_CHECKING:
    from torch import fx


def window_sums(convolve: TorchFunction, maps: Tensor, kernel: Sequence[int]) -> Tensor:
    """Convolve each channel on its own with a kernel of ones."""
    axes = len(kernel)
    sums: Tensor = convolve(maps.reshape(-1, 1, *maps.shape[-axes:]), maps.new_ones(1, 1, *kernel))
    return sums.reshape(*maps.shape[:-axes], *sums.shape[-axes:])


def max_pool(convolve: TorchFunction, operation: TorchFunction, given: Arguments) -> StepValue:
    """Sum over the windows of a max-pooling."""
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
    sums = window_sums(partial(convolve, stride=stride, dilation=dilation), padded, kernel)
    return (sums, sums) if isinstance(pooled, tuple) else sums


def adaptive_max_pool(average: TorchFunction, _operation: TorchFunction, given: Arguments) -> StepValue:
    """Sum over the cells of an adaptive max-pooling."""
    pooled = average(given["self"], given["output_size"])
    return pooled, pooled


def fractional_max_pool(operation: TorchFunction, given: Arguments) -> StepValue:
    """Sum over the windows as they were drawn, which torch itself is asked for."""
    maps, kernel = given["self"], given["kernel_size"]
    sizes = maps.shape[-len(kernel) :]
    # Where values fall from place to place, the maximum is at the beginning of each window.
    falling = -torch.arange(prod(sizes), dtype=maps.dtype, device=maps.device).reshape(sizes).expand(maps.shape)
    _pooled, begins = operation(falling.contiguous(), kernel, given["output_size"], given["random_samples"])
    places = torch.arange(prod(sizes), device=maps.device).reshape(sizes)[tuple(map(slice, kernel))].flatten()
    flat = maps.flatten(-len(kernel))
    read = begins.flatten(-len(kernel)).unsqueeze(-1) + places
    sums = flat.gather(-1, read.flatten(-2)).unflatten(-1, read.shape[-2:]).sum(-1).reshape(begins.shape)
    return sums, sums


def max_unpool(_operation: TorchFunction, given: Arguments) -> StepValue:
    """Spread each unit over the window that its index was found in: the gradient of a sum over the windows."""
    pooling, units, sizes = given["pooling"], given["self"] + given["indices"], given["output_size"]
    axes, channels = len(pooling["kernel_size"]), units.shape[: -len(sizes)]
    convolve = (torch.conv1d, torch.conv2d, torch.conv3d)[axes - 1]
    # In 1d torch adds an axis of size 1 behind.
    maps = units.new_zeros(*channels, *sizes[:axes], requires_grad=True)
    sums, _same = max_pool(convolve, pooling["operation"], pooling | {"self": maps})
    if sums.numel() != units.numel():
        raise TraceError("the gradients' oracle does not know max_unpool to another size than was pooled")
    (spread,) = torch.autograd.grad(sums, maps, units.reshape(sums.shape), create_graph=True)
    return spread.reshape(*channels, *sizes)


def pooling_of(step: fx.Node) -> Arguments:
    """Return the max-pooling, with its arguments, that the indices of a step come from."""
    indices = step.all_input_nodes[-1]
    while name_of(indices) == "unsqueeze":
        indices = indices.all_input_nodes[0]
    pooling = indices.all_input_nodes[0]
    if name_of(indices) != "getitem" or not name_of(pooling).startswith("max_pool"):
        raise TraceError(f"the gradients' oracle does not know {step.target} with indices of another operation")
    return arguments_of(pooling, pooling.args, pooling.kwargs) | {"operation": pooling.target}
