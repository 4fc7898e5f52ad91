"""The receptive field calculator, as a specification: run it with `pytest tests/test_receptive_field.py`.

To hold a network of your own to its figures, add one line to NETWORKS. Each case was worked out by hand: the
receptive field grows by (kernel - 1) * dilation * jump, where jump is the product of the strides *before* the
operation.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from examples.console import ROOT

from archsearch import Network, Profile, analyze, parse
from archsearch.analysis.receptive.field import image
from archsearch.errors import ShapeError
from archsearch.graph.windows import Window
from archsearch.notation.network import read

REFERENCE = ROOT / "search_spaces" / "era_s9.net"

# sentence, then rf, stride and effective padding on its last map
NETWORKS = [
    # one window: the kernel itself
    ("conv(8, kernel=1)", 1, 1, 0),
    ("conv(8)", 3, 1, 1),
    ("conv(8, kernel=5)", 5, 1, 2),
    ("conv(8, kernel=2, padding=0)", 2, 1, 0),
    # 3 + 2 + 2
    ("conv(8) conv(8) conv(8)", 7, 1, 3),
    # padding adds nothing
    ("conv(8, padding=0) conv(8, padding=3)", 5, 1, 3),
    # dilation spreads the taps: 1 + 2 * 4
    ("conv(8, dilation=4)", 9, 1, 4),
    # 1 + 2 * (1 + 2 + 4 + 8)
    ("conv(8) conv(8, dilation=2) conv(8, dilation=4) conv(8, dilation=8)", 31, 1, 15),
    # a stride counts only for what comes after it: 3, then + 2 * 2
    ("conv(8, stride=2)", 3, 2, 1),
    ("conv(8, stride=2) conv(8)", 7, 2, 3),
    ("conv(8, stride=2) conv(8, stride=2) conv(8)", 15, 4, 7),
    # a strided 1 x 1 adds nothing to it, yet what follows jumps: 1, then + 2 * 2
    ("conv(8, kernel=1, stride=2)", 1, 2, 0),
    ("conv(8, kernel=1, stride=2) conv(8)", 5, 2, 2),
    # stride and dilation together: 3, then + 2 * 2 * 2
    ("conv(8, stride=2) conv(8, dilation=2)", 11, 2, 5),
    # pooling windows grow it as convolutions do: 3, then + 1, then + 2 * 2
    ("conv(8) maxpool(2) conv(8)", 8, 2, 3),
    ("conv(8) avgpool(3, stride=2, padding=1) conv(8)", 9, 2, 4),
    # separable: the depthwise part only, the pointwise part is 1 x 1
    ("sep(8)", 3, 1, 1),
    ("sep(8, kernel=5, stride=2, multiplier=2) sep(8, dilation=3)", 17, 2, 8),
    # a residual sees what its body sees; its shortcut sees less
    ("conv(8) residual(conv(8) conv(8))", 7, 1, 3),
    ("conv(8) residual(conv(16, stride=2) conv(16)) conv(16)", 13, 2, 6),
    # a body that does not see the unit's own pixel, which the shortcut adds between the two that it sees
    ("residual(conv(3, kernel=2, dilation=2, padding=1))", 3, 1, 1),
    # activation, norm and the classifier change nothing
    ("conv(8, norm=none, activation=none) relu head(pool=max)", 3, 1, 1),
]


@pytest.mark.parametrize(("sentence", "rf", "stride", "padding"), NETWORKS)
def test_the_last_map_sees(sentence: str, rf: int, stride: int, padding: int) -> None:
    last = profile(sentence).last_map
    assert (last.rf, last.stride, last.padding) == (rf, stride, padding)


def test_the_reference_network_sees_75_pixels_in_twelve_steps() -> None:
    rows = of(read(REFERENCE)).rows
    windows = [row for row in rows if row.op.startswith("convolution") and "1x1" not in row.op]
    assert [row.rf for row in windows] == [3, 5, 7, 11, 15, 19, 27, 35, 51, 59, 67, 75]


def test_a_global_operation_sees_the_whole_image_and_has_no_receptive_field_in_pixels() -> None:
    found = profile("conv(8) head(pool=max)")
    assert found.figures["rf"] == 3
    assert found.first_global is not None
    assert found.first_global.op == "max global pool"
    assert [row.rf for row in found.rows[-3:]] == [None, None, None]


# input, sentence, rf, rf_inside: what a unit sees is cut off at the border, at every operation
INSIDE = [
    ((3, 32, 32), "conv(8)", 3, 3),
    ((3, 2, 2), "conv(8)", 3, 2),
    ((3, 32, 32), "conv(8, dilation=31)", 63, 32),
    # no outer tap ever lands inside: a 1 x 1 in disguise
    ((3, 32, 32), "conv(8, dilation=32)", 65, 1),
    # the outer taps of the second land on the padding of a 4 x 4 map
    ((3, 8, 8), "conv(8, stride=2) conv(8, dilation=4)", 19, 3),
    # 1 x 1 stride 2, then 3: the last of three units sees positions 2 and 4
    ((3, 6, 6), "conv(8, kernel=1, stride=2) conv(8)", 5, 5),
    # the smaller axis decides
    ((3, 4, 32), "conv(8, kernel=7)", 7, 4),
]


@pytest.mark.parametrize(("shape", "sentence", "rf", "inside"), INSIDE)
def test_inside_the_image(shape: tuple[int, int, int], sentence: str, rf: int, inside: int) -> None:
    figures = analyze(sentence, shape).figures
    assert (figures["rf"], figures["rf_inside"]) == (rf, inside)


def test_dilation_leaves_holes_that_a_plain_convolution_after_it_fills() -> None:
    dilated = image(9).after(Window(3, padding=2, dilation=2), 9, 9)
    assert dilated.pattern is not None
    assert (f"{dilated.pattern.phases[0][1]:b}", dilated.pattern.coverage) == ("10101", Fraction(3, 5))
    filled = dilated.after(Window(3, padding=1), 9, 9)
    assert filled.pattern is not None
    assert (f"{filled.pattern.phases[0][1]:b}", filled.pattern.coverage) == ("1111111", Fraction(1))


def test_a_stride_wider_than_the_kernel_leaves_pixels_that_nobody_sees() -> None:
    strided = image(6).after(Window(1, stride=2), 6, 3)
    assert strided.inside == (0b000001, 0b000100, 0b010000)
    assert strided.reached == 0b010101
    last = strided.after(Window(3, padding=1), 3, 3).inside
    assert last is not None
    assert last[-1] == 0b010100


def test_misaligned_branches_join_to_the_hull_of_both() -> None:
    ahead = image(8).after(Window(2, padding=0), 8, 7)
    behind = image(8).after(Window(2, padding=1), 8, 9).after(Window(3), 9, 7)
    joined = ahead.joined(behind).pattern
    assert joined is not None
    assert (-joined.padding, joined.extent) == (-1, 4)


# the last has units that see one pixel each, 2**40 apart
@pytest.mark.parametrize(
    "sentence", ["conv(8, stride=2) " * 25, "conv(8, kernel=1, stride=2) " * 40 + "conv(8)"], ids=["wide", "apart"]
)
def test_a_receptive_field_beyond_all_images_is_refused_not_counted(sentence: str) -> None:
    with pytest.raises(ShapeError, match="more than 1,048,576 are not counted"):
        profile(sentence)


# sentence, dilated, depthwise, maxpool
COUNTED = [
    ("conv(8)", 0, 0, 0),
    ("conv(8, dilation=2)", 1, 0, 0),
    ("conv(8, dilation=2, kernel=1)", 0, 0, 0),
    ("conv(8, dilation=32)", 0, 0, 0),
    ("sep(8, dilation=2)", 1, 1, 0),
    ("sep(8, kernel=1)", 0, 0, 0),
    ("conv(9, groups=3)", 0, 1, 0),
    ("conv(8) conv(8, groups=2)", 0, 0, 0),
    ("maxpool(2) avgpool(2) head(pool=max)", 0, 0, 1),
]


@pytest.mark.parametrize(("sentence", "dilated", "depthwise", "maxpool"), COUNTED)
def test_what_counts_as_dilated_depthwise_and_maxpool(
    sentence: str, dilated: int, depthwise: int, maxpool: int
) -> None:
    figures = profile(sentence).figures
    assert (figures["dilated"], figures["depthwise"], figures["maxpool"]) == (dilated, depthwise, maxpool)


def profile(sentence: str) -> Profile:
    return of(parse(sentence))


def of(network: Network) -> Profile:
    return analyze(network)
