"""What the units of traced modules see: borders, global operations, attention, channels that differ."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from examples.modules import Gate, Of, Tokens, attention, last, positions
from torch import Tensor, nn
from torch.nn import functional

from archsearch import analyze
from archsearch.proof.prove import prove
from archsearch.pytorch.trace import trace

UPPER = "rf is an upper bound"


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


# The first and the second unit of a row of 8; taps are 3 apart.
BORDERS = [
    ("zeros", {0, 3}, {1, 4}),
    ("reflect", {0, 3}, {1, 2, 4}),
    ("replicate", {0, 3}, {0, 1, 4}),
    ("circular", {0, 3, 5}, {1, 4, 6}),
]


@pytest.mark.parametrize(("mode", "first", "second"), BORDERS)
def test_padding_modes(mode: str, first: set[int], second: set[int]) -> None:
    row = last(nn.Conv2d(1, 1, 3, padding=3, dilation=3, padding_mode=mode), 1, 8, 8)  # type: ignore[arg-type]
    seen = row.field.axes[1].field.seen or ()
    assert (row.rf, row.stride, row.padding) == (7, 1, 3)
    assert [positions(unit) for unit in seen[:2]] == [first, second]


def test_padding_apart_and_padding_that_keeps_the_size() -> None:
    apart = Of(lambda image, layer: layer(functional.pad(image, (2, 2, 2, 2))), nn.Conv2d(3, 4, 5))
    found, expected = last(apart, 3, 8, 8), last(nn.Conv2d(3, 4, 5, padding=2), 3, 8, 8)
    assert (found.axis_fields, found.counts, found.params) == (
        expected.axis_fields,
        expected.counts,
        expected.params,
    )
    # For an even kernel torch pads one more behind.
    row = last(nn.Conv1d(1, 1, 4, padding="same"), 1, 8)
    seen = row.field.axes[0].field.seen or ()
    assert (row.rf, row.padding, positions(seen[0]), positions(seen[-1])) == (4, 1, {0, 1, 2}, {6, 7})


# A layer after a 3 x 3 convolution to 4 x 6 x 6; the first global operation, rf at the end, windowed max-poolings
GLOBAL = [
    (Gate(4, 2), "mean over dims 2, 3", 5, 0),
    (nn.GroupNorm(2, 4), "group norm", 5, 0),
    (nn.InstanceNorm2d(4), "instance norm", 5, 0),
    # A window slides, whatever it covers: 3 + 5, and then 2 * 6.
    (nn.AvgPool2d(6), None, 20, 0),
    (nn.AdaptiveAvgPool2d(1), "avg global pool", 3, 0),
    (nn.MaxPool2d(6), None, 20, 1),
    (Of(lambda image: functional.avg_pool2d(image, image.shape[2:])), "avg global pool", 3, 0),
    (Of(lambda image: functional.max_pool2d(image, kernel_size=image.size(3))), "max global pool", 3, 0),
    (nn.MaxPool2d(5, stride=1, padding=2), None, 9, 1),
    (nn.BatchNorm2d(4), None, 5, 0),
]


@pytest.mark.parametrize(("layer", "op", "rf", "maxpool"), GLOBAL)
def test_what_is_global(layer: nn.Module, op: str | None, rf: int, maxpool: int) -> None:
    found = analyze(nn.Sequential(nn.Conv2d(3, 4, 3), layer, nn.Conv2d(4, 4, 3, padding=1)), (3, 8, 8))
    assert (found.first_global and found.first_global.op) == op
    assert op is None or found.first_whole is found.first_global
    assert (found.figures["rf"], found.figures["maxpool"]) == (rf, maxpool)
    said = f"The first global operation is: {op} at 1, after a receptive field of 3"
    assert (said in str(found)) == (op is not None)


def stepped(signal: Tensor, read: nn.Module) -> Tensor:
    """One step of a signal after another, as a recurrent network of one's own."""
    state = torch.zeros(1, 3)
    for step in signal.unbind(2):
        state = read(step) + state
    return state


