"""Torch modules traced into graphs: their tables against facts worked out by hand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import torch
from examples.modules import Gate, Of, attention, last
from examples.sentences import random_network
from torch import Tensor, nn
from torch.export import ExportedProgram
from torch.nn import functional

from archsearch import analyze
from archsearch.errors import ShapeError, TraceError
from archsearch.pytorch.build import build


class Tied(nn.Module):
    """Two convolutions with one weight, a frozen bias, a layer that nothing calls."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.spare = nn.Conv2d(3, 3, 3), nn.Conv2d(3, 3, 3), nn.Linear(5, 5)
        self.second.weight = self.first.weight
        self.first.get_parameter("bias").requires_grad_(False)

    def forward(self, image: Tensor) -> Tensor:
        seen: Tensor = self.second(self.first(image))
        return seen


class Returning(nn.Module):
    """Two branches, returned by a function of both."""

    def __init__(self, outputs: Callable[[Tensor, Tensor], object]) -> None:
        super().__init__()
        self.outputs = outputs
        self.deep = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3))
        self.shallow = nn.Conv2d(3, 2, 3)

    def forward(self, image: Tensor) -> object:
        return self.outputs(self.deep(image), self.shallow(image))


class Counting(nn.BatchNorm2d):
    """Counts its calls, and on request branches on a tensor."""

    def __init__(self, *, branches: bool) -> None:
        super().__init__(3)
        self.branches = branches
        self.calls: Tensor
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, image: Tensor) -> Tensor:
        self.calls += 1
        return -image if self.branches and image.sum() > 0 else super().forward(image)


def test_shared_frozen_and_spare_parameters() -> None:
    found = analyze(Tied(), (3, 8, 8))
    # 3 * 3 * 9 weights once, 3 + 3 biases, 5 * 5 + 5 that nothing reads; 3 of them frozen.
    assert (found.figures["params"], found.figures["trainable"]) == (81 + 6 + 30, 81 + 3 + 30)
    assert [(row.params, row.notes) for row in found.rows[1:]] == [(84, ()), (3, ("shares parameters",))]
    assert str(found).endswith("\n\n30 of the params are not used by any operation")
    twice = analyze(Of(lambda image, layer: layer(layer(image)), nn.Conv2d(3, 3, 3)), (3, 8, 8)).rows[1:]
    assert [(row.path, row.params, row.counts.macs) for row in twice] == [
        ("layers.0", 84, 81 * 36),
        ("layers.0", 0, 81 * 16),
    ]


# The module, the shape of its input, its MACs
MACS = [
    (nn.Conv1d(4, 6, 3, groups=2), (4, 10), (6 * 8) * 2 * 3),
    (nn.Conv2d(3, 8, 3, stride=2, padding=1), (3, 9, 7), (8 * 5 * 4) * 3 * 9),
    (nn.Conv2d(4, 6, 3, groups=2), (4, 5, 5), (6 * 3 * 3) * 2 * 9),
    (nn.Conv2d(4, 4, (1, 3), groups=4, dilation=2), (4, 5, 6), (4 * 5 * 2) * 3),
    (nn.Conv3d(2, 3, 2), (2, 4, 4, 4), (3 * 27) * 2 * 8),
    # Each input element is multiplied with each tap of each output channel of its group.
    (nn.ConvTranspose1d(4, 6, 3, stride=2), (4, 5), (4 * 5) * 6 * 3),
    (nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2), (4, 5, 5), (4 * 25) * 3 * 9),
    (Of(lambda image, layer: layer(image.movedim(1, -1)), nn.Linear(3, 7)), (3, 4, 5), 20 * 3 * 7),
    (Of(lambda image: image @ image.transpose(2, 3)), (3, 4, 5), 3 * (4 * 4) * 5),
    (Of(lambda image: torch.bmm(image.flatten(2), image.flatten(2).mT)), (3, 4, 5), (3 * 3) * 20),
    (Of(lambda image: torch.einsum("bchw,bcvw->bhv", image, image)), (3, 4, 5), (4 * 4) * 3 * 5),
    (Of(lambda image: torch.addmm(torch.ones(7), image[0, 0], torch.ones(5, 7))), (3, 4, 5), 4 * 5 * 7),
    (Of(lambda image: torch.baddbmm(image[:, 0, :, :4], image[:, 0], image[:, 1].mT)), (3, 4, 5), (4 * 4) * 5),
    # Queries, keys and values; 12 x 12 pairs of 8 features twice; the output.
    (attention(weights=False), (8, 3, 4), 12 * 8 * 24 + 2 * (12 * 12 * 8) + 12 * 8 * 8),
    (attention(weights=True), (8, 3, 4), 12 * 8 * 24 + 2 * (12 * 12 * 8) + 12 * 8 * 8),
    (nn.MaxPool2d(2), (3, 4, 4), 0),
]


