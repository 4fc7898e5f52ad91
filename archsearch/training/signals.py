"""Cheap signals of how accurate a network may become, from the network as it is initialised."""

from __future__ import annotations

import math
from copy import deepcopy
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from archsearch.errors import TrainingError
from archsearch.graph.ops.mixing import Elementwise
from archsearch.graph.shapes import shape_text
from archsearch.pytorch.layers import LayerNorm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archsearch.pytorch.build import GraphModule

_UNITS_AT_ONCE = 1 << 16
"""Units of a map whose codes are compared at a time: little memory, and their sums are exact in float32."""


def signals(module: GraphModule, images: Tensor) -> Mapping[str, float | None]:
    """Return `synflow` and `naswot` of a freshly initialised network, each None where it has no value.

    `images` are N x channels x height x width, normalised as for training. Both are computed on copies, on the
    device where the module lies: weights, statistics of norms, gradients and mode stay as they are, and no random
    number is drawn. Raises TrainingError as `naswot` does.

    >>> from archsearch.notation.network import parse
    >>> from archsearch.pytorch.build import build
    >>> module = build(parse("conv(8, stride=2) head()").lower())
    >>> sorted(signals(module, torch.rand(16, 3, 32, 32)))
    ['naswot', 'synflow']
    """
    return {"synflow": synflow(module), "naswot": naswot(module, images)}


def synflow(module: GraphModule) -> float | None:
    """Return the natural logarithm of the synaptic flow of a network: the sum of `theta * dR/dtheta`.

    R is the sum of the outputs for an image of ones, and theta are all parameters, biases and those of norms
    among them, each replaced by its absolute value. So nothing cancels, a ReLU lets everything through, and the
    flow of a chain of layers without biases is R times their number. Norms compute with the mean 0 and the
    variance 1, as batch norm is initialised. Every layer multiplies the flow, which spans many orders of
    magnitude: hence the logarithm, which has no unit and can be negative. Computed in float64.

    None where the flow is 0, as without parameters, or too large for float64, as with hundreds of wide layers.

    Source: Tanaka et al., Pruning neural networks without any data by iteratively conserving synaptic flow, 2020,
    arXiv 2006.05467.

    >>> from archsearch.notation.network import parse
    >>> from archsearch.pytorch.build import build
    >>> module = build(parse("conv(1, kernel=1, bias=off, norm=none)").lower((1, 1, 1)))
    >>> torch.nn.init.constant_(module.layers[1].weight, -2.0).item()
    -2.0
    >>> round(synflow(module), 4) == round(math.log(2), 4)
    True
    """
    copied = _copy(module).double().eval().requires_grad_()
    _normalise_by_nothing(copied)
    weights = list(copied.parameters())
    if not weights:
        return None
    with torch.no_grad():
        for weight in weights:
            weight.abs_()
    with torch.enable_grad():
        total = copied(weights[0].new_ones((1, *module.graph.input))).sum()
        # Of an operation that nothing reads, the weights have no gradient.
        slopes = torch.autograd.grad(total, weights, allow_unused=True, materialize_grads=True)
    flow = sum(float((weight.detach() * slope).sum()) for weight, slope in zip(weights, slopes, strict=True))
    return math.log(flow) if 0 < flow < math.inf else None


def _normalise_by_nothing(module: nn.Module) -> None:
    """Let norms compute with the mean 0 and the variance 1."""
    for layer in module.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.reset_running_stats()
        if isinstance(layer, LayerNorm):
            # Of normalised channels the sum is the same for every image: nothing would flow.
            layer.register_forward_hook(lambda norm, inputs, _output: norm.affine(inputs[0]))


def naswot(module: GraphModule, images: Tensor) -> float | None:
    """Return the natural logarithm of the determinant of K, where K_ij counts the units in which images agree.

    The units are those of every ReLU; two images agree in one that is above 0 for both or for neither. The
    network tells images apart where K is far from singular. `images` are N x channels x height x width, N at least
    2, normalised as for training; batch norm takes its statistics from them, as in the first step of training. No
    unit. Only values for the same images can be compared. Memory is that of a forward pass.

    None for a network without ReLU, and where K is singular, as with two equal images. Raises TrainingError
    for fewer than two images and for images that the network is not made for.

    Source: Mellor et al., Neural architecture search without training, 2021, arXiv 2006.04647.

    >>> from archsearch.notation.network import parse
    >>> from archsearch.pytorch.build import build
    >>> module = build(parse("relu").lower((1, 1, 2)))
    >>> codes = torch.tensor([[[[1.0, 1.0]]], [[[1.0, -1.0]]]])  # equal in one unit of two: K is 2 1, 1 2
    >>> round(naswot(module, codes), 4) == round(math.log(3), 4)
    True
    """
    _check_images(module, images)
    copied = _copy(module).train()
    agreements = torch.zeros(len(images), len(images), dtype=torch.float64)

    def compare(_layer: nn.Module, _inputs: object, output: Tensor) -> None:
        for codes in torch.split((output > 0).flatten(1), _UNITS_AT_ONCE, dim=1):
            signs = codes.float().mul_(2).sub_(1)
            # The product is the number of units that agree less the number of those that do not.
            agreements.add_((signs @ signs.T).cpu().add_(codes.shape[1]).div_(2))

    for node, layer in zip(module.graph.nodes, copied.layers, strict=True):
        if node.op == Elementwise("relu"):
            layer.register_forward_hook(compare)
    with torch.no_grad():
        copied(images.to(next((weight.device for weight in module.parameters()), images.device)))
    return _log_determinant(agreements)


def _log_determinant(matrix: Tensor) -> float | None:
    """Return that of a symmetric matrix without negative eigenvalues, None where it is singular to rounding."""
    eigenvalues = torch.linalg.eigvalsh(matrix)
    rounding = len(matrix) * torch.finfo(matrix.dtype).eps * eigenvalues[-1]
    return float(eigenvalues.log().sum()) if eigenvalues[0] > rounding else None


def _copy(module: GraphModule) -> GraphModule:
    return deepcopy(module, {id(module.graph): module.graph})


def _check_images(module: GraphModule, images: Tensor) -> None:
    if len(images) < 2:
        raise TrainingError(f"naswot compares images, and is given {len(images)}", remedy="give two or more")
    if images.shape[1:] != module.graph.input:
        expected, found = shape_text(module.graph.input), shape_text(images.shape[1:])
        raise TrainingError(
            f"the network is made for {expected}; the images are {found}",
            remedy="give them as N x channels x height x width, of the network's shape",
        )
