"""Random operations that slide a window over a map, for random modules."""

from __future__ import annotations

import random
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from examples.modules import Of, convolution_class
from examples.random_sizes import LARGEST, Drawn, Shape, each

BORDERS = ("zeros", "reflect", "replicate", "circular")


def _convolution(generator: random.Random, shape: Shape) -> Drawn:
    axes, channels = len(shape) - 2, shape[1]
    groups = generator.choice([1, 1, channels])
    same = generator.random() < 0.2
    return convolution_class(axes)(
        channels,
        groups * generator.randint(1, 2),
        each(generator, axes, 1, 4),
        1 if same else each(generator, axes, 1, 3),
        "same" if same else each(generator, axes, 0, 3),
        each(generator, axes, 1, 3),
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
    size = each(generator, len(shape) - 2, 2, 6)
    pools = {
        "avg": (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
        "max": (nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
    }
    pool: Drawn = pools[generator.choice(["avg", "max"])][len(shape) - 3](size)
    return pool


def _fractional_pool(generator: random.Random, shape: Shape) -> Drawn:
    """Windows at places that are drawn once, or equally far apart whatever is drawn."""
    axes = len(shape) - 2
    kernel, size = each(generator, axes, 1, 3), each(generator, axes, 2, 5)
    if generator.random() < 0.5:
        apart = generator.randint(1, 2)
        size = tuple((side - taps) // apart + 1 for side, taps in zip(shape[2:], kernel, strict=True))
        ends = [apart * (units - 1) + taps for units, taps in zip(size, kernel, strict=True)]
    else:
        ends = list(shape[2:])
    pool = (functional.fractional_max_pool2d, functional.fractional_max_pool3d)[axes - 2]
    places = torch.tensor([[[generator.random() for _ in range(axes)] for _ in range(shape[1])]])

    def pooled(image: Tensor) -> Tensor:
        for dim, end in enumerate(ends, start=2):
            image = image.narrow(dim, 0, end)
        given: Tensor = pool(image, kernel, size, _random_samples=places.to(image.dtype))
        return given

    return pooled


def _max_unpool(generator: random.Random, shape: Shape) -> Drawn:
    axes, kernel = len(shape) - 2, generator.randint(2, 3)
    sizes = (kernel, generator.randint(2, kernel), generator.randint(0, kernel // 2))
    pool = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)[axes - 1](*sizes, return_indices=True)
    unpool = (nn.MaxUnpool1d, nn.MaxUnpool2d, nn.MaxUnpool3d)[axes - 1](*sizes)
    between = convolution_class(axes)(shape[1], shape[1], 1)

    def unpooled(image: Tensor, *layers: nn.Module) -> Tensor:
        seen, indices = layers[0](image)
        given: Tensor = layers[1](layers[2](seen), indices, output_size=image.shape[2:])
        return given

    return Of(unpooled, pool, unpool, between)


def _unfolded(generator: random.Random, shape: Shape) -> Drawn:
    """Windows as columns, and a convolution made of them or the windows summed where they overlap."""
    kernel, dilation = each(generator, 2, 1, 3), each(generator, 2, 1, 2)
    padding, stride = each(generator, 2, 0, 2), each(generator, 2, 1, 3)
    sizes = (kernel, dilation, padding, stride)
    if generator.random() < 0.4:
        return lambda image: functional.fold(functional.unfold(image, *sizes), shape[2:], *sizes)
    ends = zip(shape[2:], *sizes, strict=True)
    units = [(side + 2 * pad - far * (taps - 1) - 1) // step + 1 for side, taps, far, pad, step in ends]
    weights = nn.Linear(shape[1] * kernel[0] * kernel[1], 2)

    def convolved(image: Tensor, weights: nn.Module) -> Tensor:
        columns: Tensor = weights(functional.unfold(image, *sizes).mT).mT
        return columns.reshape(1, 2, *units)

    return Of(convolved, weights)


def _windows(generator: random.Random, shape: Shape) -> Drawn:
    """Windows along one dim, reduced, one place of each, or with the places as channels."""
    dim = generator.randrange(1, len(shape))
    size, step = generator.randint(1, 3), generator.randint(1, 3)
    place = generator.randrange(size)
    ends: list[Callable[[Tensor], Tensor]] = [
        lambda windows: windows.amax(-1),
        lambda windows: windows.mean(-1),
        lambda windows: windows[..., place],
        lambda windows: windows.movedim(-1, 1).flatten(1, 2),
    ]
    end = generator.choice(ends)
    return lambda image: end(image.unfold(dim, size, step))


def _resize(generator: random.Random, shape: Shape) -> Drawn:
    axes = len(shape) - 2
    linear = ("linear", "bilinear", "trilinear")[axes - 1]
    mode = generator.choice(["nearest", "nearest-exact", linear, linear])
    corners = generator.random() < 0.5 if mode == linear else None
    if generator.random() < 0.5:
        scale = generator.choice([0.5, 1.5, 2.0, 3.0])
        return lambda image: functional.interpolate(image, scale_factor=scale, mode=mode, align_corners=corners)
    size = each(generator, axes, 2, LARGEST)
    return lambda image: functional.interpolate(image, size, mode=mode, align_corners=corners)


def _antialiased(generator: random.Random, shape: Shape) -> Drawn:
    mode, corners = generator.choice(["bilinear", "bicubic"]), generator.random() < 0.3
    size = [generator.randint(2, min(side + 2, LARGEST)) for side in shape[2:]]
    return lambda image: functional.interpolate(image, size, mode=mode, align_corners=corners, antialias=True)


WINDOWS: dict[str, Callable[[random.Random, Shape], Drawn]] = {
    "convolution": _convolution,
    "transposed": _transposed,
    "max_pool": _max_pool,
    "avg_pool": _avg_pool,
    "adaptive_pool": _adaptive_pool,
    "fractional_pool": _fractional_pool,
    "max_unpool": _max_unpool,
    "unfolded": _unfolded,
    "windows": _windows,
    "resize": _resize,
    "antialiased": _antialiased,
}