def test_a_part_of_the_image_is_not_the_whole() -> None:
    found = analyze(Of(stepped, nn.Linear(3, 3)), (3, 5))
    assert found.first_whole is not None
    assert (found.first_whole.op, found.first_whole.number) == ("add", found.end)
    # What looks at the upper left corner alone sees all of that there.
    corner = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), Of(lambda x: x[:, :, :1, :1]), nn.Conv2d(1, 1, 1))
    assert analyze(corner, (1, 8, 8)).first_whole is not None
    row = analyze(Of(lambda x, see: see(x[:, :, 3:4]).flatten(1) + x.mean((2, 3)), nn.Conv2d(1, 8, 1)), (1, 8, 8))
    assert row.first_whole is not None
    assert row.first_whole.op == "mean over dims 2, 3"


def own_size(image: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    seen: Tensor = nn.MaxPool2d((height, width), stride=1)(image)
    return seen


def padded(image: Tensor) -> Tensor:
    return functional.avg_pool2d(image, image.shape[2:], stride=1, padding=1)


# A layer after a 3 x 3 convolution with stride 4 that leaves a map of 1 x 1, 2 x 2 or 3 x 3; then one of 3 x 3.
SIZES = [
    (nn.MaxPool2d(1), 3 + 2 * 4, 1),
    (nn.AdaptiveAvgPool2d(1), 3, 0),
    (nn.AdaptiveMaxPool2d((1, 1)), 3, 0),
    (Of(lambda image: image.mean((2, 3), keepdim=True)), 3, 0),
    (Of(lambda image: image.amax(2, keepdim=True).amax(3, keepdim=True)), 3, 0),
    (Of(lambda image: functional.avg_pool2d(image, image.shape[2:])), 3, 0),
    (Of(lambda image: functional.avg_pool2d(image, image.size(2))), 3, 0),
    (Of(own_size), 3, 0),
    (Gate(4, 2), 3 + 2 * 4, 0),
]


@pytest.mark.parametrize(("layer", "rf", "maxpool"), SIZES)
def test_what_is_global_is_so_at_every_size(layer: nn.Module, rf: int, maxpool: int) -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), layer, nn.Conv2d(4, 4, 3, padding=1))
    found = [analyze(module, (3, size, size)) for size in (3, 7, 12)]
    assert [(one.figures["rf"], one.figures["maxpool"]) for one in found] == [(rf, maxpool)] * 3
    assert len({one.first_global and one.first_global.op for one in found}) == 1


def test_a_window_is_a_window_at_every_size() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.MaxPool2d(2), nn.MaxPool2d(2))
    small, large = (analyze(module, (3, size, size)) for size in (4, 8))
    assert [(one.figures["rf"], one.figures["maxpool"]) for one in (small, large)] == [(6, 2)] * 2
    assert large.read_as_global is None
    assert small.read_as_global is not None
    assert small.read_as_global.figures["rf"] == 4
    said = "The window of max pool 2x2, stride 2 at 2 covers its whole map; as global pooling, "
    said += "rf would be 4 and maxpool 1"
    assert said in str(small)
    assert (said in str(large), large.other_reading) == (False, "")
    # With padding, the windows of the map's own size are several.
    assert last(Of(padded), 3, 4, 4).rf == 4


def test_attention() -> None:
    found = analyze(Transformer(), (3, 16, 16), strict=True)
    assert (found.figures["rf"], found.last_map.path, found.last_map.op) == (
        4,
        "patches",
        "convolution 4x4, stride 4",
    )
    assert found.first_global is not None
    assert (found.first_global.path, found.first_global.op) == ("layer.self_attn", "attention")
    # 16 patches; then 17 tokens: queries to values, pairs, the output, 8 to 16 and back; the head.
    attended = 17 * 8 * 24 + 2 * (17 * 17 * 8) + 17 * 8 * 8
    assert found.figures["macs"] == 16 * 8 * 48 + attended + 2 * (17 * 8 * 16) + 8 * 10
    windows = last(nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), Tokens(4, 2), nn.Conv2d(4, 4, 3)), 3, 8, 8)
    # Two neighbours see 4 pixels; a 3 x 3 convolution reads from two windows, 4 units in all.
    assert (windows.rf, windows.notes) == (6, (UPPER,))


