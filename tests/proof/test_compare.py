"""Our MACs beside fvcore's and torch's: every figure and every cause worked out by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from examples.from_torchvision import torchvision_models
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import flop_registry

from archsearch.analyzer import analyze
from archsearch.errors import ArchsearchError
from archsearch.graph.shapes import Shape
from archsearch.proof.compare import MACS, Comparison, FamilyCounts, compare

TORCH_COUNTS_FUSED_ATTENTION = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu in flop_registry
"""torch 2.13 does not, 2.15 does."""


class Computes(nn.Module):
    """A function of the image and of parts: layers, and parameters of ones by their shape."""

    def __init__(self, function: Callable[..., Any], *layers: nn.Module, weight: Shape = ()) -> None:
        super().__init__()
        self.function, self.layers = function, nn.ModuleList(layers)
        self.weight = nn.Parameter(torch.ones(weight)) if weight else None

    def forward(self, image: Tensor) -> Any:
        weights = [] if self.weight is None else [self.weight]
        return self.function(image, *self.layers, *weights)


class Product(nn.Module):
    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        return first @ second


def compared(module: nn.Module, *input_shape: int) -> Comparison:
    return compare(module, input_shape, analyze(module, input_shape))


def convolutional() -> nn.Module:
    convolution = nn.Conv2d(3, 4, 3, padding=1)
    return nn.Sequential(convolution, nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10))


def self_attention() -> nn.Module:
    attention = nn.MultiheadAttention(16, 2, batch_first=True)
    return Computes(lambda image, layer: layer(image, image, image, need_weights=False)[0], attention)


def test_a_convolutional_net_reads_as_a_table() -> None:
    # 8 * 8 * 4 units of 3 * 9 taps, 4 * 10 weights; 8 * 8 * 4 elements normed, then pooled.
    assert str(compared(convolutional(), 3, 8, 8)).splitlines() == [
        "family          ours  fvcore  torch",
        "convolution    6,912   6,912  6,912",
        "linear            40      40     40",
        "norm             256     512",
        "pooling          256     256",
        "MACs in total  6,952   6,952  6,952",
        "",
        "no difference in MACs",
        "fvcore adds 256 for adaptive avg pool2d, 1 for each element, which is no multiply-accumulate",
        "fvcore adds 512 for batch norm, 2 for each element, which is no multiply-accumulate",
    ]


shared = nn.Conv2d(3, 3, 3, padding=1)

# A module, its input, its one family, and the MACs by hand, on which all three agree.
AGREED: list[tuple[nn.Module, Shape, str, int]] = [
    # Each of the 4 * 8 * 8 inputs goes, within its group, to 3 channels through 9 taps.
    (nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2), (4, 8, 8), "convolution", 4 * 64 * 3 * 9),
    (nn.Conv2d(4, 4, 3, groups=4), (4, 8, 8), "convolution", 36 * 4 * 9),
    # Parameters used again cost again.
    (nn.Sequential(shared, nn.ReLU(), shared), (3, 8, 8), "convolution", 2 * 64 * 3 * 27),
    (nn.Sequential(shared, nn.Sequential(shared)), (3, 8, 8), "convolution", 2 * 64 * 3 * 27),
    (Computes(lambda image: image @ image.transpose(1, 2)), (5, 16), "matrix product", 5 * 5 * 16),
    # A submodule reads a view of a parameter of the module around it.
    (
        Computes(lambda image, part, weight: part(image, weight.expand(1, -1, -1)), Product(), weight=(1, 16, 8)),
        (5, 16),
        "matrix product",
        5 * 16 * 8,
    ),
]


@pytest.mark.parametrize(("module", "shape", "family", "macs"), AGREED)
def test_all_agree(module: nn.Module, shape: Shape, family: str, macs: int) -> None:
    found = compared(module, *shape)
    assert found == Comparison((FamilyCounts(family, macs, macs, macs),), ())
    assert str(found).endswith("\n\nno difference in MACs")


# A module, its input, and the sentences that its differences make.
EXPLAINED: list[tuple[nn.Module, Shape, list[str]]] = [
    # 5 tokens of the image, and 5 of weights alone, of 16 features to 4: all three count both.
    (
        Computes(lambda image, layer, weight: layer(image) + layer(weight), nn.Linear(16, 4), weight=(5, 16)),
        (5, 16),
        ["of ours, 320 MACs are of weights alone, which the figure `macs` leaves out"],
    ),
    (
        nn.Sequential(*[nn.Conv2d(1, 1, 3, padding="same") for _ in range(5)]),
        (1, 8, 8),
        [
            "fvcore counts 2,880 less for convolution: fvcore has no formula for _convolution_mode, "
            "at 0, 1, 2, and 2 more"
        ],
    ),
    # 4 products of 3 x 5 by 5 x 16, of which fvcore sees the first, 3 x 5, without a batch.
    (
        Computes(lambda image, weight: weight @ image, weight=(3, 5)),
        (4, 5, 16),
        [
            "fvcore counts 720 less for matrix product: fvcore takes the batch of a matmul from its first "
            "operand, which is broadcast here, at the module itself",
            "torch counts 960 more for linear: archsearch counts it as matrix product (contract), "
            "at the module itself",
            "torch counts 960 less for matrix product: torch counts it as linear (mm), at the module itself",
        ],
    ),
    # 123 * 123 * 77 is 1,164,933, to four digits 1,165,000.
    (
        Computes(lambda image: torch.einsum("bnc,bmc->bnm", image, image)),
        (123, 77),
        [
            "fvcore counts 67 more for matrix product: fvcore takes an einsum's MACs from numpy, to four digits, "
            "half for an outer product, at the module itself"
        ],
    ),
    # A bias that depends on the image: 6 * 6 * 3 units of 27 taps that only the others count.
    (
        Computes(lambda image: functional.conv2d(image, torch.ones(3, 3, 3, 3), image.mean((0, 2, 3)))),
        (3, 8, 8),
        [
            f"{tool} counts 2,916 more for convolution: archsearch has no formula for conv2d, at the module itself"
            for tool in ("fvcore", "torch")
        ],
    ),
    # What nothing reads is run by torch, and is in neither trace.
    (
        Computes(lambda image, one, other: (one(image), other(image))[0], nn.Linear(16, 4), nn.Linear(16, 4)),
        (5, 16),
        ["torch counts 320 more for linear: torch counts addmm where archsearch counts nothing, at layers.1"],
    ),
    (
        Computes(lambda image, layer: layer(image)[0], nn.LSTM(16, 8, batch_first=True)),
        (5, 16),
        # 5 steps of 32 gates that each read 16 + 8 features.
        [
            "fvcore counts 3,840 less for matrix product: fvcore has no formula for lstm, at layers.0",
            "torch counts 3,840 less for matrix product: this release of torch has no formula for the operation "
            "that computes it on this device, at layers.0",
        ],
    ),
    (
        nn.LayerNorm(16),
        (5, 16),
        ["fvcore adds 400 for layer norm, 5 for each element, which is no multiply-accumulate"],
    ),
    (
        nn.Upsample(scale_factor=2, mode="bilinear"),
        (1, 4, 4),
        ["fvcore adds 256 for upsample bilinear2d, which is no multiply-accumulate"],
    ),
]


@pytest.mark.parametrize(("module", "shape", "sentences"), EXPLAINED)
def test_each_difference_is_explained(module: nn.Module, shape: Shape, sentences: list[str]) -> None:
    assert list(compared(module, *shape).differences) == sentences


class Scaled(nn.Module):
    """Takes an argument by its name alone, behind one that is not given."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(16, 4)

    def forward(self, image: Tensor, mask: Tensor | None = None, *, scale: Tensor) -> Tensor:
        seen: Tensor = self.layer(image)
        return (seen if mask is None else seen.transpose(1, 2) @ mask) * scale


