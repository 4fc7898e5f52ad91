"""Random operations that move elements, for random modules."""

from __future__ import annotations

import random
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from examples.random_sizes import Drawn, Shape, each


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


def _shuffle(generator: random.Random, shape: Shape) -> Drawn:
    # torch's own does not accept a map whose dims were permuted.
    if generator.random() < 0.5:
        return lambda image: functional.pixel_shuffle(image.contiguous(), 2)
    return lambda image: functional.pixel_unshuffle(image.contiguous(), 2)


def _flattened(_generator: random.Random, shape: Shape) -> Drawn:
    """Flatten to tokens, mix neighbouring tokens, reshape back."""
    return lambda image: (image.flatten(2).roll(1, 2) + image.flatten(2)).reshape(shape)


def _some(generator: random.Random, size: int, sizes: Shape) -> Tensor:
    """Draw a tensor of indices below a size."""
    return torch.tensor(each(generator, torch.Size(sizes).numel(), 0, size - 1)).reshape(sizes)


def _index_select(generator: random.Random, shape: Shape) -> Drawn:
    dim = generator.randrange(1, len(shape))
    index = _some(generator, shape[dim], (generator.randint(2, shape[dim] + 1),))
    return lambda image: image.index_select(dim, index)


def _index(generator: random.Random, shape: Shape) -> Drawn:
    """Places of the axes, drawn for each on its own or for all together."""
    axes = len(shape) - 2
    sizes = each(generator, axes, 2, 4)
    apart = generator.random() < 0.5
    places = []
    for axis, side in enumerate(shape[2:]):
        own = tuple(size if other == axis else 1 for other, size in enumerate(sizes))
        places.append(_some(generator, side, own if apart else sizes))
    index: tuple[slice | Tensor, ...] = (slice(None), slice(None), *places)
    return lambda image: image[index]


def _gather(generator: random.Random, shape: Shape) -> Drawn:
    dim = generator.randrange(1, len(shape))
    sizes = tuple(generator.randint(min(2, size), size) for size in shape[1:])
    index = _some(generator, shape[dim], (1, *sizes))
    return lambda image: image.gather(dim, index)


def _parts(generator: random.Random, shape: Shape) -> Drawn:
    """Several parts along a dim, of which one is left out or all are put in another order."""
    dim = generator.randrange(1, len(shape))
    first = generator.randint(1, shape[dim])
    lengths = [first, *([shape[dim] - first] if first < shape[dim] else [])]
    left = generator.randint(1, len(lengths))
    return lambda image: torch.cat(image.split_with_sizes(lengths, dim)[::-1][:left], dim)


MOVES: dict[str, Callable[[random.Random, Shape], Drawn]] = {
    "pad": _pad,
    "slice": _slice,
    "flip": _flip,
    "roll": _roll,
    "swap": _swap,
    "shuffle": _shuffle,
    "flattened": _flattened,
    "index_select": _index_select,
    "index": _index,
    "gather": _gather,
    "parts": _parts,
}
