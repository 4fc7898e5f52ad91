"""The two oracles of what units depend on: against sets worked out by hand, and against each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from archsearch.errors import TraceError
from archsearch.proof.oracles import SetsByAxis, by_gradients, by_nans, nan_blind
from archsearch.pytorch.program import Program


class Computes(nn.Module):
    """A function of the image and of layers."""

    def __init__(self, function: Callable[..., Any], *layers: nn.Module) -> None:
        super().__init__()
        self.function, self.layers = function, nn.ModuleList(layers)

    def forward(self, image: Tensor) -> Any:
        return self.function(image, *self.layers)


def tokens(image: Tensor) -> Tensor:
    return image.flatten(2).transpose(1, 2)


def transposed_between_convolutions() -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(1, 1, 3, stride=2, padding=1),
        nn.ConvTranspose1d(1, 1, 3, stride=2, padding=1, output_padding=1),
        nn.Conv1d(1, 1, 3, padding=1),
    )


def squeeze_and_excitation(image: Tensor, squeeze: nn.Module, excite: nn.Module) -> Any:
    scale = functional.adaptive_avg_pool2d(image, 1)
    return image * excite(squeeze(scale).relu()).sigmoid()


# A module, the length of its input, and for each unit the positions that it sees, all worked out by hand.
BY_HAND: list[tuple[nn.Module, int, list[set[int]]]] = [
    (nn.Conv1d(1, 1, 3, padding=1), 5, [{0, 1}, {0, 1, 2}, {1, 2, 3}, {2, 3, 4}, {3, 4}]),
    (nn.Conv1d(1, 1, 3, dilation=2), 6, [{0, 2, 4}, {1, 3, 5}]),
    (nn.Conv1d(1, 1, 3, padding="same", dilation=2), 4, [{0, 2}, {1, 3}, {0, 2}, {1, 3}]),
    # A strided kernel of 1 passes over every second position for good.
    (nn.Sequential(nn.Conv1d(1, 1, 1, stride=2), nn.Conv1d(1, 1, 3, padding=1)), 6, [{0, 2}, {0, 2, 4}, {2, 4}]),
    (
        nn.Conv1d(1, 1, 3, padding=1, padding_mode="circular"),
        5,
        [{4, 0, 1}, {0, 1, 2}, {1, 2, 3}, {2, 3, 4}, {3, 4, 0}],
    ),
    (nn.Conv1d(1, 1, 3, padding=1, padding_mode="reflect"), 3, [{0, 1}, {0, 1, 2}, {1, 2}]),
    # Even units read three units of the map at half resolution, odd ones two: 7 and 5 positions.
    (
        transposed_between_convolutions(),
        8,
        [
            {0, 1, 2, 3},
            {*range(4)},
            {*range(6)},
            {*range(1, 6)},
            {*range(1, 8)},
            {*range(3, 8)},
            {*range(3, 8)},
            {5, 6, 7},
        ],
    ),
    (nn.MaxPool1d(3, stride=1, dilation=2), 6, [{0, 2, 4}, {1, 3, 5}]),
    (nn.MaxPool1d(3, stride=2, padding=1, ceil_mode=True), 6, [{0, 1}, {1, 2, 3}, {3, 4, 5}, {5}]),
    (nn.AdaptiveMaxPool1d(2), 5, [{0, 1, 2}, {2, 3, 4}]),
    (nn.AvgPool1d(2), 5, [{0, 1}, {2, 3}]),
    (nn.Upsample(scale_factor=2), 3, [{0}, {0}, {1}, {1}, {2}, {2}]),
    (Computes(lambda image: image.roll(1, 2).flip(2)), 4, [{2}, {1}, {0}, {3}]),
    (Computes(lambda image: torch.cat([image[..., 2:], image[..., :1]], 2)), 4, [{2}, {3}, {0}]),
    (Computes(lambda image: image.chunk(2, 2)[1].relu()), 4, [{2}, {3}]),
    (Computes(lambda image: image[0, 0] + image.amax()), 2, [{0, 1}] * 2),
    (nn.Softmax(dim=2), 3, [{0, 1, 2}] * 3),
    (Computes(lambda image: image * 0 - image), 2, [{0}, {1}]),
    (Computes(torch.zeros_like), 2, [set(), set()]),
]


@pytest.mark.parametrize(("module", "length", "expected"), BY_HAND)
def test_sets_worked_out_by_hand(module: nn.Module, length: int, expected: list[set[int]]) -> None:
    gradients, nans = both(module, (1, length))
    assert positions(gradients) == [expected]
    assert nans == gradients


def test_every_axis_has_its_sets() -> None:
    flat = nn.Conv2d(2, 3, (3, 1), stride=(1, 2))
    solid = nn.Conv3d(1, 1, (1, 2, 3))
    rows = [{0, 1, 2}, {1, 2, 3}]
    # Any row can depend on every second column, and on no other.
    for sets in both(flat, (2, 4, 5), dim=2):
        assert positions(sets) == [rows, [{0, 2, 4}] * 2]
    for sets in both(solid, (1, 2, 3, 4), dim=4):
        assert positions(sets) == [[{0, 1}] * 2, [{0, 1, 2}] * 2, rows]


def test_the_image_depends_on_itself() -> None:
    program = Program.of(nn.ReLU(), (1, 3))
    assert by_gradients(program, program.image, 2) == (by_nans(program, program.image, 2, 0),) == ((1, 2, 4),)


@pytest.mark.parametrize(
    ("module", "dim"),
    [
        (Computes(squeeze_and_excitation, nn.Conv2d(4, 2, 1), nn.Conv2d(2, 4, 1)), 3),
        (
            Computes(
                lambda image, mix: mix(*[tokens(image)] * 3)[0], nn.MultiheadAttention(4, 2, batch_first=True)
            ),
            1,
        ),
        (
            Computes(
                lambda image, encode: encode(tokens(image)), nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
            ),
            1,
        ),
        (nn.GroupNorm(2, 4), 3),
        (nn.InstanceNorm2d(4), 3),
        (nn.BatchNorm2d(4, track_running_stats=False), 3),
        (nn.Sequential(nn.Flatten(), nn.Linear(100, 3)), 1),
        (Computes(lambda image: torch.einsum("nchw,ndhw->ncd", image, image)), 2),
    ],
)
def test_what_sees_everything(module: nn.Module, dim: int) -> None:
    gradients, nans = both(module, (4, 5, 5), dim)
    assert nans == gradients
    assert {*gradients[0], *gradients[1]} == {0b11111}


def shuffled(image: Tensor, first: nn.Module, second: nn.Module) -> Tensor:
    """Half of the channels goes through a convolution, as in ShuffleNet."""
    left, right = image.chunk(2, 1)
    return functional.channel_shuffle(torch.cat([first(left), second(right)], 1), 2)


def shifted_windows(image: Tensor, queries: nn.Module) -> Any:
    """Attention within windows of 3 x 3 that are shifted by one, as in Swin."""
    windows = image.roll((-1, -1), (2, 3)).reshape(1, 4, 3, 3, 3, 3).permute(0, 2, 4, 3, 5, 1).reshape(9, 9, 4)
    query, key, value = queries(windows).chunk(3, -1)
    mixed = (query @ key.transpose(1, 2) + torch.full((9, 9), -100.0).tril()).softmax(-1) @ value
    back = mixed.reshape(1, 3, 3, 3, 3, 4).permute(0, 5, 1, 3, 2, 4).reshape(1, 4, 9, 9)
    return image + back.roll((1, 1), (2, 3))


def arithmetic(image: Tensor) -> Tensor:
    right = image[..., 1:]
    left = image[..., :-1].clone()
    left[:, :2] = 0
    ratio = functional.normalize(left, dim=1) / (1 + right.square())
    spread = ratio.std(1, keepdim=True) + right.amax(1, keepdim=True) + left.max(1, keepdim=True).values
    return torch.maximum(spread, right.logsumexp(1, keepdim=True).clamp(0, 1)) - left.abs().sqrt()


@pytest.mark.parametrize(
    "module",
    [
        nn.Sequential(
            nn.Conv2d(4, 8, 3, 2, 1, groups=2),
            nn.BatchNorm2d(8),
            nn.Hardswish(),
            nn.MaxPool2d(3, 2, 1, dilation=1),
        ),
        nn.Sequential(nn.MaxPool2d((3, 2), (2, 1), (1, 0), (2, 3), ceil_mode=True), nn.Dropout(), nn.GELU()),
        nn.Sequential(nn.Conv2d(4, 6, 3, dilation=2, padding=2), nn.GLU(1), nn.PReLU(3), nn.LPPool2d(2, 2)),
        nn.Sequential(nn.ConvTranspose2d(4, 4, 3, 2, 1, 1, groups=2), nn.AdaptiveAvgPool2d((None, 4))),
        nn.Sequential(nn.PixelUnshuffle(3), nn.Conv2d(36, 9, 2), nn.PixelShuffle(3), nn.LocalResponseNorm(2)),
        nn.Sequential(
            nn.Upsample(scale_factor=1.5, mode="bicubic"), nn.ReflectionPad2d(1), nn.ReplicationPad2d(1)
        ),
        nn.Sequential(nn.Upsample(size=(6, 14), mode="bilinear"), nn.AdaptiveMaxPool2d(4), nn.LayerNorm([4])),
        Computes(shuffled, nn.Conv2d(2, 2, 3, padding=1), nn.Identity()),
        Computes(shifted_windows, nn.Linear(4, 12)),
        Computes(arithmetic),
    ],
)
def test_they_agree(module: nn.Module) -> None:
    for dim in (2, 3):
        gradients, nans = both(module, (4, 9, 9), dim)
        assert gradients == nans


def residual(channels: int, stride: int) -> nn.Module:
    wide = channels * stride

    def block(image: Tensor, body: nn.Module, shortcut: nn.Module) -> Tensor:
        return functional.relu(body(image) + shortcut(image))

    return Computes(
        block,
        nn.Sequential(
            nn.Conv2d(channels, wide, 3, stride, 1, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU(inplace=True),
            nn.Conv2d(wide, wide, 3, 1, 1, bias=False),
            nn.BatchNorm2d(wide),
        ),
        nn.Conv2d(channels, wide, 1, stride) if stride > 1 else nn.Identity(),
    )


def test_they_agree_on_a_residual_network() -> None:
    stem = [nn.Conv2d(3, 4, 7, 2, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    gradients, nans = both(nn.Sequential(*stem, residual(4, 1), residual(4, 2)), (3, 65, 33), 2)
    assert gradients == nans
    # 7, then 2 more positions at stride 2, four times 2 at 4, of which the strided block's second ones at 8: 51.
    assert gradients[0][4] == sum(1 << row for row in range(65) if abs(row - 32) <= 25)


def test_nothing_vanishes_in_a_deep_network() -> None:
    program = Program.of(nn.Sequential(*(nn.Conv1d(1, 1, 3, padding=1) for _ in range(120))), (1, 300))
    assert by_gradients(program, last(program), 2)[0][150].bit_count() == 241


def test_taps_of_weight_0() -> None:
    """NaNs show what interpolation reads and multiplies by 0; gradients what makes a difference."""
    corners = nn.Upsample(size=(3, 3), mode="bilinear", align_corners=True)
    gradients, nans = both(corners, (1, 5, 5))
    assert positions(gradients)[1] == [{0}, {2}, {4}]
    assert positions(nans)[1] == [{0, 1}, {2, 3}, {4}]


def test_attention_that_is_all_nans() -> None:
    """Every element of the query reads all of the query and the key; of the value its own column."""

    def attend(image: Tensor) -> Tensor:
        return functional.scaled_dot_product_attention(image, image, image)

    for sets in both(Computes(attend), (2, 3, 4)):
        assert positions(sets)[1] == [{0, 1, 2, 3}] * 4


def test_causal_attention_sees_no_later_token() -> None:
    def attend(image: Tensor) -> Tensor:
        words = image.transpose(1, 2)
        return functional.scaled_dot_product_attention(words, words, words, is_causal=True)

    program = Program.of(Computes(attend), (4, 3))
    assert positions(by_gradients(program, last(program), 1)) == [[{0}, {0, 1}, {0, 1, 2}]]
    assert nan_blind(program, last(program)) == ("aten.scaled_dot_product_attention.default",)


def test_where_nans_do_not_get_through() -> None:
    def choose(image: Tensor) -> Tensor:
        return torch.where(image > image.argmax(2, keepdim=True), image.nan_to_num(), 0)

    program = Program.of(Computes(choose), (1, 3))
    assert [one.split(".")[1] for one in nan_blind(program, last(program))] == ["argmax", "gt", "nan_to_num"]
    assert positions(by_gradients(program, last(program), 2)) == [[{0, 1, 2}] * 3]
    assert nan_blind(Program.of(nn.MaxPool2d(2), (1, 4, 4)), "max_pool2d") == ()


def test_operations_that_are_not_known() -> None:
    program = Program.of(Computes(lambda image: image.sort(2)[0]), (3, 4))
    with pytest.raises(TraceError, match=r"^the gradients' oracle does not know aten\.sort\.default$"):
        by_gradients(program, last(program), 2)
    program = Program.of(Computes(lambda image: image[0, 0][image[0].argmax(1)]), (1, 3))
    with pytest.raises(TraceError, match="picks elements by values of the image"):
        by_gradients(program, last(program), 0)


def test_nans_of_the_program_itself() -> None:
    program = Program.of(Computes(torch.log), (1, 8))
    with pytest.raises(TraceError, match=r"^log has NaNs for an image of random normal numbers$"):
        by_nans(program, "log", 2, 0)


def test_each_run_ticks() -> None:
    program = Program.of(nn.Conv1d(1, 1, 1), (1, 4))
    ticks: list[None] = []
    by_nans(program, last(program), 2, 0, lambda: ticks.append(None))
    # One without NaNs; the whole, four positions.
    assert len(ticks) == 1 + 5


def both(module: nn.Module, shape: tuple[int, ...], dim: int = -1) -> tuple[SetsByAxis, SetsByAxis]:
    program = Program.of(module, shape)
    axes = range(len(program.input_shape) - 1)
    nans = tuple(by_nans(program, last(program), dim, axis) for axis in axes)
    return by_gradients(program, last(program), dim), nans


def last(program: Program) -> str:
    """Name the step that computes what the module returns."""
    (result,) = program.steps[-1].all_input_nodes
    return result.name


def positions(sets: SetsByAxis) -> list[list[set[int]]]:
    return [[{bit for bit in range(units.bit_length()) if units >> bit & 1} for units in axis] for axis in sets]
