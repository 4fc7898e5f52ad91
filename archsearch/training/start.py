"""The network before its first step: seeded weights, and kernels that whiten the images."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import unfold

from archsearch.graph.graph import Graph
from archsearch.pytorch.build import GraphModule, build

_FLATTENING = 5e-4  # of the variances, so that the noise of the weakest directions is not blown up


def seeds(seed: int, epochs: int) -> list[int]:
    """Return the seed of the weights, and one for each epoch: those of a longer training begin alike.

    >>> seeds(7, 8)[:3] == seeds(7, 2)
    True
    """
    found: list[int] = np.random.SeedSequence(seed).generate_state(1 + epochs).tolist()
    return found


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Let torch's random numbers follow from a seed meanwhile, on the CPU and on the device."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


def initialised(graph: Graph, seed: int, dropout: float = 0.0) -> GraphModule:
    """Return a freshly initialised module of a graph, with dropout after each activation."""
    with seeded(seed, torch.device("cpu")):
        return build(graph, dropout)


@torch.no_grad()
def whiten(module: nn.Module, images: Tensor) -> bool:
    """Set kernels of the first convolution to whiten patches of normalised images; return whether it has such.

    Half of its kernels, as far as a patch has so many values, become the strongest directions of the patches, each
    scaled to variance 1; as many are their negatives, of which an activation lets the other half through. The
    bias becomes 0, and kernels left over stay as they are. The first convolution has to read the images, and its
    kernels to fit into them.

    Source of the idea: K. Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU" (arXiv 2404.00498), 3.1.
    """
    first = next((layer for layer in module.modules() if isinstance(layer, nn.Conv2d)), None)
    if first is None or first.groups != 1 or first.in_channels != images.shape[1]:
        return False
    height, width = first.kernel_size
    reach = [dilation * (side - 1) + 1 for dilation, side in zip(first.dilation, first.kernel_size, strict=True)]
    if reach[0] > images.shape[2] or reach[1] > images.shape[3]:
        return False
    patches = unfold(images, (height, width), dilation=first.dilation).transpose(1, 2).flatten(0, 1)
    variances, directions = torch.linalg.eigh(patches.T.cov())
    count = min(first.out_channels // 2, len(variances))
    strongest = (directions / (variances + _FLATTENING).sqrt()).T.flip(0)[:count]
    kernels = torch.cat([strongest, -strongest]).view(2 * count, *first.weight.shape[1:])
    first.weight[: 2 * count] = kernels
    if first.bias is not None:
        first.bias[: 2 * count] = 0
    return True
