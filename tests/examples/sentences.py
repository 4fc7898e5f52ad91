"""Random sentences for tests: any words, arguments and nesting that fit their input."""

from __future__ import annotations

import random

from archsearch import Network, parse
from archsearch.errors import ArchsearchError

_AROUND = ["", ", norm=none", ", norm=layer", ", activation=none", ", activation=gelu", ", bias=off"]
_SMALL = [
    *("relu", "relu", "same", "norm", "norm(layer)", "act", "act(silu)", "act(gelu)", "se()", "se(reduction=2)"),
    *("gated(6)", "gated(8, hidden=3, activation=sigmoid)", "gated(4, activation=gelu)"),
]
_INSIDE = ["", "relu ", "dw() se() ", "again(same maxpool(1), times=3) ", "residual(relu) "]


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
    kind = generator.choice(["conv", "conv", "sep", "dw", "pool", "small", "residual", "beside"])
    if kind == "small" or (kind in ("residual", "beside") and depth == 2):
        return generator.choice(_SMALL)
    if kind == "residual":
        values = generator.choice(["", ", scale=skip", ", shortcut=pool", ", scale=skip, shortcut=pool"])
        return f"residual({_sentence(generator, generator.randint(1, 3), depth + 1)}{values})"
    if kind == "beside":
        return _branches(generator, depth)
    stride = generator.choice([1, 1, 1, 2, 3])
    if kind == "pool":
        kernel = generator.randint(1, 3)
        padding = generator.randint(0, kernel // 2)
        return f"{generator.choice(['max', 'avg'])}pool({kernel}, stride={stride}, padding={padding})"
    kernel, dilation = generator.randint(1, 5), generator.choice([1, 1, 2, 3])
    even = kernel % 2 == 0
    padding_said = f", padding={generator.randint(0, 3)}" if even or generator.random() < 0.3 else ""
    around = generator.choice(_AROUND)
    special = generator.choice(["", ", groups=2"]) if kind == "conv" else f", multiplier={generator.randint(1, 2)}"
    channels = "" if kind == "dw" else f"{generator.choice([4, 6, 8])}, "
    return (
        f"{kind}({channels}kernel={kernel}, stride={stride}, dilation={dilation}{padding_said}{special}{around})"
    )


def _branches(generator: random.Random, depth: int) -> str:
    """Draw a word that takes sentences which keep the size of the map, or its channels."""
    word, channels = generator.choice(["split", "concat", "again"]), generator.choice([4, 6, 8])
    if word == "again":
        inside = generator.choice(_INSIDE)
        repeated = f"{inside}conv({channels}, kernel=1)"
        return f"conv({channels}) again({repeated}, times={generator.randint(1, 3)})"
    kept = [
        "same",
        "relu same",
        f"conv({channels}, dilation=2)",
        "sep(4, kernel=5)",
        "avgpool(3, stride=1, padding=1)",
    ]
    if depth < 2:
        kept.append(_branches(generator, depth + 1))
    return f"conv({channels}) {word}({', '.join(generator.choice(kept) for _ in range(2))})"
