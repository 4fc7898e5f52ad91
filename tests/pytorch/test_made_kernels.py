"""Kernels that a module computes, of its image or of other weights; and layers on a map without a batch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from examples.modules import Of
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations
from torch.utils.flop_counter import FlopCounterMode

from archsearch import analyze
from archsearch.proof.compare import compare
from archsearch.proof.prove import prove
from archsearch.pytorch.trace import trace

UPPER = "rf is an upper bound"


def conditional(image: Tensor, see: nn.Module, route: nn.Module) -> Tensor:
    """A kernel mixed by the image, as in CondConv."""
    seen = see(image)
    kernel = route(seen.mean((2, 3))).sigmoid().view(4, 4, 3, 3)
    mixed: Tensor = functional.conv2d(seen, kernel, padding=1)
    return mixed


def depthwise(image: Tensor, route: nn.Module) -> Tensor:
    kernel = route(image.mean((2, 3))).view(3, 1, 3, 3)
    return functional.conv2d(image, kernel, padding=1, groups=3)


def transposed(image: Tensor, route: nn.Module) -> Tensor:
    return functional.conv_transpose2d(image, route(image.mean((2, 3))).view(3, 3, 3, 1), stride=2)


def two_kernels(image: Tensor) -> Tensor:
    return functional.conv2d(image, torch.cat([image[:, :, :2, :2], image[:, :, -2:, -2:]], 0))


# The function of an image of 3x8x8 and its layers, rf along paths without global operations, notes
MADE: dict[str, tuple[nn.Module, int | None, tuple[str, ...]]] = {
    "a kernel mixed by the image": (Of(conditional, nn.Conv2d(3, 4, 3), nn.Linear(4, 144)), 3 + 2, ()),
    "a depthwise kernel": (Of(depthwise, nn.Linear(3, 27)), 3, ()),
    # Every second column reads nothing of the map, and no kernel.
    "a transposed kernel with gaps": (Of(transposed, nn.Linear(3, 27)), 1, (UPPER,)),
    # Each channel sees the places of its own kernel, and both are taken to see both.
    "kernels cut out of the image": (Of(two_kernels), None, (UPPER,)),
    "linear": (
        Of(lambda x, make: functional.linear(x, make(x.mean((2, 3))).view(5, 8)), nn.Linear(3, 40)),
        None,
        (),
    ),
    "a bias from the image": (
        Of(lambda x, make: functional.linear(x, make.weight, make(x).mean((0, 1, 2))), nn.Linear(8, 5)),
        None,
        (),
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_weights_that_depend_on_the_image(name: str) -> None:
    module, rf, notes = MADE[name]
    traced = trace(module, (3, 8, 8))
    found = analyze(traced.graph, strict=True)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(torch.zeros(1, 3, 8, 8))
    assert found.figures["macs"] == counter.get_total_flops() // 2
    assert found.figures["params"] == sum(one.numel() for one in module.parameters())
    assert rf is None or found.rows[-1].rf == rf
    assert [note for note in found.rows[-1].notes if note == UPPER] == [*notes]
    proof = prove(traced, max(traced.steps))
    assert proof.holds, str(proof)


def test_a_weight_for_one_feature() -> None:
    module = Of(lambda x, make: functional.linear(x, make(x.mean((2, 3))).view(8)), nn.Linear(3, 8))
    # torch's counter has no formula for a matrix times a vector.
    assert analyze(module, (3, 8, 8), strict=True).figures["macs"] == 3 * 8 + 3 * 8 * 8


class LowRank(nn.Module):
    """A kernel that is the product of two matrices, as in LoRA."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Parameter(torch.ones(8, 2)), nn.Parameter(torch.ones(2, 27))

    def forward(self, image: Tensor) -> Tensor:
        return functional.conv2d(image, (self.down @ self.up).view(8, 3, 3, 3))


