"""What the elements of tensors see that are no maps: tokens, windows, transposed and shuffled maps."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

from examples.console import ROOT

from archsearch.analysis.receptive.field import image
from archsearch.analysis.receptive.pattern import IRREGULAR, Pattern
from archsearch.analysis.receptive.tensor import TensorField, concatenated, constant, of_image
from archsearch.graph.interpolation import Interpolation
from archsearch.graph.windows import Window


def convolved(height: int, width: int) -> TensorField:
    """A map of 2 channels after a 3 x 3 convolution."""
    tensor = of_image((1, 2, height, width))
    return tensor.through(2, Window(3, padding=1), height).through(3, Window(3, padding=1), width)


def test_tokens_and_back_are_the_same_map() -> None:
    image = convolved(4, 6)
    tokens = image.reshaped((1, 2, 24)).permuted((0, 2, 1))
    assert (tokens.is_map, tokens.carried(1)) == (False, [0, 1])
    # Tokens 6 to 11 are the second row, which sees rows 0 to 2.
    assert tokens.along(1, axis=0)[5:13] == (0b11, *[0b111] * 6, 0b1110)
    assert tokens.along(1, axis=1)[5:8] == (0b110000, 0b11, 0b111)
    assert tokens.permuted((0, 2, 1)).reshaped((1, 2, 4, 6)) == image


def test_a_sum_with_the_next_token_is_exact() -> None:
    tokens = of_image((1, 1, 2, 3)).reshaped((1, 1, 6))
    tensor = tokens.joined(tokens.through(2, Window(1, 1, -1, border="circular"), 6)).reshaped((1, 1, 2, 3))
    assert (tensor.bound, tensor.is_map) == (False, False)
    # The last of a row reads the first of the next, and the very last the very first.
    assert (tensor.along(3, axis=0), tensor.along(3, axis=1)) == ((0b11,) * 3, (0b11, 0b110, 0b101))
    assert tensor.through(3, Window(1), 1).along(2, axis=0) == (0b01, 0b10)


def test_a_map_and_its_transpose_are_exact() -> None:
    image = of_image((1, 1, 3, 3))
    tensor = image.joined(image.permuted((0, 1, 3, 2)))
    assert (tensor.bound, tensor.is_map) == (False, False)
    corner = tensor.through(2, Window(1, 1, -2), 1).through(3, Window(1), 1)
    assert [axis.field.seen for axis in corner.axes] == [(0b101,), (0b101,)]
    assert all(axis.field.pattern is not None for axis in corner.axes)


def test_windows_keep_stride_and_padding() -> None:
    # As in Swin: windows of 2 x 2, each token of which sees all in its window.
    tokens = convolved(6, 4).reshaped((1, 2, 3, 2, 2, 2)).permuted((0, 2, 4, 3, 5, 1)).reshaped((6, 4, 2))
    mixed = tokens.joined(tokens.reduced([1], keep=True))
    tensor = mixed.reshaped((1, 3, 2, 2, 2, 2)).permuted((0, 5, 1, 3, 2, 4)).reshaped((1, 2, 6, 4))
    assert (tensor.is_local_map, tensor.bound) == (True, True)
    pattern = tensor.axes[0].field.pattern
    assert pattern is not None
    assert (pattern.extent, int(pattern.stride), pattern.padding) == (4, 1, 1)
    assert tensor.along(2, axis=0) == (0b111, 0b111, 0b11110, 0b11110, 0b111000, 0b111000)


def test_what_spans_the_map_is_global() -> None:
    tokens = of_image((1, 1, 4, 4)).reshaped((1, 1, 2, 2, 4))
    within, across = tokens.reduced([3], keep=False), tokens.reduced([2], keep=False)
    assert within.is_local_map
    assert not across.is_local_map
    assert across.axes[0].field.seen == (0b0101, 0b1010)


def test_a_pixel_shuffle_is_a_map() -> None:
    tensor = (
        of_image((1, 4, 3, 3)).reshaped((1, 1, 2, 2, 3, 3)).permuted((0, 1, 4, 2, 5, 3)).reshaped((1, 1, 6, 6))
    )
    assert tensor.is_local_map
    pattern = tensor.axes[0].field.pattern
    assert pattern is not None
    assert (pattern.extent, float(pattern.stride), tensor.along(2, axis=0)) == (1, 0.5, (1, 1, 2, 2, 4, 4))


def test_a_class_token_sees_nothing_before_attention() -> None:
    tokens = of_image((1, 8, 2, 2)).reshaped((1, 8, 4)).permuted((0, 2, 1))
    tensor = concatenated([constant((1, 1, 8)), tokens], 1)
    assert tensor.along(1, axis=0) == (0, 0b01, 0b01, 0b10, 0b10)
    assert not tensor.through(1, Window(1), 1).is_local_map


def test_some_of_the_tokens_of_a_padded_map_are_a_bound() -> None:
    padded = of_image((1, 1, 2, 2)).through(2, Window(1, padding=1), 4).through(3, Window(1, padding=1), 4)
    tokens = padded.reshaped((1, 1, 16))
    assert not tokens.reduced([2], keep=True).bound
    # Tokens 2 to 4 see column 1 of the padding above, and row 0 of the padding to the left: nothing at all.
    some = tokens.through(2, Window(1, 1, -2), 3).reduced([2], keep=True)
    assert [axis.field.seen for axis in some.axes] == [(0b01,), (0b10,)]
    assert some.bound


def test_one_token_of_many_is_no_map() -> None:
    tokens = of_image((1, 8, 2, 2)).reshaped((1, 8, 4))
    assert not tokens.through(2, Window(1, 1, -3), 1).is_local_map


def test_units_that_repeat_only_after_very_many_follow_no_pattern() -> None:
    # As of scale factors of 0.713 and 1.317: the second repeats after 713 * 1317 units, which would take minutes.
    once = image(64).after(Interpolation("nearest", 45, Fraction(1_000, 713)), 64, 45)
    twice = once.after(Interpolation("nearest", 59, Fraction(1_000, 1_317)), 45, 59)
    assert (once.pattern and len(once.pattern.phases), twice.pattern) == (713, IRREGULAR)
    assert twice.extent_inside == 1
    # Two that repeat after 257 and 509 units, so that their sum does after 257 * 509.
    one, other = (Pattern(units, ((0, 0b11), *((unit, 1) for unit in range(1, units)))) for units in (257, 509))
    assert (one.joined(other), one.misalignment(other)) == (IRREGULAR, Fraction(0))


def test_numpy_is_loaded_for_tensors_that_are_no_maps_alone() -> None:
    code = """
import sys
from archsearch.analysis.profile import profile
from archsearch.notation.network import parse
from archsearch.analysis.receptive.field import image
from archsearch.analysis.receptive.pattern import IRREGULAR, Pattern
from archsearch.analysis.receptive.tensor import of_image
dict(profile(parse("conv(8) residual(sep(8)) head(pool=max)").lower()).figures)
print("numpy" in sys.modules)
of_image((1, 1, 4, 4)).reshaped((1, 1, 16))
print("numpy" in sys.modules)
"""
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert found.stdout.split() == ["False", "True"]
