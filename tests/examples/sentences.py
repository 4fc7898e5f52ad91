"""Random sentences for tests: any words, arguments and nesting that fit their input."""

from __future__ import annotations

import random

from archsearch import Network, parse
from archsearch.errors import ArchsearchError


def random_network(seed: int, *sizes: int, head: bool = True) -> Network:
    """Draw a network whose shapes fit images of 3 x size x size, for each size."""
    generator = random.Random(seed)
    while True:
        text = _sentence(generator, generator.randint(1, 6), depth=0) + (" head()" if head else "")
        try:
            network = parse(text)
            for size in sizes:
                network.lower((3, size, size))
        except ArchsearchError:
            continue
        return network


def _sentence(generator: random.Random, words: int, depth: int) -> str:
    return " ".join(_word(generator, depth) for _ in range(words))


def _word(generator: random.Random, depth: int) -> str:
    kind = generator.choice(["conv", "conv", "sep", "pool", "relu", "residual"])
    if kind == "relu" or (kind == "residual" and depth == 2):
        return "relu"
    if kind == "residual":
        return f"residual({_sentence(generator, generator.randint(1, 3), depth + 1)})"
    stride = generator.choice([1, 1, 1, 2, 3])
    if kind == "pool":
        kernel = generator.randint(1, 3)
        padding = generator.randint(0, kernel // 2)
        return f"{generator.choice(['max', 'avg'])}pool({kernel}, stride={stride}, padding={padding})"
    kernel, dilation = generator.randint(1, 5), generator.choice([1, 1, 2, 3])
    even = kernel % 2 == 0
    padding_said = f", padding={generator.randint(0, 3)}" if even or generator.random() < 0.3 else ""
    around = generator.choice(["", ", norm=none", ", activation=none", ", bias=off"])
    special = generator.choice(["", ", groups=2"]) if kind == "conv" else f", multiplier={generator.randint(1, 2)}"
    channels = generator.choice([4, 6, 8])
    return (
        f"{kind}({channels}, kernel={kernel}, stride={stride}, dilation={dilation}{padding_said}{special}{around})"
    )