def test_an_input_that_is_given_by_name() -> None:
    given = {"image": (5, 16), "scale": (5, 4)}
    found = compare(Scaled(), given, analyze(Scaled(), given))
    assert found == Comparison((FamilyCounts("linear", 320, 320, 320),), ())


def test_who_counts_fused_attention() -> None:
    found = compared(self_attention(), 5, 16)
    # 2 heads of 5 * 5 pairs of 8 features, once for the pairs and once for their values.
    assert found.rows == (
        FamilyCounts("linear", 5120, 5120, 5120),
        FamilyCounts("attention", 800, None, 800 if TORCH_COUNTS_FUSED_ATTENTION else None),
    )
    fvcore, *others = found.differences
    assert fvcore == (
        "fvcore counts 800 less for attention: fvcore has no formula for scaled_dot_product_attention, at layers.0"
    )
    assert others == [
        "torch counts 800 less for attention: this release of torch has no formula for the operation "
        "that computes it on this device, at layers.0"
    ] * (not TORCH_COUNTS_FUSED_ATTENTION)


def test_a_mask_makes_torch_compute_attention_by_matrix_products() -> None:
    masked = Computes(
        lambda image, mask: functional.scaled_dot_product_attention(image, image, image, attn_mask=mask),
        weight=(5, 5),
    )
    found = compared(masked, 2, 5, 16)
    assert sum(row.ours or 0 for row in found.rows) == 2 * 5 * 5 * 16 * 2
    assert sum(row.torch or 0 for row in found.rows) == 2 * 5 * 5 * 16 * 2


