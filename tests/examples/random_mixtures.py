"""Random operations that compute elements from others at the same place, or from all along a dim."""

from __future__ import annotations

import random
from collections.abc import Callable

import torch
from torch import Tensor, nn

from examples.modules import ChannelLast, Gate, Of, Tokens
from examples.random_sizes import Drawn, Shape


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


def _product(generator: random.Random, shape: Shape) -> Drawn:
    """A dim times a matrix, in one of several ways to write that."""
    dim = generator.randrange(1, len(shape))
    size = shape[dim]
    weight = torch.rand(size, generator.randint(2, size + 1), generator=_torch(generator))
    letters = "bcxyz"[: len(shape)]
    summed = letters.replace(letters[dim], "k")
    ways: list[Drawn] = [
        lambda image: (image.movedim(dim, -1) @ weight).movedim(-1, dim),
        lambda image: (weight.mT @ image.movedim(dim, -2)).movedim(-2, dim),
        lambda image: torch.tensordot(image, weight, dims=([dim], [0])).movedim(-1, dim),
        lambda image: torch.tensordot(weight, image, dims=([0], [dim])).movedim(0, dim),
        lambda image: torch.einsum(f"{letters},{letters[dim]}k->{summed}", image, weight),
        lambda image: torch.einsum(f"k{letters[dim]},{letters}->{summed}", weight.mT, image),
    ]
    return generator.choice(ways)


def _pairs(generator: random.Random, shape: Shape) -> Drawn:
    """Products of a map with itself: of all pairs of rows, or of a profile of each axis."""
    letters = "bcxyz"[: len(shape)]
    first, second = letters[:-1], letters[:-2] + letters[-1]
    ways: list[Drawn] = [
        lambda image: image.relu() @ image.sigmoid().mT,
        lambda image: image @ image.flip(-1).mT @ image,
        lambda image: torch.einsum(f"{letters},{letters}->{letters}", image, image.roll(1, -1)),
        lambda image: torch.einsum(f"{first},{second}->{letters}", image.amax(-1), image.mean(-2)),
    ]
    return generator.choice(ways)


def _recurrent(generator: random.Random, shape: Shape) -> Drawn:
    """A recurrent layer along the last axis, the other axes as its batch; its last state may gate a 1d map."""
    channels, features = shape[1], generator.randint(1, 3)
    layer = generator.choice([nn.LSTM, nn.GRU, nn.RNN])
    both, layers = generator.random() < 0.3, generator.randint(1, 2)
    if len(shape) == 3 and generator.random() < 0.3:
        cells = layer(channels, channels, batch_first=True)

        def gated(image: Tensor, cells: nn.Module) -> Tensor:
            states = cells(image.mT)[1]
            last: Tensor = states[0] if isinstance(states, tuple) else states
            return image * last.movedim(0, -1)

        return Of(gated, cells)

    def stepped(image: Tensor, cells: nn.Module) -> Tensor:
        rows = image.movedim(1, -1)
        steps: Tensor = cells(rows.flatten(0, -3))[0]
        return steps.reshape(*rows.shape[:-1], -1).movedim(-1, 1)

    return Of(stepped, layer(channels, features, layers, batch_first=True, bidirectional=both))


def _statistics(generator: random.Random, shape: Shape) -> Drawn:
    """An operation with two results, of which both or one are used."""
    # A deviation of a single number is NaN.
    dim = generator.choice([dim for dim, size in enumerate(shape) if size > 1])
    ways: list[Drawn] = [
        lambda image: image - torch.std_mean(image, dim, keepdim=True)[1],
        lambda image: sum(torch.var_mean(image, dim, keepdim=True), start=image),
        lambda image: image - image.max(dim, keepdim=True).values,
    ]
    return generator.choice(ways)


def _fake_quantize(generator: random.Random, shape: Shape) -> Drawn:
    if generator.random() < 0.5:
        return lambda image: torch.fake_quantize_per_tensor_affine(image, 0.1, 0, -128, 127)
    scale, zero = torch.full((shape[1],), 0.1), torch.zeros(shape[1], dtype=torch.int32)
    return lambda image: torch.fake_quantize_per_channel_affine(image, scale.float(), zero, 1, -128, 127)


def _torch(generator: random.Random) -> torch.Generator:
    return torch.Generator().manual_seed(generator.randrange(2**31))


MIXTURES: dict[str, Callable[[random.Random, Shape], Drawn]] = {
    "norm": _norm,
    "activation": _activation,
    "gate": lambda _generator, shape: Gate(shape[1], len(shape) - 2),
    "channel_last": lambda generator, shape: ChannelLast(shape[1], generator.random() < 0.5),
    "tokens": _tokens,
    "product": _product,
    "pairs": _pairs,
    "recurrent": _recurrent,
    "statistics": _statistics,
    "fake_quantize": _fake_quantize,
}
