"""Random torch modules for tests: any operations that the analyzer knows, in any order, with branches."""

from __future__ import annotations

import random
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from examples.modules import Branches, ChannelLast, Gate, Part, Tokens, convolution_class

LARGEST, SMALLEST = 14, 2
BORDERS = ("zeros", "reflect", "replicate", "circular")


class RandomModel(nn.Module):
    """A module of random operations, and the shape of its input.

    Operations that do not fit a map (too small, too large) are skipped, so that every seed gives a module.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = random.Random(seed)
        self.axes = self.random.choice([1, 2, 2, 2, 2, 3])
        most = {1: 20, 2: 12, 3: 6}[self.axes]
        self.input_shape = (
            self.random.choice([1, 2, 4]),
            *(self.random.randint(3, most) for _ in range(self.axes)),
        )
        self.parts = nn.ModuleList()
        self.chosen: list[str] = []
        shape = (1, *self.input_shape)
        for _ in range(self.random.randint(1, 6)):
            part = self._fitting(shape, depth=0)
            self.parts.append(part)
            shape = part.shape

    def forward(self, image: Tensor) -> Tensor:
        for part in self.parts:
            image = part(image)
        return image

    def _fitting(self, shape: tuple[int, ...], depth: int) -> Part:
        while True:
            kind = self.random.choice(KINDS if depth < 2 else SIMPLE)
            try:
                if kind in {"add", "concatenate"}:
                    part = self._branches(kind, shape, depth)
                else:
                    part = Part(DRAWN[kind](self.random, shape))
                with torch.no_grad():
                    part.shape = tuple(part.eval()(torch.zeros(shape)).shape)
            except (RuntimeError, ValueError, AssertionError, IndexError):
                continue
            sizes = part.shape[2:]
            if (
                len(part.shape) == len(shape)
                and min(part.shape) > 0
                and min(sizes) >= SMALLEST
                and max(sizes) <= LARGEST
                and part.shape[1] <= 16
            ):
                self.chosen.append(kind)
                return part

    def _branches(self, kind: str, shape: tuple[int, ...], depth: int) -> Part:
        chains = []
        for _ in range(2):
            parts, inner = [], shape
            for _ in range(self.random.randint(0, 2)):
                parts.append(self._fitting(inner, depth + 1))
                inner = parts[-1].shape
            chains.append((nn.Sequential(*parts), inner))
        (one, first), (other, second) = chains
        sizes = [min(pair) for pair in zip(first[2:], second[2:], strict=True)]
        same = nn.Identity() if first[1] == second[1] else convolution_class(len(sizes))(second[1], first[1], 1)
        return Part(Branches(one, other, same if kind == "add" else nn.Identity(), sizes, kind))


Drawn = Callable[[Tensor], Tensor]
Shape = tuple[int, ...]


def _each(generator: random.Random, axes: int, low: int, high: int) -> tuple[int, ...]:
    return tuple(generator.randint(low, high) for _ in range(axes))


def _convolution(generator: random.Random, shape: Shape) -> Drawn:
    axes, channels = len(shape) - 2, shape[1]
    groups = generator.choice([1, 1, channels])
    same = generator.random() < 0.2
    return convolution_class(axes)(
        channels,
        groups * generator.randint(1, 2),
        _each(generator, axes, 1, 4),
        1 if same else _each(generator, axes, 1, 3),
        "same" if same else _each(generator, axes, 0, 3),
        _each(generator, axes, 1, 3),
        groups,
        padding_mode="zeros" if same else generator.choice(BORDERS),
    )


def _transposed(generator: random.Random, shape: Shape) -> Drawn:
    axes = len(shape) - 2
    stride, dilation = generator.randint(1, 3), generator.randint(1, 2)
    return (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[axes - 1](
        shape[1],
        generator.randint(1, 3),
        generator.randint(1, 4),
        stride,
        generator.randint(0, 2),
        generator.randint(0, max(stride, dilation) - 1),
        dilation=dilation,
    )


def _max_pool(generator: random.Random, shape: Shape) -> Drawn:
    kernel = generator.randint(1, 4)
    sizes = (kernel, generator.randint(1, 3), generator.randint(0, kernel // 2), generator.randint(1, 2))
    return (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)[len(shape) - 3](*sizes, ceil_mode=generator.random() < 0.5)


def _avg_pool(generator: random.Random, shape: Shape) -> Drawn:
    kernel = generator.randint(1, 4)
    sizes = (kernel, generator.randint(1, 3), generator.randint(0, kernel // 2))
    return (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)[len(shape) - 3](*sizes, ceil_mode=generator.random() < 0.5)


def _adaptive_pool(generator: random.Random, shape: Shape) -> Drawn:
    size = _each(generator, len(shape) - 2, 2, 6)
    pools = {
        "avg": (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
        "max": (nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
    }
    pool: Drawn = pools[generator.choice(["avg", "max"])][len(shape) - 3](size)
    return pool


def _pad(generator: random.Random, shape: Shape) -> Drawn:
    mode = generator.choice(["constant", "reflect", "replicate", "circular"])
    least = -1 if mode == "constant" else 0
    amounts = [generator.randint(least, 2) for _ in range(2 * (len(shape) - 2))]
    return lambda image: functional.pad(image, amounts, mode)


def _slice(generator: random.Random, shape: Shape) -> Drawn:
    dim = generator.randrange(1, len(shape))
    start, step = generator.randint(0, 1), generator.randint(1, 2)
    end = shape[dim] - generator.randint(0, 1)
    return lambda image: image[(slice(None),) * dim + (slice(start, end, step),)]


def _flip(generator: random.Random, shape: Shape) -> Drawn:
    dim = generator.randrange(2, len(shape))
    return lambda image: image.flip(dim)


def _roll(generator: random.Random, shape: Shape) -> Drawn:
    dim, shift = generator.randrange(2, len(shape)), generator.randint(-3, 3)
    return lambda image: image.roll(shift, dim)


def _swap(generator: random.Random, shape: Shape) -> Drawn:
    first, second = generator.randrange(2, len(shape)), generator.randrange(2, len(shape))
    return lambda image: image.transpose(first, second)


def _resize(generator: random.Random, shape: Shape) -> Drawn:
    axes = len(shape) - 2
    linear = ("linear", "bilinear", "trilinear")[axes - 1]
    mode = generator.choice(["nearest", "nearest-exact", linear, linear])
    corners = generator.random() < 0.5 if mode == linear else None
    if generator.random() < 0.5:
        scale = generator.choice([0.5, 1.5, 2.0, 3.0])
        return lambda image: functional.interpolate(image, scale_factor=scale, mode=mode, align_corners=corners)
    size = _each(generator, axes, 2, LARGEST)
    return lambda image: functional.interpolate(image, size, mode=mode, align_corners=corners)


def _shuffle(generator: random.Random, shape: Shape) -> Drawn:
    # torch's own does not accept a map whose dims were permuted.
    if generator.random() < 0.5:
        return lambda image: functional.pixel_shuffle(image.contiguous(), 2)
    return lambda image: functional.pixel_unshuffle(image.contiguous(), 2)


def _norm(generator: random.Random, shape: Shape) -> Drawn:
    axes, channels = len(shape) - 2, shape[1]
    kind = generator.choice(["batch", "batch", "group", "instance"])
    if kind == "group":
        return nn.GroupNorm(1, channels)
    norms = {
        "batch": (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d),
        "instance": (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d),
    }
    norm: Drawn = norms[kind][axes - 1](channels)
    return norm


def _activation(generator: random.Random, _shape: Shape) -> Drawn:
    return generator.choice([nn.ReLU(), nn.SiLU(), nn.Hardswish(), nn.Softmax(1), nn.PReLU()])


def _tokens(generator: random.Random, shape: Shape) -> Drawn:
    windows = [size for size in (2, 3) if all(side % size == 0 for side in shape[2:]) and len(shape) == 4]
    return Tokens(shape[1], generator.choice([None, *windows, *windows]))


def _flattened(_generator: random.Random, shape: Shape) -> Drawn:
    """Flatten to tokens, mix neighbouring tokens, reshape back."""
    return lambda image: (image.flatten(2).roll(1, 2) + image.flatten(2)).reshape(shape)


DRAWN: dict[str, Callable[[random.Random, Shape], Drawn]] = {
    "convolution": _convolution,
    "transposed": _transposed,
    "max_pool": _max_pool,
    "avg_pool": _avg_pool,
    "adaptive_pool": _adaptive_pool,
    "pad": _pad,
    "slice": _slice,
    "flip": _flip,
    "roll": _roll,
    "swap": _swap,
    "resize": _resize,
    "shuffle": _shuffle,
    "norm": _norm,
    "activation": _activation,
    "gate": lambda _generator, shape: Gate(shape[1], len(shape) - 2),
    "channel_last": lambda generator, shape: ChannelLast(shape[1], generator.random() < 0.5),
    "tokens": _tokens,
    "flattened": _flattened,
}
SIMPLE = ["convolution"] * 4 + ["transposed", "resize", "max_pool", "pad"] + list(DRAWN)
KINDS = SIMPLE + ["add"] * 4 + ["concatenate"] * 4
