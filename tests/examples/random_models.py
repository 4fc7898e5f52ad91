"""Random torch modules for tests: any operations that the analyzer knows, in any order, with branches."""

from __future__ import annotations

import random
from collections.abc import Callable

import torch
from torch import Tensor, nn

from examples.modules import Branches, Part, convolution_class
from examples.random_mixtures import MIXTURES
from examples.random_moves import MOVES
from examples.random_sizes import LARGEST, Drawn, Shape
from examples.random_windows import WINDOWS

SMALLEST = 2

DRAWN: dict[str, Callable[[random.Random, Shape], Drawn]] = {**WINDOWS, **MOVES, **MIXTURES}

HIDING = ["fake_quantize", "max_unpool"]
"""Operations that NaNs do not pass through: in a module with one of them, only gradients are compared."""

SIMPLE = 4 * (4 * ["convolution"] + ["transposed", "resize", "max_pool", "pad"] + [*DRAWN])
SIMPLE = [kind for kind in SIMPLE if kind not in HIDING] + HIDING
KINDS = SIMPLE + 16 * ["add", "concatenate"]


class RandomModel(nn.Module):
    """A module of random operations, and the shape of its input.

    Operations that do not fit a map (too small, too large) are skipped, so that every seed gives a module. It
    returns its last map and sometimes an earlier one beside it.
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
        self.returned = {len(self.parts) - 1}
        if self.random.random() < 0.2:
            self.returned.add(self.random.randrange(len(self.parts)))

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        found = []
        for number, part in enumerate(self.parts):
            image = part(image)
            found += [image] if number in self.returned else []
        return tuple(found)

    def _fitting(self, shape: Shape, depth: int) -> Part:
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

    def _branches(self, kind: str, shape: Shape, depth: int) -> Part:
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
