"""Words for blocks of small networks: figures worked out by hand, and torch modules written by hand."""

from __future__ import annotations

import pytest
import torch
from examples.counted import assert_equal_to_torch_and_fvcore
from torch import Tensor, nn
from torch.nn import functional

from archsearch import analyze, parse
from archsearch.errors import NotationError
from archsearch.pytorch.build import build

PLAIN = "norm=none, activation=none"

# input, sentence, then worked out by hand: params, macs, norm_ops, activation_ops, arithmetic_ops, rf
FIGURES = [
    # 48 * 96 + 96, then 48 * 48 + 48, on 16 positions; 48 channels of each pass through silu, and are multiplied
    ((48, 4, 4), "gated(48)", 7_056, 16 * (4_608 + 2_304), 0, 768, 768, 1),
    # 12 * 16 + 16, then 8 * 20 + 20
    ((12, 4, 4), "gated(20, hidden=8)", 208 + 180, 16 * (192 + 160), 0, 128, 128, 1),
    # 12 * 49 + 12; without padding beyond the border there are still 49 products a unit
    ((12, 4, 4), f"dw(7, {PLAIN})", 600, 16 * 588, 0, 0, 0, 7),
    # two for each of 3 channels: 6 * 9, and 12 of the norm; 16 x 16 units
    ((3, 32, 32), "dw(stride=2, multiplier=2, bias=off)", 54 + 12, 256 * 54, 1_536, 1_536, 0, 3),
    ((3, 32, 32), f"dw(3, dilation=4, {PLAIN})", 30, 1024 * 27, 0, 0, 0, 9),
    # 3 * 8 + 8 and a scale and a shift for each of 8 channels
    ((3, 4, 4), "conv(8, kernel=1, norm=layer, activation=silu)", 32 + 16, 16 * 24, 128, 128, 0, 1),
    ((3, 4, 4), "sep(8, norm=layer, activation=gelu)", 30 + 32 + 16, 16 * (27 + 24), 128, 128, 0, 3),
    ((3, 4, 4), "norm() norm(layer)", 6 + 6, 0, 48 + 48, 0, 0, 1),
    ((3, 4, 4), "act() act(silu) act(gelu)", 0, 0, 0, 3 * 48, 0, 1),
    # 24 * 6 + 6, then 6 * 24 + 24; 6 through relu, 24 through sigmoid
    ((24, 4, 4), "se()", 150 + 168, 144 + 144, 0, 6 + 24, 384, 1),
    # no fewer than one channel: 3 * 1 + 1, then 1 * 3 + 3
    ((3, 4, 4), "se(reduction=8)", 4 + 6, 6, 0, 1 + 3, 48, 1),
]


@pytest.mark.parametrize(
    ("shape", "sentence", "params", "macs", "norms", "activations", "products", "rf"), FIGURES
)
def test_figures_worked_out_by_hand(
    shape: tuple[int, ...],
    sentence: str,
    params: int,
    macs: int,
    norms: int,
    activations: int,
    products: int,
    rf: int,
) -> None:
    figures = analyze(parse(sentence).lower(shape)).figures
    names = ("params", "macs", "norm_ops", "activation_ops", "arithmetic_ops", "rf")
    assert [figures[name] for name in names] == [params, macs, norms, activations, products, rf]


def test_parameters_and_macs_against_torch_and_fvcore() -> None:
    body = "dw(5, norm=layer, activation=silu) gated(12, hidden=20) se(reduction=5) norm(layer)"
    sentence = (
        f"conv(12, norm=layer, activation=gelu) residual({body}) dw(stride=2, multiplier=2) act(gelu) head()"
    )
    assert_equal_to_torch_and_fvcore(parse(sentence).lower((3, 12, 12)))


def test_what_se_sees_beside_the_local_path_is_named() -> None:
    found = analyze(parse("conv(24) se()").lower())
    assert found.figures["rf"] == 3
    assert found.first_global is not None
    assert (found.first_global.op, found.first_global.path) == ("avg global pool", "2")


def test_a_residual_counts_strides_through_the_words() -> None:
    network = parse("residual(dw(3, stride=2) se() norm(layer) gated(16) dw(stride=2) act(silu))")
    assert network.lower().nodes[-1].shape == (1, 16, 8, 8)


class Gated(nn.Module):
    def __init__(self, before: int, channels: int, hidden: int) -> None:
        super().__init__()
        self.widen, self.narrow = nn.Conv2d(before, 2 * hidden, 1), nn.Conv2d(hidden, channels, 1)

    def forward(self, image: Tensor) -> Tensor:
        first, second = self.widen(image).chunk(2, 1)
        mixed: Tensor = self.narrow(functional.gelu(first) * second)
        return mixed


class SqueezeExcitation(nn.Module):
    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.squeeze, self.excite = nn.Linear(channels, squeezed), nn.Linear(squeezed, channels)

    def forward(self, image: Tensor) -> Tensor:
        factors = self.excite(self.squeeze(image.mean((2, 3))).relu()).sigmoid()
        scaled: Tensor = image * factors[:, :, None, None]
        return scaled


class NormedConvolution(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(6, 8, 3, padding=1), nn.LayerNorm(8)

    def forward(self, image: Tensor) -> Tensor:
        normed: Tensor = self.norm(self.convolution(image).permute(0, 2, 3, 1))
        return functional.silu(normed.permute(0, 3, 1, 2))


BY_HAND = [
    ("gated(8, hidden=5, activation=gelu)", Gated(6, 8, 5)),
    ("se(reduction=2)", SqueezeExcitation(6, 3)),
    ("conv(8, norm=layer, activation=silu)", NormedConvolution()),
    (f"dw(multiplier=2, {PLAIN})", nn.Conv2d(6, 12, 3, padding=1, groups=6)),
]


@pytest.mark.parametrize(("sentence", "expected"), BY_HAND, ids=[sentence for sentence, _module in BY_HAND])
def test_a_module_computes_what_one_written_by_hand_does(sentence: str, expected: nn.Module) -> None:
    module = build(parse(sentence).lower((6, 5, 7)))
    with torch.no_grad():
        for ours, theirs in zip(module.parameters(), expected.parameters(), strict=True):
            theirs.copy_(ours.normal_().view_as(theirs))
    image = torch.randn(2, 6, 5, 7)
    torch.testing.assert_close(module(image), expected(image))


# sentence, the error
REFUSED = [
    ("sep(8, activation=tanh)", "activation of `sep` is tanh; it must be one of relu, silu, gelu, none"),
    ("norm(none)", "kind of `norm` is none; it must be one of batch, layer"),
    ("act(kind=none)", "kind of `act` is none; it must be one of relu, silu, gelu"),
    ("gated(8, activation=none)", "activation of `gated` is none; it must be one of relu, silu, gelu, sigmoid"),
    ("gated()", "`gated` needs `channels`"),
    ("dw(2)", "with kernel=2, `dw` needs `padding`"),
]


@pytest.mark.parametrize(("sentence", "message"), REFUSED)
def test_what_is_refused(sentence: str, message: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse(sentence)
    assert caught.value.message == message
