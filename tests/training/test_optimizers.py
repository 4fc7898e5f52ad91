"""What changes the weights: which parameter by what, against torch's own optimizers and by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from archsearch.training.optimizers import Muon, Optimizers, orthogonalised
from archsearch.training.recipe import Recipe


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, groups=8),
        nn.Flatten(),
        nn.Linear(128, 4),
    )


def names(optimizer: torch.optim.Optimizer, module: nn.Module) -> list[tuple[float, list[str]]]:
    known = {id(parameter): name for name, parameter in module.named_parameters()}
    return [
        (group["weight_decay"], [known[id(parameter)] for parameter in group["params"]])
        for group in optimizer.param_groups
    ]


def test_all_parameters_decay_by_default() -> None:
    module = network()
    (sgd,) = Optimizers.of(module, Recipe()).each
    assert names(sgd, module) == [(5e-4, [name for name, _ in module.named_parameters()])]


def test_biases_and_norms_may_be_left_without_decay() -> None:
    module = network()
    (sgd,) = Optimizers.of(module, Recipe(weight_decay_on="kernels")).each
    assert names(sgd, module) == [
        (5e-4, ["0.weight", "3.weight", "5.weight"]),
        (0.0, ["0.bias", "1.weight", "1.bias", "3.bias", "5.bias"]),
    ]


def test_muon_has_the_kernels_of_dense_convolutions() -> None:
    module = network()
    rest, muon = Optimizers.of(module, Recipe(muon_learning_rate=0.02)).each
    assert isinstance(muon, Muon)
    assert names(muon, module) == [(5e-4, ["0.weight"])]
    assert "0.weight" not in names(rest, module)[0][1]


@pytest.mark.parametrize(
    ("recipe", "other"),
    [
        (Recipe(), lambda weights: torch.optim.SGD(weights, 0.075, 0.9, weight_decay=5e-4, nesterov=True)),
        (Recipe(nesterov=False), lambda weights: torch.optim.SGD(weights, 0.075, 0.9, weight_decay=5e-4)),
        (Recipe(momentum=0), lambda weights: torch.optim.SGD(weights, 0.075, weight_decay=5e-4)),
        (
            Recipe(optimizer="adamw", weight_decay=0.01, learning_rate=0.02),
            lambda weights: torch.optim.AdamW(weights, 0.01, (0.9, 0.999), weight_decay=0.01),
        ),
    ],
)
def test_the_steps_are_those_of_torch(recipe: Recipe, other: Callable[..., torch.optim.Optimizer]) -> None:
    ours, theirs = network(), network()
    optimizers, optimizer = Optimizers.of(ours, recipe), other(theirs.parameters())
    images = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    for _ in range(3):
        optimizers.descend(ours(images).square().mean(), 0.5)
        optimizer.zero_grad()
        theirs(images).square().mean().backward()
        optimizer.step()
    for one, another in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, another)


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 100))
def test_an_orthogonalised_matrix_has_singular_values_near_1(rows: int, columns: int, seed: int) -> None:
    matrix = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    found = orthogonalised(matrix)
    # The same directions; values that were not tiny come near 1.
    inner = left.T @ found @ right.T
    assert torch.allclose(inner, inner.diagonal().diag(), atol=1e-3)
    large = inner.diagonal()[values > 0.05 * values.max()]
    assert ((large > 0.6) & (large < 1.3)).all()


def test_a_step_of_muon_by_hand() -> None:
    kernel = nn.Parameter(torch.tensor([[2.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 1.0]]).view(4, 2, 1, 1))
    muon = Muon([kernel], lr=0.1, weight_decay=0.5)
    before = kernel.detach().clone()
    kernel.grad = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 0.0]]).view(4, 2, 1, 1)
    muon.step()
    # Both singular values are equal, so the step is that matrix times a number; 4 rows of 2: sqrt(2) longer.
    change = kernel.detach() - before * (1 - 0.1 * 0.5)
    size = -float(change[0, 0, 0, 0]) / (0.1 * 2**0.5)
    assert 0.65 < size < 1.25
    assert torch.allclose(change, kernel.grad * -0.1 * 2**0.5 * size)


@pytest.mark.parametrize("recipe", [Recipe(), Recipe(optimizer="adamw"), Recipe(muon_learning_rate=0.02)])
def test_what_is_remembered_can_be_handed_on(recipe: Recipe) -> None:
    images = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    first = network()
    optimizers = Optimizers.of(first, recipe)
    optimizers.descend(first(images).square().mean(), 1.0)
    second = network()
    second.load_state_dict(first.state_dict())
    resumed = Optimizers.of(second, recipe)
    resumed.load(optimizers.tensors())
    for module, each in ((first, optimizers), (second, resumed)):
        each.descend(module(images).square().mean(), 0.5)
    for one, another in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, another)
