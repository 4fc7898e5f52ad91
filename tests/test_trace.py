"""Torch modules traced into graphs: their tables held to facts worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from test_proof import Of
from torch import Tensor, nn

from archsearch import Profile, analyze
from archsearch.analysis import Row

UPPER = "rf is an upper bound"


def bug(reason: str, *values: object) -> object:
    """Mark a case in which the library is wrong: the test says so as soon as it no longer is."""
    return pytest.param(*values, marks=pytest.mark.xfail(strict=True, reason=reason))


class Tied(nn.Module):
    """Two convolutions with one weight, a frozen bias, a layer that nothing calls."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.spare = nn.Conv2d(3, 3, 3), nn.Conv2d(3, 3, 3), nn.Linear(5, 5)
        self.second.weight = self.first.weight
        self.first.bias.requires_grad_(False)  # type: ignore[union-attr]

    def forward(self, image: Tensor) -> Tensor:
        seen: Tensor = self.second(self.first(image))
        return seen


class Gated(nn.Module):
    """Squeeze-excitation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.mix = nn.Sequential(nn.Conv2d(channels, 2, 1), nn.ReLU(), nn.Conv2d(2, channels, 1), nn.Sigmoid())

    def forward(self, image: Tensor) -> Tensor:
        gate: Tensor = self.mix(self.pool(image))
        return image * gate


class Transformer(nn.Module):
    """Patches of 4 x 4 and a class token, one layer, a head on the class token."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, stride=4)
        self.token, self.places = nn.Parameter(torch.zeros(1, 1, 8)), nn.Parameter(torch.zeros(1, 17, 8))
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.head = nn.Linear(8, 10)

    def forward(self, image: Tensor) -> Tensor:
        tokens = self.patches(image).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(len(tokens), -1, -1), tokens], 1) + self.places
        scores: Tensor = self.head(self.layer(tokens)[:, 0])
        return scores


class Returning(nn.Module):
    """Two branches, returned as a function of both says."""

    def __init__(self, outputs: Callable[[Tensor, Tensor], object]) -> None:
        super().__init__()
        self.outputs = outputs
        self.deep = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3))
        self.shallow = nn.Conv2d(3, 2, 3)

    def forward(self, image: Tensor) -> object:
        return self.outputs(self.deep(image), self.shallow(image))


class Counting(nn.Module):
    """Counts its calls in a buffer; cannot be traced."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, image: Tensor) -> Tensor:
        self.calls += 1
        return image if image.sum() > 0 else -image


def attention(weights: bool) -> nn.Module:
    """Self-attention of all positions of a map of 8 channels, with 2 heads."""
    layer = nn.MultiheadAttention(8, 2, batch_first=True)

    def attended(image: Tensor, layer: nn.Module) -> Tensor:
        tokens = image.flatten(2).transpose(1, 2)
        seen: Tensor = layer(tokens, tokens, tokens, need_weights=weights)[0]
        return seen

    return Of(attended, layer)


def last(module: nn.Module, *shape: int) -> Row:
    return analyze(module, shape).rows[-1]


def rows(found: Profile) -> list[dict[str, object]]:
    return [row.figures for row in found.rows]


def test_shared_frozen_and_spare_parameters() -> None:
    found = analyze(Tied(), (3, 8, 8))
    # 3 * 3 * 9 weights once, 3 + 3 biases, 5 * 5 + 5 that nothing reads; 3 of them frozen.
    assert (found.figures["params"], found.figures["trainable"]) == (81 + 6 + 30, 81 + 3 + 30)
    assert [row.params for row in found.rows] == [0, 84, 3]
    assert [row.notes for row in found.rows] == [(), (), ("shares parameters",)]
    assert str(found).endswith("\n\n30 of the params are not used by any operation")


def test_a_layer_that_is_called_twice() -> None:
    found = analyze(Of(lambda image, layer: layer(layer(image)), nn.Conv2d(3, 3, 3)), (3, 8, 8))
    assert [(row.path, row.params, row.counts.macs) for row in found.rows[1:]] == [
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
    # Queries, keys and values, 12 x 12 pairs of 8 features twice, and what is put out.
    (attention(weights=False), (8, 3, 4), 12 * 8 * 24 + 2 * (12 * 12 * 8) + 12 * 8 * 8),
    (attention(weights=True), (8, 3, 4), 12 * 8 * 24 + 2 * (12 * 12 * 8) + 12 * 8 * 8),
    (nn.MaxPool2d(2), (3, 4, 4), 0),
]


@pytest.mark.parametrize(("module", "shape", "macs"), MACS)
def test_macs(module: nn.Module, shape: tuple[int, ...], macs: int) -> None:
    figures = analyze(module, shape, strict=True).figures
    assert (figures["macs"], figures["flops"]) == (macs, 2 * macs)
    assert figures["params"] == sum(parameter.numel() for parameter in module.parameters())


def test_macs_and_sums_of_baddbmm() -> None:
    def added(image: Tensor) -> Tensor:
        matrices = image.flatten(2)
        return torch.baddbmm(matrices[..., :3], matrices, matrices.mT)

    total = analyze(Of(added), (3, 4, 5)).total
    assert (total.macs, total.arithmetic) == (3 * 3 * 20, 3 * 3)


def test_what_else_is_computed() -> None:
    found = analyze(
        nn.Sequential(
            *(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), Gated(4)),
            *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10), nn.Softmax(1)),
        ),
        (3, 8, 8),
    )
    # path, macs, bias, norm, activation, arithmetic, pooling: of maps of 4 x 6 x 6, then of 4 x 3 x 3
    assert [(row.path, *vars(row.counts).values()) for row in found.rows[1:]] == [
        ("0", 144 * 27, 144, 0, 0, 0, 0),
        ("1", 0, 0, 144, 0, 0, 0),
        ("2", 0, 0, 0, 144, 0, 0),
        ("3", 0, 0, 0, 0, 0, 36 * 4),
        ("4.pool", 0, 0, 0, 0, 0, 36),
        ("4.mix.0", 8, 2, 0, 0, 0, 0),
        ("4.mix.1", 0, 0, 0, 2, 0, 0),
        ("4.mix.2", 8, 4, 0, 0, 0, 0),
        ("4.mix.3", 0, 0, 0, 4, 0, 0),
        ("4", 0, 0, 0, 0, 36, 0),
        ("5", 0, 0, 0, 0, 0, 36),
        ("6", 0, 0, 0, 0, 0, 0),
        ("7", 40, 10, 0, 0, 0, 0),
        ("8", 0, 0, 0, 10, 0, 0),
    ]
