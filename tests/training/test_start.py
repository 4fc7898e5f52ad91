"""The network before its first step: seeds, and kernels that whiten."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d

from archsearch.notation.network import parse
from archsearch.training.start import initialised, seeded, whiten

GRAPH = parse("conv(8) conv(4, activation=none) head()").lower()


def smooth_images() -> torch.Tensor:
    """Return images whose neighbours are alike, as those of photographs are."""
    noise = torch.randn(200, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    kernel = torch.ones(3, 1, 5, 5) / 25
    return conv2d(noise, kernel, groups=3)


def test_a_seed_decides_the_weights_and_leaves_the_callers_random_numbers() -> None:
    before = torch.get_rng_state()
    first, second, other = (initialised(GRAPH, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["layers.1.weight"], other["layers.1.weight"])
    assert torch.equal(torch.get_rng_state(), before)


def test_dropout_stands_after_each_activation_and_nowhere_else() -> None:
    module = initialised(GRAPH, 0, dropout=0.5)
    assert sum(isinstance(layer, nn.Dropout) for layer in module.modules()) == 1
    assert initialised(GRAPH, 0).state_dict().keys() == module.state_dict().keys()


def test_random_numbers_follow_from_the_seed() -> None:
    with seeded(3, torch.device("cpu")):
        first = torch.rand(4)
    with seeded(3, torch.device("cpu")):
        assert torch.equal(torch.rand(4), first)


def test_what_the_first_convolution_makes_of_the_images_is_white() -> None:
    images = smooth_images()
    layer = nn.Conv2d(3, 8, 3)
    assert whiten(layer, images)
    with torch.no_grad():
        responses = layer(images).transpose(0, 1).flatten(1)
    covariance = responses.cov()
    # Four directions of variance 1 that do not go together, and their negatives.
    assert torch.allclose(covariance[:4, :4], torch.eye(4), atol=0.05)
    assert torch.allclose(responses[4:], -responses[:4], atol=1e-4)


def test_kernels_beyond_the_directions_stay() -> None:
    layer = nn.Conv2d(3, 9, 1)
    before = layer.weight.detach().clone()
    assert whiten(layer, smooth_images())
    assert torch.equal(layer.weight[6:], before[6:])
    assert not torch.equal(layer.weight[:6], before[:6])


@pytest.mark.parametrize(
    "module",
    [
        nn.Linear(3, 4),
        nn.Conv2d(4, 4, 3),
        nn.Conv2d(3, 3, 3, groups=3),
        nn.Conv2d(3, 8, (13, 1)),
        nn.Conv2d(3, 8, 3, dilation=6, padding=6),
    ],
)
def test_where_there_is_nothing_to_whiten(module: nn.Module) -> None:
    before = {name: value.clone() for name, value in module.state_dict().items()}
    assert not whiten(module, smooth_images())
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