def test_a_tool_that_fails_is_said_and_leaves_nothing_behind() -> None:
    # fvcore cannot read the shape of a product with a vector.
    module = nn.Sequential(nn.Linear(16, 8), Computes(lambda image, weight: image @ weight, weight=(8,)))
    found = compared(module, 5, 16)
    assert found.rows == (FamilyCounts("linear", 640, None, 640), FamilyCounts("matrix product", 40, None, None))
    assert found.differences == (
        "fvcore fails on this module: IndexError: list index out of range",
        "torch counts 40 less for matrix product: this release of torch has no formula for the operation that "
        "computes it on this device, at 1",
    )
    assert "no difference" not in str(found)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


def test_a_module_is_left_as_it_was() -> None:
    module = convolutional()
    module[1].eval()  # type: ignore[index]
    module[1].requires_grad_(requires_grad=False)  # type: ignore[index]
    before = {name: value.clone() for name, value in module.state_dict().items()}
    modes = [part.training for part in module.modules()]
    trained = [one.requires_grad for one in module.parameters()]
    compared(module, 3, 8, 8)
    assert modes == [part.training for part in module.modules()]
    assert trained == [one.requires_grad for one in module.parameters()] == [True, True, False, False, True, True]
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


def test_fvcore_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fvcore.nn", None)
    with pytest.raises(ArchsearchError, match="--compare needs fvcore\n  pip install fvcore"):
        compared(nn.Conv2d(3, 4, 3), 3, 8, 8)


def test_transformers_of_torchvision() -> None:
    models = torchvision_models()
    # 2 layers, 2 heads of 8 features, 5 * 5 pairs of 4 patches and the class.
    found = compared(models.VisionTransformer(16, 8, 2, 2, 16, 32), 3, 16, 16)
    assert [(row.ours, row.fvcore) for row in found.rows if row.family == "attention"] == [(1600, None)]
    swin = models.swin_transformer
    module = swin.SwinTransformer(
        patch_size=[2, 2],
        embed_dim=8,
        depths=[2, 1],
        num_heads=[1, 2],
        window_size=[4, 4],
        block=swin.SwinTransformerBlockV2,
        downsample_layer=swin.PatchMergingV2,
    )
    found = compared(module, 3, 32, 32)
    assert all(row.ours == row.fvcore == row.torch for row in found.rows if row.family in MACS)
