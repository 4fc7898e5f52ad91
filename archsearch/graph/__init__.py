"""What a network is: primitive operations and their wiring. A file with words of your own imports from here."""

from __future__ import annotations

from archsearch.graph.builder import Builder
from archsearch.graph.graph import Graph
from archsearch.graph.ops.maps import (
    AdaptivePool,
    Convolution,
    GlobalPool,
    Pool,
    Resize,
    TransposedConvolution,
)
from archsearch.graph.ops.mixing import Elementwise, Linear
from archsearch.graph.ops.moving import Concatenate, Flatten, Pad, Permute, Reshape, Take
from archsearch.graph.ops.norms import BatchNorm, LayerNorm, Scale

__all__ = [
    "AdaptivePool",
    "BatchNorm",
    "Builder",
    "Concatenate",
    "Convolution",
    "Elementwise",
    "Flatten",
    "GlobalPool",
    "Graph",
    "LayerNorm",
    "Linear",
    "Pad",
    "Permute",
    "Pool",
    "Reshape",
    "Resize",
    "Scale",
    "Take",
    "TransposedConvolution",
]
