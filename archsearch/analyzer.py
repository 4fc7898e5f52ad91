"""The analyzer for any description of a network: a sentence, its graph, or a torch module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archsearch.analysis.profile import Profile, profile
from archsearch.graph.graph import Graph
from archsearch.notation.network import CLASSES, INPUT, Network, parse

if TYPE_CHECKING:
    from torch import nn

    from archsearch.graph.shapes import Shape


def analyze(
    network: str | Network | Graph | nn.Module,
    input_shape: Shape = INPUT,
    classes: int = CLASSES,
    *,
    strict: bool = False,
) -> Profile:
    """Return what a network costs and sees: a sentence as text or value, its graph, or any torch module.

    `input_shape` is channels, then a size for each axis, without the batch; a graph has its own. With `strict` an
    operation that is not known is an error; otherwise it is named and the result is partial.

    Raises NotationError and ShapeError for a sentence, TraceError for a module.

    >>> analyze("conv(8) conv(8, dilation=4) head()").figures["rf"]
    11
    >>> import torch
    >>> analyze(torch.nn.Conv2d(3, 8, 3, dilation=4), (3, 32, 32)).figures["params"]
    224
    """
    if isinstance(network, str):
        network = parse(network)
    if isinstance(network, Network):
        network = network.lower(input_shape, classes)
    if not isinstance(network, Graph):
        from archsearch.pytorch.trace import trace  # noqa: PLC0415

        network = trace(network, input_shape).graph
    return profile(network).complete() if strict else profile(network)
