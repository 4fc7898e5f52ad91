"""Layers that torch has not: a norm over the channels of a map, and a factor for each of them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LayerNorm(nn.LayerNorm):
    """torch's layer norm over dim 1, the channels, in place of the last dims.

    >>> LayerNorm(2)(torch.tensor([[[[3.0]], [[1.0]]]])).flatten().round(decimals=3).tolist()
    [1.0, -1.0]
    """

    def forward(self, input: Tensor) -> Tensor:  # torch's name
        # Of a map in channels_last, the moved one is contiguous, and nothing is copied.
        return super().forward(input.movedim(1, -1)).movedim(-1, 1)

    def affine(self, first: Tensor) -> Tensor:
        """Return what the layer gives for channels of mean 0 and variance 1."""
        return torch.addcmul(self.bias, first.movedim(1, -1), self.weight).movedim(-1, 1)


class Scale(nn.Module):
    """Each channel times a factor, in the precision of the map."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, first: Tensor) -> Tensor:
        # With factors in float32, all that follows a map in bfloat16 would be float32.
        factors = self.weight.to(first.dtype)
        return first * factors.view(-1, *[1] * (first.dim() - 2))
