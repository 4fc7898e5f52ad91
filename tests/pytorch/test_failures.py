"""Modules that run, but that cannot be traced as they are: what is said, and what is traced all the same."""

from __future__ import annotations

import pytest
import torch
from examples.modules import Of
from torch import Tensor, nn
from torch.distributions import Categorical, Normal
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from archsearch import analyze
from archsearch.errors import TraceError
from archsearch.proof.prove import prove
from archsearch.pytorch.trace import trace


def packed(sound: Tensor, layer: nn.Module, *, state: bool) -> Tensor:
    found, last = layer(pack_padded_sequence(sound.transpose(1, 2), torch.tensor([8]), batch_first=True))
    seen: Tensor = last if state else pad_packed_sequence(found, batch_first=True)[0]
    return seen


class Boxed:
    """An object with a tensor in it."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor


def boxed(image: Tensor) -> object:
    return Boxed(image.relu())


def categorical(image: Tensor) -> object:
    return Categorical(logits=image)


RETURNED = "which is no tensor and no tuple, list or dict of tensors"
FAILING = [
    (
        Of(lambda x, layer: packed(x, layer, state=False), nn.GRU(3, 5, batch_first=True)),
        "a packed sequence",
        "leave out",
    ),
    (
        Of(lambda x, layer: packed(x, layer, state=True), nn.RNN(3, 5, batch_first=True)),
        "a packed sequence",
        "leave out",
    ),
    (Of(boxed), f"Of returns a Boxed, {RETURNED}", "return its tensors"),  # type: ignore[arg-type]
    (Of(categorical), f"Of returns a Categorical, {RETURNED}", "return its tensors"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("module", "rule", "remedy"), FAILING)
def test_what_cannot_be_traced(module: nn.Module, rule: str, remedy: str) -> None:
    with pytest.raises(TraceError) as refused:
        analyze(module, (3, 8))
    assert rule in refused.value.message
    assert str(refused.value.remedy).startswith(remedy)


def test_parameters_of_a_distribution_are_not_checked_while_it_is_traced() -> None:
    def sampled(image: Tensor, see: nn.Module) -> Tensor:
        seen = see(image)
        drawn: Tensor = Normal(seen, seen.exp()).rsample() + Categorical(logits=seen).logits
        return drawn

    traced = trace(Of(sampled, nn.Conv1d(3, 4, 3)), (3, 8))
    assert analyze(traced.graph, strict=True).figures["rf"] == 3
    assert prove(traced).holds
    with pytest.raises(ValueError, match="to satisfy the constraint"):
        Normal(torch.zeros(1), -torch.ones(1))
