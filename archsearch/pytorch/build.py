"""A graph as a torch module: the same fold as the analyzer's, with layers in place of figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from archsearch.errors import TrainingError, suggest
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
from archsearch.graph.ops.mixing import Elementwise, Linear
from archsearch.graph.ops.moving import Concatenate, Flatten, Pad, Permute, Reshape, Take
from archsearch.graph.ops.operation import Input

FUNCTIONS: Mapping[str, Callable[..., Tensor]] = {
    "add": torch.add,
    "mul": torch.mul,
    "relu": functional.relu,
    "relu6": functional.relu6,
    "leaky_relu": functional.leaky_relu,
    "elu": functional.elu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "mish": functional.mish,
    "hardswish": functional.hardswish,
    "hardsigmoid": functional.hardsigmoid,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}
"""The elementwise functions that a word of the notation may lower to."""


class GraphModule(nn.Module):
    """Computes a graph: a batch of images (N, channels, height, width) to the output of its last node.

    Layers that have weights carry the number of their node, so that a state dict fits any module built from a
    graph of the same digest.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.graph = graph
        self.layers = nn.ModuleList(_layer(node, graph) for node in graph.nodes)
        self._last_reader = {read: number for number, node in enumerate(graph.nodes) for read in node.inputs}

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of a classifier, the last map of a feature extractor."""
        alive = {0: images}
        for number, (node, layer) in enumerate(zip(self.graph.nodes, self.layers, strict=True)):
            if node.inputs:
                alive[number] = layer(*(alive[read] for read in node.inputs))
                for read in {read for read in node.inputs if self._last_reader[read] == number}:
                    del alive[read]
        return alive[len(self.graph.nodes) - 1]


class _Applied(nn.Module):
    """A function without parameters as a layer."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.function(*inputs)


def build(graph: Graph) -> GraphModule:
    """Return a freshly initialised module; seed torch first to repeat it.

    >>> import torch
    >>> from archsearch.notation.network import parse
    >>> module = build(parse("conv(8) head()").lower())
    >>> module(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """
    return GraphModule(graph)


def _layer(node: Node, graph: Graph) -> nn.Module:
    shapes = graph.shapes_into(node)
    match node.op:
        case Input():
            return nn.Identity()
        case Convolution() as op:
            convolution = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[len(op.kernel) - 1]
            window = (op.kernel, op.stride, op.padding, op.dilation)
            return convolution(shapes[0][1], op.channels, *window, op.groups, op.bias)  # type: ignore[arg-type]
        case TransposedConvolution() as op:
            transposed = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[len(op.kernel) - 1]
            window = (op.kernel, op.stride, op.padding, op.output_padding)
            more = (op.groups, op.bias, op.dilation)
            return transposed(shapes[0][1], op.channels, *window, *more)  # type: ignore[arg-type]
        case BatchNorm():
            norm = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)[len(node.shape) - 3]
            return norm(node.shape[1])
        case Linear() as op:
            return nn.Linear(shapes[0][-1], op.features, op.bias)
        case _:
            return _Applied(_function(node))


def _function(node: Node) -> Callable[..., Tensor]:
    """Return what a node without parameters computes; raises TrainingError for what no word may lower to."""
    shape = node.shape
    match node.op:
        case Pool() | AdaptivePool() | GlobalPool():
            return _pooling(node)
        case Flatten():
            return lambda first: first.flatten(1)
        case Elementwise(function) if function in FUNCTIONS:
            return FUNCTIONS[function]
        case Elementwise(function):
            message = f"there is no layer for the elementwise function `{function}`"
            raise TrainingError(message, remedy=suggest(function, FUNCTIONS))
        case Concatenate(dim):
            return lambda *inputs: torch.cat(inputs, dim)
        case Reshape():
            return lambda first: first.reshape(len(first), *shape[1:])
        case Permute(order):
            return lambda first: first.permute(*order)
        case Take(dim, start, count, step, _wraps):
            return lambda first: first.index_select(
                dim, (start + step * torch.arange(count, device=first.device)) % first.shape[dim]
            )
        case Pad(amounts, border):
            flat = [amount for pair in reversed(amounts[2:]) for amount in pair]
            padding = "constant" if border == "zeros" else border
            return lambda first: functional.pad(first, flat, padding)
        case Resize("nearest" | "nearest-exact" as nearest, size):
            return lambda first: functional.interpolate(first, size, mode=nearest)
        case Resize("linear", size, _ratio, corners):
            linear = ("linear", "bilinear", "trilinear")[len(size) - 1]
            return lambda first: functional.interpolate(first, size, mode=linear, align_corners=corners)
    raise TrainingError(
        f"`{node.op.kind}` cannot be built from a graph", remedy="train the module that the graph was traced from"
    )


def _pooling(node: Node) -> Callable[..., Tensor]:
    rank = len(node.shape) - 3
    op = node.op
    if isinstance(op, Pool) and op.mode == "max":
        pool = (functional.max_pool1d, functional.max_pool2d, functional.max_pool3d)[rank]
        return lambda first: pool(first, op.kernel, op.stride, op.padding, op.dilation, op.ceil_mode)
    if isinstance(op, Pool):
        average = (functional.avg_pool1d, functional.avg_pool2d, functional.avg_pool3d)[rank]
        return lambda first: average(first, op.kernel, op.stride, op.padding, op.ceil_mode)
    assert isinstance(op, AdaptivePool | GlobalPool)
    name = f"adaptive_{op.mode}_pool{rank + 1}d"
    return lambda first: getattr(functional, name)(first, node.shape[2:])
