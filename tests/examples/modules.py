"""Small torch modules for tests."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from archsearch import analyze
from archsearch.analysis.op_profile import OpProfile


def convolution_class(axes: int) -> Callable[..., nn.Module]:
    return (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1]


class Part(nn.Module):
    """An operation, and the shape of its output."""

    shape: tuple[int, ...]

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, image: Tensor) -> Tensor:
        return self.function(image)


class Branches(nn.Module):
    def __init__(self, one: nn.Module, other: nn.Module, same: nn.Module, sizes: list[int], kind: str) -> None:
        super().__init__()
        self.one, self.other, self.same, self.sizes, self.kind = one, other, same, sizes, kind

    def forward(self, image: Tensor) -> Tensor:
        first, second = self.one(image), self.same(self.other(image))
        for dim, size in enumerate(self.sizes, start=2):
            first, second = first.narrow(dim, 0, size), second.narrow(dim, second.shape[dim] - size, size)
        return first + second if self.kind == "add" else torch.cat([first, second], 1)


class Gate(nn.Module):
    """Squeeze-excitation."""

    def __init__(self, channels: int, axes: int) -> None:
        super().__init__()
        self.mix = convolution_class(axes)(channels, channels, 1)

    def forward(self, image: Tensor) -> Tensor:
        gate: Tensor = self.mix(image.mean(tuple(range(2, image.dim())), keepdim=True))
        return image * torch.sigmoid(gate)


class ChannelLast(nn.Module):
    def __init__(self, channels: int, norm: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels) if norm else nn.Identity()
        self.linear = nn.Linear(channels, channels + 1)

    def forward(self, image: Tensor) -> Tensor:
        mapped: Tensor = self.linear(self.norm(image.movedim(1, -1)))
        return mapped.movedim(-1, 1)


class Tokens(nn.Module):
    """Attention over all tokens, or over those in each window."""

    def __init__(self, channels: int, window: int | None) -> None:
        super().__init__()
        self.window = window
        self.attention = nn.MultiheadAttention(channels, 1, batch_first=True)

    def forward(self, image: Tensor) -> Tensor:
        batch, channels, *sizes = image.shape
        if self.window is None:
            tokens = image.flatten(2).transpose(1, 2)
            return self._attended(tokens).transpose(1, 2).reshape(image.shape)
        height, width = (size // self.window for size in sizes)
        apart = image.reshape(batch, channels, height, self.window, width, self.window).permute(0, 2, 4, 3, 5, 1)
        tokens = apart.reshape(-1, self.window**2, channels)
        return self._attended(tokens).reshape(apart.shape).permute(0, 5, 1, 3, 2, 4).reshape(image.shape)

    def _attended(self, tokens: Tensor) -> Tensor:
        seen: Tensor = self.attention(tokens, tokens, tokens, need_weights=False)[0]
        return seen


class Of(nn.Module):
    """A function and the layers that it calls, as a module."""

    def __init__(self, function: Callable[..., Tensor], *layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.layers = nn.ModuleList(layers)

    def forward(self, image: Tensor) -> Tensor:
        seen: Tensor = self.function(image, *self.layers)
        return seen


def positions(bits: int) -> set[int]:
    return {position for position in range(bits.bit_length()) if bits >> position & 1}


def last(module: nn.Module, *shape: int) -> OpProfile:
    return analyze(module, shape).rows[-1]


def attention(*, weights: bool) -> nn.Module:
    """Self-attention of all positions of a map of 8 channels, with 2 heads."""

    def attended(image: Tensor, layer: nn.Module) -> Tensor:
        tokens = image.flatten(2).transpose(1, 2)
        seen: Tensor = layer(tokens, tokens, tokens, need_weights=weights)[0]
        return seen

    return Of(attended, nn.MultiheadAttention(8, 2, batch_first=True))
