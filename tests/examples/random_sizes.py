"""What random operations are drawn from: a map's shape, and sizes for each of its axes."""

from __future__ import annotations

import random
from collections.abc import Callable

from torch import Tensor

LARGEST = 14
"""The largest side of a map in a random module."""

Drawn = Callable[[Tensor], Tensor]
Shape = tuple[int, ...]


def each(generator: random.Random, axes: int, low: int, high: int) -> tuple[int, ...]:
    return tuple(generator.randint(low, high) for _ in range(axes))
