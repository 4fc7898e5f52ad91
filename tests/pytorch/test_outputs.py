"""Modules that return several tensors: each has its own receptive field, whichever is computed first."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.segmentation import fcn_resnet50

from archsearch import analyze, check
from archsearch.errors import TraceError
from archsearch.proof.prove import prove
from archsearch.pytorch.trace import trace


class Pair(NamedTuple):
    deep: Tensor
    early: Tensor


class Branching(nn.Module):
    """Branches with receptive fields of 11, 3 and 7, computed in some order, and what is returned of them."""

    def __init__(self, returned: Callable[..., Any], order: tuple[str, ...] = ("deep", "early", "middle")) -> None:
        super().__init__()
        self.returned, self.order = returned, order
        self.branches = nn.ModuleDict(
            {name: nn.Conv2d(3, 4, size) for name, size in (("deep", 11), ("early", 3), ("middle", 7))}
        )

    def forward(self, image: Tensor) -> Any:
        return self.returned(**{name: self.branches[name](image) for name in self.order})


# What is returned, and each output's name and receptive field, in order; the main one first or named `out`.
RETURNED = [
    (lambda deep, early, middle: {"out": deep, "aux": early}, {"out": 11, "aux": 3}, "out"),
    (lambda deep, early, middle: {"aux": early, "out": deep}, {"aux": 3, "out": 11}, "out"),
    (lambda deep, early, middle: (middle, deep, early), {"0": 7, "1": 11, "2": 3}, "0"),
    (lambda deep, early, middle: Pair(deep, early), {"deep": 11, "early": 3}, "deep"),
    (
        lambda deep, early, middle: {"features": [early, deep], "scores": middle.mean((2, 3)), "side": 12},
        {"features.0": 3, "features.1": 11, "scores": 7},
        "features.0",
    ),
    (lambda deep, early, middle: {"a": torch.ones(2), "b": None, "c": early}, {"c": 3}, "c"),
    (lambda deep, early, middle: early.relu(), {"output": 3}, "output"),
]


@pytest.mark.parametrize(("returned", "fields", "main"), RETURNED)
def test_each_output_has_its_own_figures(returned: Callable[..., Any], fields: dict[str, int], main: str) -> None:
    for order in permutations(("deep", "early", "middle")):
        module = Branching(returned, order)
        found = analyze(module, (3, 16, 16))
        assert {one.name: one.rf for one in found.outputs} == fields
        assert (found.main, found.figures["rf"], found.last_map.rf) == (main, fields[main], fields[main])
        assert found.figures["params"] == sum(parameter.numel() for parameter in module.parameters())
        assert found.figures["macs"] >= sum(one.shape[0] * 9 for one in found.outputs)
    for name, rf in fields.items():
        chosen = analyze(module, (3, 16, 16), output=name)
        assert (chosen.main, chosen.figures["rf"]) == (name, rf)
        assert chosen.figures["params"] == found.figures["params"]
        assert check(module, f"rf = {rf}", (3, 16, 16), output=name).fits


# Branches that meet behind global pooling: the largest receptive field of them counts.
POOLED = [
    (lambda deep, early, middle: early.mean((2, 3)) + deep.mean((2, 3)), 11),
    (lambda deep, early, middle: torch.cat([deep.amax((2, 3)), middle.mean((2, 3))], 1), 11),
    (lambda deep, early, middle: middle * torch.sigmoid(deep.mean((2, 3), keepdim=True)), 7),
    (lambda deep, early, middle: early.flatten(1).sum(1) * middle.mean((1, 2, 3)), 7),
]


@pytest.mark.parametrize(("returned", "rf"), POOLED)
def test_the_order_of_branches_does_not_matter(returned: Callable[..., Any], rf: int) -> None:
    found = [
        analyze(Branching(returned, order), (3, 16, 16)) for order in permutations(("deep", "early", "middle"))
    ]
    assert {one.figures["rf"] for one in found} == {rf}
    assert len({str(one).splitlines()[-1] for one in found}) == 1


def test_the_text_names_the_outputs() -> None:
    found = analyze(Branching(RETURNED[1][0]), (3, 16, 16))
    outputs = str(found).split("\n\n")[2].splitlines()
    assert [line.split() for line in outputs[:3]] == [
        ["output", "shape", "rf", "rf_inside", "stride", "padding", "last", "map"],
        ["aux", "4x14x14", "3", "3", "1", "0", "branches.early"],
        ["out", "4x6x6", "11", "11", "1", "0", "branches.deep"],
    ]
    assert outputs[3] == "The figures are those of the whole module, rf and rf_inside those of the output `out`"
    assert "The figures are" not in str(analyze(Branching(RETURNED[-1][0]), (3, 16, 16)))


def test_an_output_that_is_not_there() -> None:
    module = Branching(RETURNED[0][0])
    with pytest.raises(TraceError, match="there is no output `auxx`\n  did you mean `aux`"):
        analyze(module, (3, 16, 16), output="auxx")
    with pytest.raises(TraceError, match="there is no output `1`\n  known here: output"):
        analyze("conv(8)", output="1")


@pytest.mark.parametrize("output", [None, "out", "aux"])
def test_the_last_map_of_an_output_is_proved(output: str | None) -> None:
    proof = prove(trace(Branching(RETURNED[1][0]), (3, 16, 16)), output=output)
    assert proof.holds
    last = "branches.early: convolution 3x3" if output == "aux" else "branches.deep: convolution 11x11"
    assert proof.tensor == last


@pytest.mark.slow
def test_a_segmentation_model_with_an_auxiliary_output() -> None:
    found = analyze(fcn_resnet50(weights=None, weights_backbone=None, aux_loss=True), (3, 64, 64))
    # Units of layer4 see 427 and those of layer3 267, 8 pixels apart: a 3 x 3 convolution adds 16, resizing 8.
    assert {one.name: one.rf for one in found.outputs} == {"out": 451, "aux": 291}
    assert found.figures["rf"] == 451
