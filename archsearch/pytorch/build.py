"""A graph as a torch module: a layer for each operation, where the analyzer has figures."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from archsearch.errors import ShapeError, TrainingError
from archsearch.graph.graph import Graph, Node
from archsearch.graph.ops import maps, mixing, moving, norms
from archsearch.graph.ops.functions import ARITHMETIC
from archsearch.graph.ops.operation import Input
from archsearch.pytorch import layers


class GraphModule(nn.Module):
    """Computes a graph: from a batch of images (N, channels, height, width) to the output of the last node.

    A layer with weights is named by the number of its node, so that a state dict fits any module built from a
    graph with the same digest. A node that shares the parameters of an earlier one is computed by the layer of
    that one, and has none of its own.
    """

    def __init__(self, graph: Graph, dropout: float = 0.0) -> None:
        super().__init__()
        self.graph = graph
        self.layers = nn.ModuleList(
            _layer(node, graph, dropout) if node.shares is None else nn.Identity() for node in graph.nodes
        )
        self._last_reader = {read: number for number, node in enumerate(graph.nodes) for read in node.inputs}

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of a classifier, or the last map of a feature extractor."""
        alive = {0: images}
        for number, node in enumerate(self.graph.nodes):
            if node.inputs:
                layer = self.layers[number if node.shares is None else node.shares]
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


def build(graph: Graph, dropout: float = 0.0) -> GraphModule:
    """Return a newly initialised module; seed torch first to get the same weights again.

    `dropout` is the probability that a value is dropped after each activation, in training.

    Raises TrainingError for a graph with an operation that has no layer, such as one traced from a module.

    >>> import torch
    >>> from archsearch.notation.network import parse
    >>> module = build(parse("conv(8) head()").lower())
    >>> module(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """
    return GraphModule(graph, dropout)


def _layer(node: Node, graph: Graph, dropout: float) -> nn.Module:
    shapes = graph.shapes_into(node)
    match node.op:
        case Input():
            return nn.Identity()
        case maps.Convolution() as op:
            convolution = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[len(op.kernel) - 1]
            window = (op.kernel, op.stride, op.padding, op.dilation)
            return convolution(shapes[0][1], op.channels, *window, op.groups, op.bias)  # type: ignore[arg-type]
        case maps.TransposedConvolution() as op:
            transposed = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[len(op.kernel) - 1]
            window = (op.kernel, op.stride, op.padding, op.output_padding)
            more = (op.groups, op.bias, op.dilation)
            return transposed(shapes[0][1], op.channels, *window, *more)  # type: ignore[arg-type]
        case norms.BatchNorm():
            norm = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)[max(0, len(node.shape) - 3)]
            return norm(node.shape[1])
        case norms.LayerNorm():
            return layers.LayerNorm(node.shape[1])
        case norms.Scale():
            return layers.Scale(node.shape[1])
        case mixing.Linear() as op:
            return nn.Linear(shapes[0][-1], op.features, op.bias)
    try:
        node.op.check_buildable(shapes)
    except ShapeError as error:
        remedy = "train the module that the graph was traced from"
        raise TrainingError(error.message, remedy=remedy) from None
    applied = _Applied(_function(node))
    is_activation = isinstance(node.op, mixing.Elementwise) and node.op.function not in ARITHMETIC
    return nn.Sequential(applied, nn.Dropout(dropout)) if is_activation and dropout else applied


def _function(node: Node) -> Callable[..., Tensor]:
    """Return what a node without parameters computes."""
    shape = node.shape
    match node.op:
        case maps.Pool() | maps.AdaptivePool() | maps.GlobalPool():
            return _pooling(node)
        case mixing.Elementwise(function):
            found: Callable[..., Tensor] = getattr(functional, function, None) or getattr(torch, function)
            return found
        case moving.Flatten():
            return lambda first: first.flatten(1)
        case moving.Concatenate(dim):
            return lambda *inputs: torch.cat(inputs, dim)
        case moving.Reshape():
            return lambda first: first.reshape(len(first), *shape[1:])
        case moving.Permute(order):
            return lambda first: first.permute(*order)
        case moving.Take(dim, start, count, 1, False):
            # A view: nothing is copied.
            return lambda first: first.narrow(dim, start, count)
        case moving.Take(dim, start, count, step, _wraps):
            return lambda first: first.index_select(
                dim, (start + step * torch.arange(count, device=first.device)) % first.shape[dim]
            )
        case moving.Pad(amounts, border):
            padded = amounts[1:] if border == "zeros" else amounts[2:]
            flat = [amount for pair in reversed(padded) for amount in pair]
            mode = "constant" if border == "zeros" else border
            return lambda first: functional.pad(first, flat, mode)
        case maps.Resize("nearest" | "nearest-exact" as nearest, size):
            return lambda first: functional.interpolate(first, size, mode=nearest)
        case maps.Resize("linear", size, _ratio, corners):
            linear = ("linear", "bilinear", "trilinear")[len(size) - 1]
            return lambda first: functional.interpolate(first, size, mode=linear, align_corners=corners)
    raise TypeError(node.op)


def _pooling(node: Node) -> Callable[..., Tensor]:
    rank = len(node.shape) - 3
    op = node.op
    if isinstance(op, maps.Pool) and op.mode == "max":
        pool = (functional.max_pool1d, functional.max_pool2d, functional.max_pool3d)[rank]
        return lambda first: pool(first, op.kernel, op.stride, op.padding, op.dilation, op.ceil_mode)
    if isinstance(op, maps.Pool):
        average = (functional.avg_pool1d, functional.avg_pool2d, functional.avg_pool3d)[rank]
        return lambda first: average(first, op.kernel, op.stride, op.padding, op.ceil_mode)
    assert isinstance(op, maps.AdaptivePool | maps.GlobalPool)
    name = f"adaptive_{op.mode}_pool{rank + 1}d"
    return lambda first: getattr(functional, name)(first, node.shape[2:])