class Merged(nn.Module):
    """Two kernels merged to one before they see the image."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Parameter(torch.ones(4, 3, 3, 3)), nn.Parameter(torch.ones(5, 4, 3, 3))

    def forward(self, image: Tensor) -> Tensor:
        merged = functional.conv2d(self.first.transpose(0, 1), self.second.flip(2, 3), padding=2, dilation=1)
        return functional.conv2d(image, merged.transpose(0, 1), padding=2)


class Made(nn.Module):
    """A kernel of 4x3x3x3 made of two tensors of ones by a function."""

    def __init__(self, make: Callable[[Tensor, Tensor], Tensor], *shapes: tuple[int, ...]) -> None:
        super().__init__()
        self.make = make
        self.first, self.second = (nn.Parameter(torch.ones(shape)) for shape in shapes)

    def forward(self, image: Tensor) -> Tensor:
        return functional.conv2d(image, self.make(self.first, self.second).reshape(4, 3, 3, 3))


# The MACs of the image, and those of weights alone.
ALONE = [
    (LowRank(), 36 * 8 * 27, 8 * 2 * 27),
    (Merged(), 64 * 5 * 75, 3 * 25 * 5 * 36),
    (parametrizations.weight_norm(nn.Conv2d(3, 4, 3)), 36 * 4 * 27, 0),
    # The largest singular value: the kernel times one vector, and that times another.
    (parametrizations.spectral_norm(nn.Conv2d(3, 4, 3)), 36 * 4 * 27, 4 * 27 + 4),
    (Made(torch.outer, (4,), (27,)), 36 * 4 * 27, 4 * 27),
    (Made(torch.inner, (4, 2), (27, 2)), 36 * 4 * 27, 4 * 2 * 27),
    (Made(lambda one, two: torch.tensordot(one, two, 1), (4, 2), (2, 3, 3, 3)), 36 * 4 * 27, 4 * 2 * 27),
    (Made(lambda one, two: torch.einsum("or,ric->oic", one, two), (4, 2), (2, 3, 9)), 36 * 4 * 27, 4 * 2 * 27),
]


@pytest.mark.parametrize(("module", "macs", "alone"), ALONE)
def test_products_of_weights_alone_stand_apart(module: nn.Module, macs: int, alone: int) -> None:
    found = analyze(module, (3, 8, 8), strict=True)
    assert (found.figures["macs"], found.weight_macs, found.figures["flops"]) == (macs, alone, 2 * macs)
    assert sum(row.counts.macs for row in found.rows if "of weights alone" in row.notes) == alone
    assert found.figures["depth"] == 1
    assert (f"{alone:,} MACs of weights alone" in str(found)) == (alone > 0)
    compared = compare(module, (3, 8, 8), found)
    assert sum(row.ours or 0 for row in compared.rows) == macs + alone
    assert any("of weights alone" in one for one in compared.differences) == (alone > 0)


# A layer on the last dims of 1x3x8x8 without the batch, and the MACs
UNBATCHED: dict[str, tuple[Callable[..., Tensor], tuple[nn.Module, ...], int]] = {
    "convolution": (lambda x, layer: layer(x[0]), (nn.Conv2d(3, 4, 3, padding="same"),), 64 * 4 * 27),
    "convolution of rows": (lambda x, layer: layer(x[0, :, 0]), (nn.Conv1d(3, 4, 3),), 6 * 4 * 9),
    "transposed": (lambda x, layer: layer(x[0]), (nn.ConvTranspose2d(3, 4, 3, 2),), 64 * 3 * 36),
    "max-pooling": (lambda x: functional.max_pool2d(x[0], 3, 2, return_indices=True)[0], (), 0),
    "max-pooling of rows": (lambda x: functional.max_pool1d(x[0, :, 0], 2), (), 0),
    "average pooling": (lambda x: functional.avg_pool2d(x[0], 2), (), 0),
    "adaptive pooling": (lambda x: functional.adaptive_avg_pool2d(x[0], (2, 4)), (), 0),
    "global pooling": (lambda x: functional.adaptive_max_pool2d(x[0], 1), (), 0),
}


@pytest.mark.parametrize("name", UNBATCHED)
def test_a_map_without_a_batch(name: str) -> None:
    function, layers, macs = UNBATCHED[name]
    traced = trace(Of(function, *layers), (3, 8, 8))
    found = analyze(traced.graph, strict=True)
    assert found.figures["macs"] == macs
    assert found.rows[-1].shape == tuple(function(torch.zeros(1, 3, 8, 8), *layers).shape)
    proof = prove(traced, max(traced.steps))
    assert (proof.differences, proof.unsure) == ((), ())