@pytest.mark.parametrize(("module", "shape", "macs"), MACS)
def test_macs(module: nn.Module, shape: tuple[int, ...], macs: int) -> None:
    figures = analyze(module, shape, strict=True).figures
    assert (figures["macs"], figures["flops"]) == (macs, 2 * macs)
    assert figures["params"] == sum(parameter.numel() for parameter in module.parameters())


def test_what_else_is_computed() -> None:
    first = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), Gate(4, 2)
    found = analyze(
        nn.Sequential(*first, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10), nn.Softmax(1)), (3, 8, 8)
    )
    # path, macs, bias, norm, activation, arithmetic, pooling: of maps of 4 x 6 x 6, then of 4 x 3 x 3
    assert [(row.path, *vars(row.counts).values()) for row in found.rows[1:]] == [
        ("0", 144 * 27, 144, 0, 0, 0, 0),
        ("1", 0, 0, 144, 0, 0, 0),
        ("2", 0, 0, 0, 144, 0, 0),
        ("3", 0, 0, 0, 0, 0, 36 * 4),
        ("4", 0, 0, 0, 0, 0, 36),
        ("4.mix", 16, 4, 0, 0, 0, 0),
        ("4", 0, 0, 0, 4, 0, 0),
        ("4", 0, 0, 0, 0, 36, 0),
        ("5", 0, 0, 0, 0, 0, 36),
        ("6", 0, 0, 0, 0, 0, 0),
        ("7", 40, 10, 0, 0, 0, 0),
        ("8", 0, 0, 0, 10, 0, 0),
    ]
    assert found.figures["depth"] == 3


def test_peak_of_activations() -> None:
    layer = nn.Conv2d(3, 4, 3, padding=1)

    def summed(image: Tensor, layer: nn.Module) -> Tensor:
        seen: Tensor = layer(image)
        return seen.flatten(2) + seen.relu().flatten(2)

    # What is kept for the sum, the other summand, the sum; a view is free, and keeps what it shows.
    kept = Of(summed, layer)
    assert analyze(kept, (3, 8, 8)).figures["activation_bytes"] == 4 * 3 * (4 * 64)
    halves = Of(lambda image, layer: torch.add(*layer(image).chunk(2, 1)), nn.Conv2d(3, 8, 1))
    assert analyze(halves, (3, 8, 8)).figures["activation_bytes"] == 4 * (8 + 4) * 64


def test_rows_have_the_path_of_the_module_that_computes_them() -> None:
    stem = nn.Sequential(nn.Dropout(), nn.Conv2d(3, 4, 3), nn.Identity(), nn.BatchNorm2d(4))
    body = Of(lambda image, layer: functional.relu(layer(image)), nn.Conv2d(4, 4, 3))
    found = analyze(nn.Sequential(OrderedDict(stem=stem, body=body, drop=nn.Dropout2d())), (3, 8, 8))
    assert [row.path for row in found.rows] == ["", "stem.1", "stem.3", "body.layers.0", "body"]


@pytest.mark.parametrize("seed", range(10))
def test_a_sentence_and_its_module_have_the_same_figures(seed: int) -> None:
    graph = random_network(seed, 20).lower((3, 20, 20))
    found, expected = analyze(build(graph), (3, 20, 20)), analyze(graph)
    assert dict(found.figures) == dict(expected.figures)
    # A layer norm of the channels is traced as one of the last dim between two permutations, the last of its rows.
    after = [*(row.op for row in found.rows[1:]), ""]
    rows = [row for row, later in zip(found.rows, after, strict=True) if "layer norm" not in {row.op, later}]
    assert [(row.shape, row.axis_fields) for row in rows] == [
        (row.shape, row.axis_fields) for row in expected.rows
    ]


def zeroed(image: Tensor, layer: nn.Module) -> Tensor:
    seen: Tensor = layer(image)
    seen[:, :2] = 0
    return seen.relu()


def added(image: Tensor, layer: nn.Module) -> Tensor:
    seen: Tensor = layer(image).clone()
    seen[:, 1:] += image[:, 1:]
    return seen.relu()


def shown(image: Tensor, layer: nn.Module) -> Tensor:
    seen: Tensor = layer(image)
    view = seen.flatten(2)
    seen.relu_()
    return view.relu()


