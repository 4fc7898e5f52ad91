"""What a network is: primitive operations and their wiring. A file with words of your own imports from here."""

from __future__ import annotations

from archsearch.graph.builder import Builder
from archsearch.graph.graph import Graph
from archsearch.graph.ops.maps import (
    AdaptivePool,
    BatchNorm,
    Convolution,
    GlobalPool,
    Pool,
    Resize,
    TransposedConvolution,
)
from archsearch.graph.ops.mixing import Attention, Contract, Elementwise, Linear, Normalize, Reduce
from archsearch.graph.ops.moving import Concatenate, Expand, Flatten, Pad, Permute, Reshape, Take
from archsearch.graph.ops.operation import Operation

__all__ = [
    "AdaptivePool",
    "Attention",
    "BatchNorm",
    "Builder",
    "Concatenate",
    "Contract",
    "Convolution",
    "Elementwise",
    "Expand",
    "Flatten",
    "GlobalPool",
    "Graph",
    "Linear",
    "Normalize",
    "Operation",
    "Pad",
    "Permute",
    "Pool",
    "Reduce",
    "Reshape",
    "Resize",
    "Take",
    "TransposedConvolution",
]
