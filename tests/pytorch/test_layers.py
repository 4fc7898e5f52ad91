"""Layers that torch has not, against torch's own on the transposed map, traced and proved."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from archsearch import analyze
from archsearch.graph import Builder, Convolution, LayerNorm, Scale
from archsearch.graph.graph import Graph
from archsearch.graph.ops.operation import Operation
from archsearch.proof.prove import prove
from archsearch.pytorch import layers
from archsearch.pytorch.build import build
from archsearch.pytorch.trace import trace
from archsearch.training.optimizers import Optimizers
from archsearch.training.recipe import Recipe


def graph_of(*ops: Operation) -> Graph:
    building = Builder((3, 9, 7), classes=10)
    for op in ops:
        building.then(op)
    return building.graph()


@pytest.mark.parametrize("shape", [(2, 5), (2, 5, 7), (2, 5, 7, 4), (2, 5, 3, 4, 2)], ids=str)
def test_layer_norm_is_torchs_at_each_position(shape: tuple[int, ...]) -> None:
    ours, theirs = layers.LayerNorm(5), nn.LayerNorm(5)
    with torch.no_grad():
        for mine, its in zip(ours.parameters(), theirs.parameters(), strict=True):
            its.copy_(mine.copy_(torch.randn(5)))
    image = 3 + 2 * torch.randn(shape)
    expected = torch.empty(shape)
    for position in np.ndindex(shape[2:]):
        where = (slice(None), slice(None), *position)
        expected[where] = theirs(image[where])
    torch.testing.assert_close(ours(image), expected)


def test_layer_norm_of_a_map_in_channels_last_stays_so() -> None:
    image = torch.randn(2, 5, 7, 4)
    norm = layers.LayerNorm(5)
    found = norm(image.to(memory_format=torch.channels_last))
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(found, norm(image))


def test_scale_begins_with_one_and_keeps_the_precision() -> None:
    scale, image = layers.Scale(3), torch.randn(2, 3, 4, 5)
    assert torch.equal(scale(image), image)
    with torch.no_grad():
        scale.weight.copy_(torch.tensor([2.0, -1.0, 0.0]))
    assert torch.equal(scale(image), torch.stack([2 * image[:, 0], -image[:, 1], 0 * image[:, 2]], 1))
    assert scale(image.bfloat16()).dtype is torch.bfloat16


@pytest.mark.parametrize("op", [LayerNorm(), Scale()], ids=str)
def test_traced_it_has_the_same_figures_and_fields(op: Operation) -> None:
    graph = graph_of(Convolution(4, (3, 3), padding=(1, 1)), op, Convolution(4, (3, 3), stride=(2, 2)))
    ours, traced = analyze(graph), analyze(build(graph), (3, 9, 7))
    assert ours.rows[-1].axis_fields == traced.rows[-1].axis_fields
    names = ("rf", "params", "macs", "norm_ops", "arithmetic_ops", "activation_bytes")
    assert [ours.figures[name] for name in names] == [traced.figures[name] for name in names]


@pytest.mark.parametrize("op", [LayerNorm(), Scale()], ids=str)
def test_both_oracles_agree(op: Operation) -> None:
    traced = trace(build(graph_of(Convolution(4, (3, 3)), op, Convolution(4, (3, 3)))), (3, 9, 7))
    proof = prove(traced)
    assert (proof.differences, proof.unsure) == ((), ())


def test_their_weights_are_no_kernels() -> None:
    module = build(graph_of(Convolution(4, (3, 3)), LayerNorm(), Scale()))
    recipe = Recipe(weight_decay_on="kernels", muon_learning_rate=0.02)
    rest, muon = Optimizers.of(module, recipe).each
    decaying, others = (group["params"] for group in rest.param_groups)
    assert [tuple(one.shape) for one in muon.param_groups[0]["params"]] == [(4, 3, 3, 3)]
    assert not decaying
    assert [tuple(one.shape) for one in others] == [(4,)] * 4
