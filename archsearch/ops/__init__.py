"""The primitive operations that a network is made of, each with the shape of its output.

Shapes are torch's, for a batch of one image: 1, channels, then a size for each axis of the image. A tuple of sizes
(kernel, stride ...) has one for each axis, so that one operation serves signals, images and volumes.
"""

from __future__ import annotations

from typing import TypeAlias

from archsearch.ops.base import Border, Constant, Input, Operation, Shape, Sizes, Unknown, map_of, shape_text
from archsearch.ops.maps import (
    AdaptivePool,
    BatchNorm,
    Convolution,
    GlobalPool,
    Pool,
    Resize,
    TransposedConvolution,
    windowed,
)
from archsearch.ops.mixing import Attention, Contract, Elementwise, Linear, Normalize, Reduce
from archsearch.ops.moving import Concatenate, Expand, Flatten, Pad, Permute, Reshape, Take

Op: TypeAlias = (
    Input
    | Convolution
    | TransposedConvolution
    | Pool
    | AdaptivePool
    | GlobalPool
    | Resize
    | Pad
    | Take
    | Concatenate
    | Elementwise
    | BatchNorm
    | Normalize
    | Reduce
    | Flatten
    | Reshape
    | Permute
    | Expand
    | Linear
    | Contract
    | Attention
    | Constant
    | Unknown
)

__all__ = [
    "AdaptivePool",
    "Attention",
    "BatchNorm",
    "Border",
    "Concatenate",
    "Constant",
    "Contract",
    "Convolution",
    "Elementwise",
    "Expand",
    "Flatten",
    "GlobalPool",
    "Input",
    "Linear",
    "Normalize",
    "Op",
    "Operation",
    "Pad",
    "Permute",
    "Pool",
    "Reduce",
    "Reshape",
    "Resize",
    "Shape",
    "Sizes",
    "Take",
    "TransposedConvolution",
    "Unknown",
    "map_of",
    "shape_text",
    "windowed",
]
