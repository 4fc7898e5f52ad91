"""The analyzer against what needs none of its formulas: torch's own parameters and gradients, and fvcore."""

from __future__ import annotations

from itertools import islice
from math import prod
from pathlib import Path
from typing import Any

import pytest
import torch
from fvcore.nn import FlopCountAnalysis
from sentences import random_network
from torch import nn

from archsearch import analyze, parse
from archsearch.analysis import FIGURES
from archsearch.graph import Graph
from archsearch.module import build
from archsearch.network import read
from archsearch.space import Space

REFERENCE = Path(__file__).parent.parent / "search_spaces" / "era_s9.net"

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


def test_every_figure_has_a_meaning() -> None:
    assert list(analyze(parse("conv(8)").lower()).figures) == list(FIGURES)


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
@pytest.mark.parametrize("name", ["era_s9", "tight60k", "first"])
def test_networks_of_a_shipped_space_against_torch_and_fvcore(name: str, count: int) -> None:
    space = Space.find(name)
    for network in islice(space.sample(seed=0), count):
        assert_equal_to_torch_and_fvcore(network.lower(space.grammar.input, space.grammar.classes))


@pytest.mark.parametrize("seed", range(60))
def test_any_network_against_torch_and_fvcore(seed: int) -> None:
    assert_equal_to_torch_and_fvcore(random_network(seed, 20).lower((3, 20, 20)))


@pytest.mark.parametrize("seed", range(60))
def test_receptive_sets_against_gradients(seed: int) -> None:
    size = 20
    network = random_network(1000 + seed, size, head=False)
    graph = network.lower((3, size, size))
    last = analyze(graph).rows[-1].fields
    assert last is not None
    expected = [[f"{positions:b}"[::-1].ljust(size, "0") for positions in field.inside] for field in last]
    assert seen_by_gradients(graph) == expected, network


@pytest.mark.parametrize("seed", range(40))
def test_unclipped_receptive_field_against_gradients(seed: int) -> None:
    """On an image so large that the middle unit sees no border, what lies inside is all there is."""
    network = random_network(2000 + seed, 20, 150, head=False)
    profile = analyze(network.lower((3, 150, 150)))
    (seen,) = seen_by_gradients(profile.graph, middle_only=True)[0]
    at_a_border = seen[0] == "1" or seen[-1] == "1"
    assert at_a_border or len(seen.strip("0")) == profile.figures["rf"], network


def assert_equal_to_torch_and_fvcore(graph: Graph) -> None:
    profile, module = analyze(graph), build(graph).eval()
    shapes: list[tuple[int, ...]] = []
    hooks = [
        layer.register_forward_hook(lambda _module, _inputs, output: shapes.append(tuple(output.shape[1:])))
        for layer in module.layers
    ]
    counted = FlopCountAnalysis(module, torch.zeros(1, *graph.input))
    counted.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    by_operator = counted.by_operator()
    for hook in hooks:
        hook.remove()
    assert profile.figures["params"] == sum(parameter.numel() for parameter in module.parameters())
    assert profile.figures["macs"] == by_operator["conv"] + by_operator["linear"]
    assert [row.shape for row in profile.rows[1:]] == shapes[-len(profile.rows) + 1 :]
    assert all(prod(row.shape) > 0 for row in profile.rows)


def seen_by_gradients(graph: Graph, *, middle_only: bool = False) -> list[list[str]]:
    """For height and width, the positions each unit of the last map depends on, as 0s and 1s.

    An oracle without formulas: with positive weights nothing cancels, and where a gradient is not 0 the unit sees
    the position. Activations and norms become identities, max-pooling becomes average pooling, and the gradient is
    made 0 or 1 at every operation so that no product vanishes.
    """
    module = build(graph).double()
    for number, layer in enumerate(module.layers):
        if isinstance(layer, nn.BatchNorm2d | nn.ReLU):
            module.layers[number] = nn.Identity()
        elif isinstance(layer, nn.MaxPool2d):
            module.layers[number] = nn.AvgPool2d(layer.kernel_size, layer.stride, layer.padding)
        elif isinstance(layer, nn.Conv2d):
            nn.init.ones_(layer.weight)
    for layer in module.layers:
        layer.register_full_backward_pre_hook(_made_zero_or_one)
    pixels = torch.zeros(1, *graph.input, dtype=torch.double, requires_grad=True)
    output = module(pixels)
    seen = []
    for axis in (2, 3):
        units = output.shape[axis]
        wanted = [units // 2] if middle_only else range(units)
        seen.append([_depends(output.select(axis, unit).sum(), pixels, axis) for unit in wanted])
    return seen


def _made_zero_or_one(_layer: nn.Module, gradients: Any) -> tuple[torch.Tensor, ...]:
    return tuple((gradient != 0).double() for gradient in gradients)


def _depends(value: torch.Tensor, pixels: torch.Tensor, axis: int) -> str:
    (gradient,) = torch.autograd.grad(value, pixels, retain_graph=True)
    along = gradient[0].abs().sum(dim=(0, 2 if axis == 2 else 1))
    return "".join("1" if position else "0" for position in along.tolist())