IN_PLACE = [
    (lambda image, layer: layer(image).relu_(), lambda image, layer: layer(image).relu()),
    (lambda image, layer: layer(image).add_(image).relu(), lambda image, layer: (layer(image) + image).relu()),
    (zeroed, lambda image, layer: torch.cat([torch.zeros(1, 2, 8, 8), layer(image)[:, 2:]], 1).relu()),
    (shown, lambda image, layer: layer(image).relu().flatten(2).relu()),
    pytest.param(
        added,
        lambda image, layer: (layer(image) + torch.cat([torch.zeros(1, 1, 8, 8), image[:, 1:]], 1)).relu(),
    ),
]


@pytest.mark.parametrize(("in_place", "twin"), IN_PLACE)
def test_what_is_done_in_place(in_place: Callable[..., Tensor], twin: Callable[..., Tensor]) -> None:
    layer = nn.Conv2d(3, 3, 3, padding=1)
    found, expected = (analyze(Of(function, layer), (3, 8, 8), strict=True) for function in (in_place, twin))
    figures = ("rf", "rf_inside", "params", "macs", "depth", "activation_ops")
    assert [found.figures[name] for name in figures] == [expected.figures[name] for name in figures]
    assert (found.rows[-1].axis_fields, found.rows[-1].op) == (expected.rows[-1].axis_fields, "relu")


@pytest.mark.parametrize(
    "outputs",
    [lambda deep, shallow: (deep, shallow), lambda deep, shallow: {"a": [shallow], "b": deep, "c": (None, 3)}],
)
def test_all_that_is_returned_is_computed(outputs: Callable[[Tensor, Tensor], object]) -> None:
    found = analyze(Returning(outputs), (3, 8, 8))
    assert [row.path for row in found.rows] == ["", "deep.0", "deep.1", "shallow"]
    found = analyze(Returning(lambda deep, _shallow: deep), (3, 8, 8))
    assert [row.path for row in found.rows] == ["", "deep.0", "deep.1"]
    assert str(found).endswith("\n\n56 of the params are not used by any operation")


@pytest.mark.parametrize("branches", [False, pytest.param(True)])
def test_a_module_is_left_as_it_was(branches: bool) -> None:
    module = nn.Sequential(nn.Conv2d(3, 3, 3), nn.Dropout(), Counting(branches=branches))
    module[1].eval()
    module[0].requires_grad_(False)
    calls: list[object] = []
    module[0].register_forward_hook(lambda *_given: calls.append(0))
    before = {name: value.clone() for name, value in module.state_dict().items()}
    torch.manual_seed(0)
    with suppress(TraceError):
        analyze(module, (3, 8, 8))
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(1))
    assert [part.training for part in module.modules()] == [True, True, False, True]
    assert [parameter.requires_grad for parameter in module.parameters()] == [False, False, True, True]
    assert all(parameter.grad is None for parameter in module.parameters())
    assert [len(part._forward_hooks) for part in module.modules()] == [0, 1, 0, 0]
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def early(image: Tensor) -> Any:
    seen = image.relu()
    return seen, seen.relu().relu()


HOLDS = [
    pytest.param(
        lambda: last(Of(lambda image: image.max(torch.ones(1))), 3, 8, 8).shape == (3, 8, 8),
    ),
    pytest.param(
        lambda: analyze(Of(lambda image: image - image.max()), (3, 8, 8)).unknown == (),
    ),
    pytest.param(
        lambda: analyze(Returning(lambda deep, shallow: (deep, shallow)), (3, 8, 8)).figures["depth"] == 2,
    ),
    pytest.param(
        lambda: analyze(Of(early), (1, 8, 8)).figures["activation_bytes"] == 4 * 3 * 64,
    ),
    pytest.param(
        lambda: "built-in" not in str(analyze(Of(lambda image: image.sort(-1)[0]), (6, 4))),
    ),
]


@pytest.mark.parametrize("holds", HOLDS)
def test_what_must_hold(holds: Callable[[], bool]) -> None:
    assert holds()


def test_an_input_without_axes_is_refused() -> None:
    with pytest.raises(ShapeError, match="input is a single number; it must be channels and a size for each axis"):
        analyze(nn.ReLU(), ())


def test_dropout_in_place_of_a_view_is_not_decomposed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decomposing a program takes as long as tracing it."""
    monkeypatch.delattr(ExportedProgram, "run_decompositions")
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Dropout(0.2, inplace=True), nn.Linear(144, 10))
    assert analyze(module, (3, 8, 8)).unknown == ()
