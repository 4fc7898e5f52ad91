"""Recurrent layers and cells with positive weights."""

from __future__ import annotations

import torch

from archsearch.proof.arguments import Arguments, TorchFunction, count_results, tensors_in
from archsearch.pytorch.program import StepValue


def recurrent(operation: TorchFunction, given: Arguments) -> StepValue:
    """Sum the features of all earlier steps, and in two directions of all later ones beside them."""
    steps = given["input"] if given["batch_first"] else given["input"].transpose(0, 1)
    state = given["params"][1].shape[1]
    started = sum(
        (one.sum((0, 2)) for one in tensors_in(given["hx"]) if one.requires_grad), start=steps.new_zeros(1)
    )
    seen = steps.sum(-1) + started.unsqueeze(-1)
    directions = 2 if given["bidirectional"] else 1
    for _layer in range(given["num_layers"]):
        halves = [seen.cumsum(1), seen.flip(1).cumsum(1).flip(1)][:directions]
        seen = torch.stack(halves).sum(0)
    output = torch.cat([half.unsqueeze(-1).expand(*half.shape, state) for half in halves], -1)
    last = steps.sum((1, 2)) + started
    numbers = (given["num_layers"] * directions, len(last))
    # Only an LSTM gives its cells' state as well.
    sizes = (state, given["params"][0].shape[0] // 4)[: count_results(operation) - 1]
    states = (last.unsqueeze(-1).expand(*numbers, size) for size in sizes)
    return output if given["batch_first"] else output.transpose(0, 1), *states


def cell(operation: TorchFunction, given: Arguments) -> StepValue:
    """Sum the features of the input and of the states before."""
    read = (given["input"], *tensors_in(given["hx"]))
    seen = sum(one.sum(-1, keepdim=True) for one in read if one.requires_grad)
    seen = seen.expand(*seen.shape[:-1], given["w_hh"].shape[1])
    return seen if count_results(operation) == 1 else (seen, seen)
