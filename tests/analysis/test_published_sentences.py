"""Published networks as sentences: their parameters to the unit, and what their units see, proven."""

from __future__ import annotations

import pytest

from archsearch import analyze, parse
from archsearch.proof.prove import prove
from archsearch.pytorch.build import build
from archsearch.pytorch.trace import trace

BARE = "norm=none, activation=none"


def tiny_block(channels: int) -> str:
    """Mix four groups of the channels in space, then all channels; what is kept is scaled."""
    groups = f"same, dw(3, {BARE}), dw(7, {BARE}), avgpool(3, stride=1, padding=1) dw(7, dilation=3, {BARE})"
    return f"residual(split({groups}) norm(layer) gated({channels}), scale=skip)"


def tiny(first: int, second: int, blocks: int) -> str:
    down = f"conv({second}, kernel=4, stride=2, padding=1, groups={first // 3}, norm=layer, activation=none)"
    stages = [f"conv({first}, norm=layer, activation=none)", *[tiny_block(first)] * blocks]
    return " ".join([*stages, down, *[tiny_block(second)] * blocks])


def dense(growth: int, layers: int) -> str:
    """DenseNet-BC of Huang et al., "Densely Connected Convolutional Networks" (2017), compression 0.5."""
    words, channels = [f"conv({2 * growth}, bias=off, {BARE})"], 2 * growth
    for number in range(3):
        if number:
            channels //= 2
            words.append(f"norm(batch) relu conv({channels}, kernel=1, bias=off, {BARE}) avgpool(2)")
        bottleneck = f"norm(batch) relu conv({4 * growth}, kernel=1, bias=off, {BARE})"
        words += [f"concat(same, {bottleneck} norm(batch) relu conv({growth}, bias=off, {BARE}))"] * layers
        channels += layers * growth
    return " ".join([*words, "norm(batch) relu"])


# sentence, channels of its input, parameters
PARAMS = [
    # 4 groups of 12: 12 * (9 + 49 + 49) + 3 * 12; norm 2 * 48; gated 3 * 48 * 49; factors 48
    (tiny_block(48), 48, 1_284 + 36 + 96 + 7_056 + 48),
    (tiny_block(80), 80, 2_140 + 60 + 160 + 19_440 + 80),
    # 1,344 + 96, three blocks, 80 * 3 * 16 + 80 + 160, three blocks, 81 * 10
    (f"{tiny(48, 80, 3)} head()", 3, 97_530),
    # three times six layers of 50 * channels + 5,280; transitions; 2 * 132 at the end, 133 * 10
    (f"{dense(12, 6)} head()", 3, 648 + 47_880 + 4_800 + 55_080 + 7_440 + 58_680 + 264 + 1_330),
]


@pytest.mark.parametrize(("sentence", "channels", "params"), PARAMS)
def test_parameters_to_the_unit(sentence: str, channels: int, params: int) -> None:
    graph = parse(sentence).lower((channels, 32, 32))
    assert analyze(graph).figures["params"] == params
    assert sum(one.numel() for one in build(graph).parameters()) == params


# sentence, and its receptive field
FIELDS = [
    # 3, blocks of 2 + 18 more, 3 more, blocks of twice that
    (tiny(48, 80, 3), 3 + 3 * 20 + 3 + 3 * 40),
    # 3, blocks of 6 * 2 times the stride, and pools that see 1 and 2 more
    (dense(12, 6), 3 + 12 + 1 + 24 + 2 + 48),
]


@pytest.mark.parametrize(("sentence", "rf"), FIELDS)
def test_receptive_fields(sentence: str, rf: int) -> None:
    assert analyze(sentence).figures["rf"] == rf


@pytest.mark.parametrize("sentence", [tiny(12, 12, 1), dense(2, 1)])
def test_what_the_units_of_short_ones_see_is_proven(sentence: str) -> None:
    proof = prove(trace(build(parse(sentence).lower((3, 36, 30))), (3, 36, 30)))
    assert (proof.differences, proof.unsure) == ((), ())