def test_channels_that_see_less_than_their_union() -> None:
    def both(image: Tensor, *layers: nn.Module) -> Tensor:
        return torch.cat([layer(image) for layer in layers], 1)

    two = Of(both, nn.Conv2d(3, 2, 3, padding=1), nn.Conv2d(3, 2, 5, padding=2))
    swapped = Of(lambda image, layer: torch.cat(layer(image).chunk(2, 1)[::-1], 1), two)
    grouped = nn.Conv2d(4, 4, 3, groups=2)
    halved = Of(lambda image, *layers: layers[1](layers[0](image)).chunk(2, 1)[1], nn.Conv2d(3, 4, 3), grouped)
    rows = [last(module, 3, 8, 8) for module in (two, swapped, nn.Sequential(two, grouped), halved)]
    assert [(row.rf, row.notes) for row in rows] == [(5, ()), (5, (UPPER,)), (7, ()), (5, ())]


def halves(image: Tensor, layer: nn.Module) -> Tensor:
    seen: Tensor = layer(torch.cat([image[..., :4], image[..., 4:]], 3))
    return seen


HOLDS = [
    pytest.param(
        lambda: analyze(Of(halves, nn.Conv2d(3, 3, 3)), (3, 8, 8)).figures["rf"] == 3,
    ),
    pytest.param(
        lambda: last(nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular"), 1, 8, 8).rf_inside == 3,
    ),
    pytest.param(
        lambda: len({last(attention(weights=weights), 8, 3, 4).rf for weights in (False, True)}) == 1,
    ),
]


@pytest.mark.parametrize("holds", HOLDS)
def test_what_must_hold(holds: Callable[[], bool]) -> None:
    assert holds()


def test_what_a_mask_hides_counts_as_seen_and_is_marked_an_upper_bound() -> None:
    def causal(image: Tensor) -> Tensor:
        tokens = image.transpose(1, 2)
        return functional.scaled_dot_product_attention(tokens, tokens, tokens, is_causal=True)

    row = last(Of(causal), 4, 6)
    assert "rf is an upper bound" in row.notes
    assert set(row.field.axes[0].field.seen or ()) == {0b111111}


# Modules whose figures were once wrong without a note.
SUBTLE = [
    (lambda image: torch.cat([image.mean(2, keepdim=True), image], 2), (2, 6)),
    (lambda image: functional.pad(image.mean(2, keepdim=True), (0, 5)) + image, (2, 6)),
    (lambda image: torch.zeros_like(image).fill_(image.mean()) + image[:, :, :1], (2, 6)),
    (nn.GroupNorm(2, 8).forward, (4, 8, 8)),
    (lambda image: functional.pad(image, (-2, 1), mode="circular"), (1, 8)),
    (lambda image: torch.flip(image, []) + image, (1, 8)),
    (lambda image: functional.interpolate(image, 82), (1, 2)),
    (lambda image: torch.select_scatter(image, image[..., 0], -1, -3), (1, 8)),
    (lambda image: torch.zeros_like(image).slice_scatter(image[..., :3], 2, -3), (1, 8)),
]


@pytest.mark.parametrize(("function", "shape"), SUBTLE)
def test_nothing_is_wrong_without_a_mark(function: Callable[[Tensor], Tensor], shape: tuple[int, ...]) -> None:
    swapped = len(shape) == 3
    traced = trace(Of((lambda image: function(image.transpose(1, 2))) if swapped else function), shape)
    proof = prove(traced, max(traced.steps))
    assert proof.holds, str(proof)


def test_what_a_module_changes_beside_is_no_output() -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("seen", torch.zeros(4))
            self.linear = nn.Linear(256, 10)

        def forward(self, image: Tensor) -> Tensor:
            self.get_buffer("seen").copy_(image.mean((0, 2, 3)))
            scores: Tensor = self.linear(image.flatten(1))
            return scores

    graph = trace(Counting(), (4, 8, 8)).graph
    assert ([graph.nodes[number].shape for _name, number in graph.outputs], graph.classes) == ([(1, 10)], 10)
