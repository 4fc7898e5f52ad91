"""A graph as a torch module: the same fold as the analyzer's, with layers in place of figures."""

from __future__ import annotations

from torch import Tensor, nn

from archsearch.graph import (
    Add,
    BatchNorm,
    Convolution,
    Flatten,
    GlobalPool,
    Graph,
    Input,
    Linear,
    Node,
    Pool,
    Relu,
)


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


class _Add(nn.Module):
    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        return first + second


def build(graph: Graph) -> GraphModule:
    """Return a freshly initialised module; seed torch first to repeat it.

    >>> import torch
    >>> from archsearch.network import parse
    >>> module = build(parse("conv(8) head()").lower())
    >>> module(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """
    return GraphModule(graph)


def _layer(node: Node, graph: Graph) -> nn.Module:
    before = [graph.nodes[number].shape for number in node.inputs]
    match node.op:
        case Input():
            return nn.Identity()
        case Convolution() as op:
            return nn.Conv2d(
                before[0][0], op.channels, op.kernel, op.stride, op.padding, op.dilation, op.groups, op.bias
            )
        case Pool("max") as op:
            return nn.MaxPool2d(op.kernel, op.stride, op.padding)
        case Pool() as op:
            return nn.AvgPool2d(op.kernel, op.stride, op.padding)
        case BatchNorm():
            return nn.BatchNorm2d(node.shape[0])
        case Relu():
            return nn.ReLU()
        case Add():
            return _Add()
        case GlobalPool("max"):
            return nn.AdaptiveMaxPool2d(1)
        case GlobalPool():
            return nn.AdaptiveAvgPool2d(1)
        case Flatten():
            return nn.Flatten()
        case Linear() as op:
            return nn.Linear(before[0][0], op.features)
