"""The analyzer against what uses none of its formulas: figures worked out by hand, torch's parameters, fvcore."""

from __future__ import annotations

import csv
from collections.abc import Callable
from itertools import islice

import pytest
from examples.console import ROOT
from examples.counted import assert_equal_to_torch_and_fvcore
from examples.modules import Of
from examples.sentences import random_network
from examples.spaces import SPACES
from torch import Tensor, nn

from archsearch import analyze, parse
from archsearch.analysis.figures import FIGURES
from archsearch.cli import main
from archsearch.notation.network import read
from archsearch.space.space import Space

REFERENCE = ROOT / "search_spaces" / "era_s9.net"

# Worked out by hand: sentence, params, macs
COSTS = [
    # 8 * 3 * 9 weights + 8 biases + 2 * 8 of the norm; weights * 32 * 32
    ("conv(8)", 216 + 8 + 16, 216 * 1024),
    ("conv(8, bias=off, norm=none)", 216, 216 * 1024),
    # 6 * 1 * 9 + 6, then 8 * 6 + 8, then 16
    ("sep(8, multiplier=2)", 54 + 6 + 48 + 8 + 16, (54 + 48) * 1024),
    # groups divide the input channels: 9 * 1 * 9 + 9 + 18, on 16 x 16
    ("conv(9, groups=3, stride=2)", 81 + 9 + 18, 81 * 256),
    # the shortcut: 8 * 3 + 8, on 16 x 16
    ("residual(conv(8, stride=2))", 240 + 24 + 8, 216 * 256 + 24 * 256),
    ("residual(conv(3))", 81 + 3 + 6, 81 * 1024),
    # 10 * 3 + 10
    ("head()", 40, 30),
    ("maxpool(2) avgpool(2) relu", 0, 0),
]


@pytest.mark.parametrize(("sentence", "params", "macs"), COSTS)
def test_costs_worked_out_by_hand(sentence: str, params: int, macs: int) -> None:
    figures = analyze(parse(sentence).lower()).figures
    assert (figures["params"], figures["macs"], figures["flops"]) == (params, macs, 2 * macs)


def test_depth_and_bytes_worked_out_by_hand() -> None:
    figures = analyze(
        parse("conv(4, norm=none) residual(conv(4, norm=none) conv(4, norm=none)) head()").lower()
    ).figures
    assert figures["depth"] == 4
    assert figures["weight_bytes"] == 4 * figures["params"]
    # While the body's relu runs: the residual's input, kept for the sum, the relu's input and its output.
    assert figures["activation_bytes"] == 4 * 3 * (4 * 32 * 32)


# what is computed of 64 elements, and the most elements alive at once
ALIVE = [
    (lambda image: image + image[:, :, 1:].sum(), 64 + 64 + 1),
    (lambda image: image + image.transpose(2, 3), 64 + 64),
    # The image, a copy of it, the sum; a view takes no memory.
    (lambda image: image + image.roll(1, 2), 3 * 64),
    (lambda image: image + image.roll((1, 1), (2, 3)), 3 * 64),
    (lambda image: image + image.flip(2, 3).transpose(2, 3), 3 * 64),
]


@pytest.mark.parametrize(("function", "elements"), ALIVE)
def test_a_roll_or_a_flip_is_a_copy(function: Callable[[Tensor], Tensor], elements: int) -> None:
    assert analyze(Of(function), (1, 8, 8)).figures["activation_bytes"] == 4 * elements


# All have windows but the last; one in front of a single unit is global along that axis alone.
MAXPOOLS = [
    (nn.MaxPool2d(2), 1),
    (nn.FractionalMaxPool2d(2, output_size=3), 1),
    (nn.AdaptiveMaxPool2d((3, 1)), 1),
    (nn.AdaptiveAvgPool2d(3), 0),
    (nn.AdaptiveMaxPool2d(1), 0),
]


@pytest.mark.parametrize(("module", "count"), MAXPOOLS)
def test_every_max_pooling_with_a_window_counts(module: nn.Module, count: int) -> None:
    assert analyze(module, (1, 8, 8)).figures["maxpool"] == count


def test_every_figure_has_a_meaning() -> None:
    figures = analyze(parse("conv(8)").lower()).figures
    assert all(isinstance(figures[name], int) and FIGURES[name] for name in figures)
    assert FIGURES.keys() - figures.keys() == {"seconds"}


def test_the_reference_network() -> None:
    profile = analyze(read(REFERENCE).lower())
    assert {
        name: profile.figures[name] for name in ("params", "rf", "rf_inside", "dilated", "depthwise", "maxpool")
    } == {
        "params": 157_110,
        "rf": 75,
        "rf_inside": 32,
        "dilated": 1,
        "depthwise": 3,
        "maxpool": 0,
    }
    assert_equal_to_torch_and_fvcore(profile.graph)


@pytest.mark.parametrize("count", [10, pytest.param(300, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", SPACES)
def test_networks_of_a_shipped_space_against_torch_and_fvcore(name: str, count: int) -> None:
    space = Space.find(name)
    for network in islice(space.sample(seed=0), count):
        assert_equal_to_torch_and_fvcore(network.lower(space.input, space.classes))


@pytest.mark.parametrize("seed", range(60))
def test_any_network_against_torch_and_fvcore(seed: int) -> None:
    assert_equal_to_torch_and_fvcore(random_network(seed, 20).lower((3, 20, 20)))


def test_the_rows_as_csv(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["archsearch", "analyze", "conv(8) head()", "--csv"])
    with pytest.raises(SystemExit):
        main()
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [(row["op"], row["shape"], row["rf"], row["params"]) for row in rows[1:3]] == [
        ("convolution 3x3", "8x32x32", "3", "224"),
        ("batch norm", "8x32x32", "3", "16"),
    ]
