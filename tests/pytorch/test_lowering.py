"""Operations of real models that are lowered to ours: figures by hand, sets held against the oracles."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from examples.modules import Of
from torch import Tensor, nn
from torch.ao.nn import qat
from torch.ao.quantization import get_default_qat_qconfig
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from archsearch import analyze
from archsearch.proof.prove import prove
from archsearch.pytorch.trace import trace

UPPER = "rf is an upper bound"

# The function of an image of 3x4x5, its MACs; None where they are those of torch's counter
PRODUCTS: dict[str, tuple[Callable[[Tensor], Tensor], int | None]] = {
    "matmul with a vector": (lambda image: image @ torch.ones(5), 3 * 4 * 5),
    "matmul of a vector": (lambda image: torch.ones(4) @ image, 3 * 5 * 4),
    "two vectors": (lambda image: (image[0, 0, 0] @ image[0, 1, 1]).reshape(1, 1), 5),
    "mv": (lambda image: torch.mv(image[0, 0], torch.ones(5)), 4 * 5),
    "dot": (lambda image: torch.dot(image[0, 0, 0], image[0, 0, 1]).reshape(1, 1), 5),
    "outer": (lambda image: torch.outer(image[0, 0, 0], image[0, 1, 0]), 5 * 5),
    "inner": (lambda image: torch.inner(image, torch.ones(7, 5)), 3 * 4 * 7 * 5),
    "addmm of three maps": (
        lambda image: torch.addmm(image[0, 0], image[0, 1, :, :2], image[0, 2, :2]),
        4 * 2 * 5,
    ),
    "bilinear": (
        lambda image: functional.bilinear(image, image[:, :, :, 1:], torch.ones(2, 5, 4), torch.ones(2)),
        # 12 positions, for each of which the weight times one vector is multiplied with the other.
        12 * (2 * 5 * 4 + 2 * 4),
    ),
    "tensordot": (lambda image: torch.tensordot(image, torch.ones(3, 7), dims=([1], [0])), None),
    "tensordot over two dims": (lambda image: torch.tensordot(image, image, dims=([1, 2], [1, 2])), None),
    "einsum with dots": (lambda image: torch.einsum("...ij,...jk->...ik", image, image.mT), None),
    "einsum with dots before fewer": (lambda image: torch.einsum("...j,jk", image, torch.ones(5, 2)), None),
    "einsum without a result": (lambda image: torch.einsum("bcij,bcjk", image, image.mT), None),
    "einsum in alphabetical order": (lambda image: torch.einsum("zcij,jA", image, torch.ones(5, 2)), None),
    "einsum of three": (
        lambda image: torch.einsum("bchw,wv,hu->bcuv", image, torch.ones(5, 2), torch.ones(4, 3)),
        3 * 4 * 5 * 2 + 3 * 4 * 2 * 3,
    ),
    "einsum of one": (lambda image: torch.einsum("bchw->bwc", image), 0),
    "einsum along a diagonal": (lambda image: torch.einsum("bcii->bci", image[..., :4]), 0),
    "a trace": (lambda image: torch.einsum("bcii,cd->bd", image[..., :4], torch.ones(3, 2)), 4 * 3 * 2),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products(name: str) -> None:
    function, macs = PRODUCTS[name]
    traced = trace(Of(function), (3, 4, 5))
    found = analyze(traced.graph, strict=True)
    if macs is None:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            function(torch.zeros(1, 3, 4, 5))
        macs = counter.get_total_flops() // 2
    assert found.figures["macs"] == macs
    proof = prove(traced, max(traced.steps))
    assert proof.holds, str(proof)


def unpooled(image: Tensor, pool: nn.Module, unpool: nn.Module) -> Tensor:
    seen, indices = pool(image)
    given: Tensor = unpool(seen.relu(), indices, output_size=image.shape[-2:])
    return given


def unpooled_line(image: Tensor) -> Tensor:
    seen, indices = functional.max_pool1d(image[:, :, 0], 2, return_indices=True)
    return functional.max_unpool1d(seen, indices, [2])


PIXELS = torch.tensor([[[[0, 1, 2], [1, 2, 3]]]])
ROW = torch.tensor([[[[5]]]])
UNPOOLED = Of(unpooled, nn.MaxPool2d(3, 2, 1, return_indices=True), nn.MaxUnpool2d(3, 2, 1))

# The function of a map of 3x8x8 after a 3 x 3 convolution, its layers, the shape of what it gives, rf, notes on it
MOVED = {
    "unfold": ((nn.Unfold(3, padding=1, stride=2),), (27, 16), 5, ()),
    "unfold with dilation": ((nn.Unfold(2, dilation=3),), (12, 25), 6, ()),
    "unfold of patches": ((nn.Unfold(2, stride=2),), (12, 16), 3, ()),
    # Windows that overlap are summed, and no longer told apart.
    "fold of unfold": ((nn.Unfold(3, padding=1), nn.Fold((8, 8), 3, padding=1)), (3, 8, 8), 7, (UPPER,)),
    "fold of patches": ((nn.Unfold(2, stride=2), nn.Fold((8, 8), 2, stride=2)), (3, 8, 8), 3, ()),
    "Tensor.unfold": ((Of(lambda image: image.unfold(2, 3, 2).unfold(3, 3, 1)),), (3, 3, 6, 3, 3), 5, ()),
    "Tensor.unfold of channels": ((Of(lambda image: image.unfold(1, 2, 1)),), (2, 8, 8, 2), 3, ()),
    "index of rows": ((Of(lambda image: image[:, :, [3, 0, 7, 1]]),), (3, 4, 8), None, ()),
    "index of rows in pairs": ((Of(lambda image: image[:, :, [0, 1, 4, 5]]),), (3, 4, 8), 3, ()),
    "index of channels": ((Of(lambda image: image[:, [2, 0, 1, 1]]),), (4, 8, 8), 3, ()),
    "index of every second row": ((Of(lambda image: image[:, :, [0, 2, 4, 6]]),), (3, 4, 8), 3, ()),
    "index of pixels": ((Of(lambda image: image[:, :, [0, 5, 2], [3, 3, 1]]),), (3, 3), None, ()),
    "index of a grid": ((Of(lambda image: image[:, :, [[0], [5]], [[7, 1, 3]]]),), (3, 2, 3), None, ()),
    "index with a slice between": ((Of(lambda image: image[:, [0, 2], :, [3, 1]]),), (2, 1, 8), None, ()),
    "index of one row": ((Of(lambda image: image[:, :, torch.tensor(-2)]),), (3, 8), 3, ()),
    "index_select": ((Of(lambda image: image.index_select(1, torch.tensor([2, 2, 0]))),), (3, 8, 8), 3, ()),
    "an index that is computed": ((Of(lambda image: image[:, :, torch.arange(8).flip(0)]),), (3, 8, 8), 3, ()),
    "gather": ((Of(lambda image: image.gather(2, PIXELS)),), (1, 2, 3), 3, ()),
    "gather alike": ((Of(lambda image: image.gather(3, PIXELS[0, 0, 0].expand(1, 3, 8, 3))),), (3, 8, 3), 3, ()),
    "take": ((Of(lambda image: image.take(torch.tensor([[3, 60], [100, 5]]))),), (2, 2), None, ()),
    "take_along_dim": (
        (Of(lambda image: torch.take_along_dim(image, PIXELS[:, :, :1, :1], 2)),),
        (3, 1, 8),
        3,
        (),
    ),
    "repeat_interleave of rows": ((Of(lambda image: image.repeat_interleave(3, 2)),), (3, 24, 8), 3, ()),
    "repeat_interleave of channels": ((Of(lambda image: image.repeat_interleave(2, dim=1)),), (6, 8, 8), 3, ()),
    "repeat_interleave of all": ((Of(lambda image: image[:, :, 0].repeat_interleave(2)),), (48,), None, ()),
    "type_as": ((Of(lambda image: image[:, :, :1].type_as(image)),), (3, 1, 8), 3, ()),
    # Windows of 2 that begin from 0 to 6: 4 of them every 2 units, 5 of them every 3/2, rounded down or up.
    "fractional pooling by half": ((nn.FractionalMaxPool2d(2, 4),), (3, 4, 4), 4, ()),
    "fractional pooling": ((nn.FractionalMaxPool2d(2, 5),), (3, 5, 5), 5, (UPPER,)),
    "fractional pooling to one": ((nn.FractionalMaxPool2d(3, (1, 3)),), (3, 1, 3), 5, (UPPER,)),
    # A position is read through both windows that cover it: 3 + 2, after the convolution's 3.
    "max-unpooling": (
        (Of(unpooled, nn.MaxPool2d(3, 2, 1, return_indices=True), nn.MaxUnpool2d(3, 2, 1)),),
        (3, 8, 8),
        7,
        (),
    ),
    # A row alone: what it sees of the height is less than the 3 + 1 of its width.
    "max-unpooling of a line": ((Of(unpooled_line),), (3, 8), 3, ()),
}


@pytest.mark.parametrize("name", MOVED)
def test_what_moves_elements(name: str) -> None:
    layers, shape, rf, notes = MOVED[name]
    torch.manual_seed(0)
    traced = trace(nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), *layers), (3, 8, 8))
    found = analyze(traced.graph, strict=True)
    row = found.rows[-1]
    assert (row.shape, row.rf, row.notes) == (shape, rf, notes)
    assert found.figures["macs"] == 64 * 3 * 27
    proof = prove(traced, max(traced.steps))
    assert proof.holds, str(proof)
    assert ("the analyzer calls its sets here an upper bound" in proof.unsure) == (UPPER in notes)


def test_a_convolution_by_unfold_sees_what_a_convolution_does() -> None:
    def convolved(image: Tensor, weights: nn.Module) -> Tensor:
        columns = functional.unfold(image, 3, dilation=2, padding=2, stride=2)
        found: Tensor = weights(columns.transpose(1, 2)).transpose(1, 2).reshape(1, 4, 5, 4)
        return found

    unfolded = analyze(Of(convolved, nn.Linear(27, 4)), (3, 9, 8), strict=True)
    plain = analyze(nn.Conv2d(3, 4, 3, 2, 2, 2), (3, 9, 8))
    assert unfolded.rows[-1].axis_fields == plain.rows[-1].axis_fields
    assert [unfolded.figures[name] for name in ("macs", "params")] == [
        plain.figures[name] for name in ("macs", "params")
    ]


def codebook(image: Tensor, codes: nn.Embedding) -> Tensor:
    """The nearest of seven codes for each pixel."""
    apart = (image.movedim(1, -1)[..., None, :] - codes.weight).square().sum(-1)
    picked: Tensor = codes(apart.argmin(-1)).movedim(-1, 1)
    return picked


def broadcast(image: Tensor) -> Tensor:
    one, other = torch.broadcast_tensors(image, image[:, :, :1])  # type: ignore[no-untyped-call]
    found: Tensor = one + other
    return found


# The function of a map of 3x8x8 after a 3 x 3 convolution, its layers, the shape of what it gives, rf
PICKED = {
    "broadcast": ((Of(broadcast),), (3, 8, 8), None),
    "embedding of an argmax": ((Of(lambda x, e: e(x.argmax(1)), nn.Embedding(3, 6)),), (8, 8, 6), 3),
    "codes": ((Of(codebook, nn.Embedding(7, 3)),), (3, 8, 8), 3),
    "median": ((Of(lambda x: x - x.median(1, keepdim=True).values),), (3, 8, 8), 3),
    "median of all": ((Of(lambda x: x - x.median()),), (3, 8, 8), 3),
    "argmin": ((Of(lambda x: x * x.argmin(2, keepdim=True)),), (3, 8, 8), 3),
    "any": ((Of(lambda x: x * (x > 0).any(1, keepdim=True)),), (3, 8, 8), 3),
    "all": ((Of(lambda x: x * (x > 0).all()),), (3, 8, 8), 3),
    "softsign": ((nn.Softsign(),), (3, 8, 8), 3),
}


@pytest.mark.parametrize("name", PICKED)
def test_what_picks_by_values(name: str) -> None:
    layers, shape, rf = PICKED[name]
    traced = trace(nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), *layers), (3, 8, 8))
    row = analyze(traced.graph, strict=True).rows[-1]
    assert row.shape == shape
    assert rf is None or row.rf == rf
    proof = prove(traced, max(traced.steps))
    assert (proof.holds, proof.bound) == (True, False), str(proof)


def test_an_index_that_is_drawn_or_seen_is_named() -> None:
    for function in (lambda image: image[:, :, torch.randperm(8)], lambda image: image[0, 0][image[0].argmax(1)]):
        assert analyze(Of(function), (3, 8, 8)).unknown == ("aten.index.Tensor",)


def test_along_the_dim_that_a_single_number_has_not() -> None:
    for name, function in (
        ("aten.index_select.default", lambda image: image + image.mean().index_select(0, torch.tensor([0]))),
        ("aten.unfold.default", lambda image: image + image.mean().unfold(0, 1, 1)),
    ):
        assert analyze(Of(function), (3, 8, 8)).unknown == (name,)


# A layer that resizes 1x8x12, then rf by hand: a filter of linear or cubic shape over so many input pixels
ANTIALIASED = [
    # Within 2 of a place between two pixels there are 4; within 4 there are 8, those at 2 and 4 with weight 0.
    ("bilinear", {"size": (4, 6)}, 4),
    ("bicubic", {"size": (4, 6)}, 8),
    # Within 3 of a pixel: 5, as those at 3 have weight 0.
    ("bilinear", {"scale_factor": (1 / 3, 1 / 3)}, 5),
    # Larger maps are not filtered.
    ("bilinear", {"size": (16, 24)}, 2),
    ("bicubic", {"size": (9, 13), "align_corners": True}, 4),
]


@pytest.mark.parametrize(("mode", "arguments", "rf"), ANTIALIASED)
def test_antialiased_resizing(mode: str, arguments: dict[str, object], rf: int) -> None:
    resize = Of(lambda image: functional.interpolate(image, mode=mode, antialias=True, **arguments))  # type: ignore[arg-type]
    traced = trace(resize, (1, 8, 12))
    assert analyze(traced.graph, strict=True).figures["rf"] == rf
    proof = prove(traced, max(traced.steps))
    assert proof.holds, str(proof)


@pytest.mark.parametrize("channels", [False, True])
def test_fake_quantisation_is_elementwise(channels: bool) -> None:
    def quantised(image: Tensor, convolve: nn.Module) -> Tensor:
        if channels:
            scale, zero = torch.ones(3), torch.zeros(3, dtype=torch.int32)
            image = torch.fake_quantize_per_channel_affine(image, scale, zero, 1, 0, 255)
        else:
            image = torch.fake_quantize_per_tensor_affine(image, 0.1, 0, 0, 255)
        seen: Tensor = convolve(image)
        return seen

    traced = trace(Of(quantised, nn.Conv2d(3, 4, 3)), (3, 8, 8))
    found = analyze(traced.graph, strict=True)
    assert (found.figures["rf"], found.figures["activation_ops"]) == (3, 3 * 8 * 8)
    proof = prove(traced)
    assert proof.is_complete
    assert ["NaNs do not show" in line for line in proof.unsure] == [True]


@pytest.mark.filterwarnings("ignore:Please use quant_min and quant_max", "ignore:.*torch.ao.quantization")
def test_a_convolution_trained_for_quantisation() -> None:
    config = get_default_qat_qconfig("fbgemm")  # type: ignore[no-untyped-call]
    module = nn.Sequential(qat.Conv2d(3, 4, 3, qconfig=config), config.activation())
    found = analyze(module, (3, 8, 8), strict=True)
    assert (found.figures["rf"], found.figures["params"], found.figures["macs"]) == (3, 112, 36 * 4 * 27)
