"""The analyzer for any description of a network: a sentence, its graph, or a torch module."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from archsearch.analysis.limits import NO_LIMITS, Limits, Verdict
from archsearch.analysis.limits import check as check_network
from archsearch.analysis.profile import Profile, profile
from archsearch.errors import NotationError, ShapeError, TraceError
from archsearch.graph.graph import Graph
from archsearch.graph.inputs import Inputs
from archsearch.notation.network import CLASSES, INPUT, Network, parse

if TYPE_CHECKING:
    from torch import nn

    from archsearch.graph.inputs import GivenInputs
    from archsearch.graph.shapes import Shape

    Described: TypeAlias = str | Network | Graph | nn.Module


def analyze(
    network: Described,
    input_shape: GivenInputs = INPUT,
    classes: int = CLASSES,
    *,
    strict: bool = False,
    output: str | None = None,
) -> Profile:
    """Return what a network costs and sees: a sentence as text or value, its graph, or any torch module.

    `input_shape` is channels, then a size for each axis, without the batch; a graph has its own. A module with
    several inputs takes a shape for each by name, the image first: `{"image": (3, 32, 32), "step": "scalar:int"}`,
    with a text where it holds whole numbers (`int`, `uint8`, `bool`). `classes` is read for a sentence. With
    `strict` an unknown operation is an error; without, it is named and the result is partial. `output` names the
    output of a module which `rf` is for; without it, that is `out`, else the first.

    Raises NotationError and ShapeError for a sentence, TraceError for a module.

    >>> analyze("conv(8) conv(8, dilation=4) head()").figures["rf"]
    11
    >>> import torch
    >>> analyze(torch.nn.Conv2d(3, 8, 3, dilation=4), (3, 32, 32)).figures["params"]
    224
    """
    found = _found(network, input_shape)
    graph = found if isinstance(found, Graph) else found.lower(_one_shape(input_shape), classes)
    result = profile(graph, output=output)
    return result.complete() if strict else result


def check(
    network: Described,
    limits: str | Limits = NO_LIMITS,
    input_shape: GivenInputs = INPUT,
    classes: int = CLASSES,
    *,
    output: str | None = None,
) -> Verdict:
    """Hold the figures of a network against limits, before any of it is built or trained.

    The network is described as for `analyze`, limits as text or value. A sentence whose shapes do not fit is
    refused, and the verdict says where; an unknown operation of a module is an error. `output` as for `analyze`.

    Raises NotationError for a text that cannot be read and for limits that are none, TraceError for a module.

    >>> print(check("conv(8) head()", "rf > 44, params < 200k"))
    refused
      rf is 3, not > 44
    """
    limits = Limits.of(limits) if isinstance(limits, str) else limits
    if not isinstance(limits, Limits):
        raise NotationError(f"limits are {limits!r}", remedy='give them as a text, as in "rf > 44, params < 200k"')
    found = _found(network, input_shape)
    shape = INPUT if isinstance(found, Graph) else _one_shape(input_shape)
    return check_network(found, limits, shape, classes, output)


def _one_shape(given: GivenInputs) -> Shape:
    """Return the shape that a sentence is for; raises ShapeError for inputs with names, which it has not."""
    inputs = Inputs.of(given)
    if inputs.image.name or inputs.image.dtype != "float":
        raise ShapeError(f"a sentence has one input, without a name; this is {inputs}", remedy="give (3, 32, 32)")
    return inputs.image.shape


def _found(network: Described, input_shape: GivenInputs) -> Network | Graph:
    """Return the sentence that a text is, the graph of a torch module, or the network as it is."""
    if isinstance(network, str):
        return parse(network)
    if isinstance(network, Network | Graph):
        return network
    from torch import nn  # noqa: PLC0415

    from archsearch.pytorch.trace import trace  # noqa: PLC0415

    if not isinstance(network, nn.Module):
        remedy = "give a sentence, a Network, a Graph, or a torch module (an instance, not its class)"
        raise TraceError(f"{network!r} is not a network", remedy=remedy)
    return trace(network, input_shape).graph
