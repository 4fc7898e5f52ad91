"""Recurrent layers: parameters and MACs against torch's own, what each step sees against the oracles."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
from examples.modules import Of, positions
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from archsearch import analyze
from archsearch.proof.prove import prove
from archsearch.pytorch.trace import trace

LAYERS = {
    "lstm": nn.LSTM(6, 5, batch_first=True),
    "lstm, 2 layers, both directions": nn.LSTM(6, 5, 2, batch_first=True, bidirectional=True, proj_size=3),
    "gru": nn.GRU(6, 5, batch_first=True),
    "gru, 3 layers": nn.GRU(6, 5, 3, bias=False, batch_first=True),
    "rnn, both directions": nn.RNN(6, 5, batch_first=True, bidirectional=True, nonlinearity="relu"),
}


def of_signal(read: Callable[..., Tensor], *layers: nn.Module) -> Of:
    """A module that reads a signal of 6 channels, after a convolution, as tokens."""

    def computed(image: Tensor, first: nn.Module, *others: nn.Module) -> Tensor:
        return read(first(image).transpose(1, 2), *others)

    return Of(computed, nn.Conv1d(6, 6, 3, padding=1), *layers)


@pytest.mark.parametrize("name", LAYERS)
def test_params_and_macs_are_those_of_torch(name: str) -> None:
    module = Of(lambda tokens, layer: layer(tokens)[0], LAYERS[name])
    found = analyze(module, (9, 6), strict=True)
    # In double precision torch computes a recurrent layer by matrix products, which its counter knows.
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        deepcopy(module).double().eval()(torch.zeros(1, 9, 6, dtype=torch.double))
    assert (found.rows[-1].op, found.figures["flops"]) == (name, counter.get_total_flops())
    assert found.rows[-1].params == sum(parameter.numel() for parameter in module.parameters())


def test_a_convolution_followed_by_an_lstm() -> None:
    module = Of(
        lambda image, convolve, read: read(convolve(image).transpose(1, 2))[0],
        nn.Conv1d(12, 16, 3, padding=1),
        nn.LSTM(16, 64, batch_first=True),
    )
    found = analyze(module, (12, 400), strict=True)
    # 400 units of 16 channels * 12 * 3 taps; 400 steps of 4 * 64 gates that each read 16 + 64 features.
    assert found.figures["macs"] == 400 * 16 * 36 + 400 * 256 * 80 == 230_400 + 8_192_000
    # 256 gates, with two biases each; 64 cells with three sigmoid and two tanh.
    row = found.rows[-1]
    assert (row.counts.bias_ops, row.counts.activation_ops) == (400 * 2 * 256, 400 * 5 * 64)
    assert (found.figures["rf"], found.first_global) == (3, row)


def test_a_step_sees_all_earlier_ones() -> None:
    traced = trace(of_signal(lambda tokens, layer: layer(tokens)[0], nn.GRU(6, 5, batch_first=True)), (6, 5))
    proof = prove(traced, len(traced.graph.nodes) - 1)
    assert (proof.differences, proof.unsure) == ((), ())
    seen = analyze(traced.graph).rows[-1].field.axes[0].field.seen or ()
    assert [positions(step) for step in seen] == [{0, 1}, {0, 1, 2}, {*range(4)}, {*range(5)}, {*range(5)}]


PROVED = {
    "states of two layers": of_signal(lambda x, layer: layer(x)[1][0], nn.LSTM(6, 5, 2, batch_first=True)),
    "cells in both directions": of_signal(
        lambda x, layer: layer(x)[1][1],
        nn.LSTM(6, 5, 2, batch_first=True, bidirectional=True, proj_size=3),
    ),
    "both directions": of_signal(lambda x, layer: layer(x)[0], nn.RNN(6, 5, batch_first=True, bidirectional=True)),
    "steps first": of_signal(lambda x, layer: layer(x.transpose(0, 1))[0], nn.GRU(6, 5)),
    "a first state from the image": of_signal(
        lambda x, layer: layer(x, x[:, 3:4].transpose(0, 1).contiguous())[0], nn.RNN(6, 6, batch_first=True)
    ),
    "cells in a loop": of_signal(lambda x, cell: cell(x[:, 4], cell(x[:, 1])), nn.GRUCell(6, 5)),
    "cells with two states": of_signal(lambda x, cell: cell(x[:, 4], cell(x[:, 1]))[1], nn.LSTMCell(6, 5)),
}


@pytest.mark.parametrize("name", PROVED)
def test_what_is_seen_is_exact(name: str) -> None:
    module = PROVED[name]
    traced = trace(module, (6, 8))
    found = analyze(traced.graph)
    proof = prove(traced, max(traced.steps))
    assert (proof.differences, proof.unsure, found.unknown) == ((), (), ())
    assert found.figures["params"] == sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("flat", [False, True])
def test_steps_of_a_map(flat: bool) -> None:
    def rows(image: Tensor, convolve: nn.Module, read: nn.Module) -> Tensor:
        seen: Tensor = read(convolve(image)[0].permute(1, 2, 0))[0]
        return seen

    def pixels(image: Tensor, convolve: nn.Module, read: nn.Module) -> Tensor:
        seen: Tensor = read(convolve(image).flatten(2).transpose(1, 2))[0]
        return seen

    layers = (nn.Conv2d(3, 3, 3, padding=1), nn.LSTM(3, 4, batch_first=True))
    traced = trace(Of(pixels if flat else rows, *layers), (3, 5, 6))
    proof = prove(traced, max(traced.steps))
    assert (proof.differences, proof.unsure) == ((), ())
