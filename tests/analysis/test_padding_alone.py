"""Units that read padding alone see nothing of the image: in figures, table, check and proof alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from examples.modules import Of
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from archsearch import check, parse
from archsearch.analysis.profile import profile
from archsearch.analysis.receptive.field import image, image_with_patterns, image_with_spans
from archsearch.analysis.receptive.rules import fields
from archsearch.graph.windows import TransposedWindow, Window
from archsearch.proof.prove import prove
from archsearch.pytorch.build import build
from archsearch.pytorch.trace import trace

BLIND = "conv(4, kernel=1, stride=5, padding=1)"


def built(sentence: str) -> nn.Module:
    return build(parse(sentence).lower((3, 2, 2)))


# name, module on 3x2x2, rf and rf_inside of the last map that sees something, rf of the last row
BLIND_MAPS = [
    ("after a convolution", built(f"conv(4) {BLIND}"), 3, 2, None),
    ("a network that sees nothing", built(BLIND), 1, 1, None),
    ("what follows reads it", built(f"conv(4) {BLIND} conv(8)"), 3, 2, None),
    # The shortcut has a stride and no padding: its unit is the first of the map.
    ("a residual around it", built(f"conv(4) residual(conv(4) {BLIND})"), 3, 2, 3),
    (
        "along one axis alone",
        nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 1, 5, (1, 0))),
        3,
        2,
        None,
    ),
    (
        "padded, then cut",
        Of(lambda maps, layer: functional.pad(layer(maps), (4, 0))[..., :3], nn.Conv2d(3, 4, 3, padding=1)),
        3,
        2,
        None,
    ),
    (
        "between the units of a transposed convolution",
        Of(lambda maps, layer: layer(maps)[..., 1:3], nn.ConvTranspose2d(3, 4, 1, stride=3)),
        1,
        1,
        None,
    ),
    (
        "beside one that sees",
        Of(
            lambda maps, one, other: one(maps) + other(maps),
            nn.Conv2d(3, 4, 1, stride=5, padding=1),
            nn.Conv2d(3, 4, 2),
        ),
        2,
        2,
        2,
    ),
]


@pytest.mark.parametrize(
    ("module", "rf", "inside", "after"), [case[1:] for case in BLIND_MAPS], ids=[case[0] for case in BLIND_MAPS]
)
def test_a_map_that_reads_padding_alone_has_no_receptive_field(
    module: nn.Module, rf: int, inside: int, after: int | None
) -> None:
    traced = trace(module, (3, 2, 2))
    found = profile(traced.graph)
    assert (found.figures["rf"], found.figures["rf_inside"]) == (rf, inside)
    assert (found.last_map.rf, found.last_map.rf_inside, found.rows[-1].rf) == (rf, inside, after)
    assert not check(traced.graph, f"rf > {rf}").fits
    assert check(traced.graph, f"rf >= {rf}").fits
    for number in (None, max(traced.steps)):
        proof = prove(traced, number)
        assert proof.holds, str(proof)


# Its rows read padding alone: units of a map, moved about, see something in some columns and nothing in others.
ROWS_OF_PADDING = nn.Conv2d(1, 1, (1, 3), stride=(3, 3), padding=(1, 3), dilation=(1, 2))


@pytest.mark.parametrize("then", [lambda tokens: tokens, lambda tokens: tokens.sum(-1, keepdim=True)])
def test_elements_that_see_nothing_beside_others_in_no_order(then: Callable[[Tensor], Tensor]) -> None:
    def moved(image: Tensor, layer: nn.Module) -> Tensor:
        return then(layer(image).flatten(2)[..., [4, 1, 1, 5, 4, 5, 2, 1]].reshape(1, 1, 4, 2))

    proof = prove(trace(Of(moved, ROWS_OF_PADDING), (1, 3, 5)), None)
    assert proof.holds, str(proof)


def test_the_proof_holds_what_sees_nothing_against_all_of_the_image() -> None:
    blind = trace(nn.Conv2d(1, 1, 1, stride=5, padding=1), (1, 2, 2))
    sees = trace(nn.Conv2d(1, 1, 2), (1, 2, 2))
    # What the analyzer says of the one module is not true of the other.
    found = prove(type(sees)(sees.program, blind.graph, sees.steps), max(sees.steps))
    assert not found.holds
    assert "unit 0 along axis 1 of the image sees nothing by analysis, 0-1 by gradients" in str(found)


WINDOWS = st.one_of(
    st.builds(
        Window,
        kernel=st.integers(1, 3),
        stride=st.integers(1, 4),
        padding=st.integers(0, 5),
        dilation=st.integers(1, 4),
        border=st.sampled_from(["zeros", "zeros", "circular"]),
    ),
    # Flipped, cut and padded.
    st.builds(Window, kernel=st.just(1), stride=st.integers(-2, -1), padding=st.integers(-4, 4)),
    st.builds(
        TransposedWindow,
        st.integers(1, 3),
        stride=st.integers(1, 3),
        dilation=st.integers(1, 2),
        padding=st.just(0),
    ),
)


@given(st.integers(1, 9), st.lists(st.tuples(WINDOWS, st.integers(1, 6)), max_size=4))
def test_patterns_and_spans_agree_with_the_sets(
    length: int, steps: list[tuple[Window | TransposedWindow, int]]
) -> None:
    sets, spans, pattern = image(length), image_with_spans(length), image_with_patterns(length)
    for window, units in steps:
        sets, spans, pattern = (field.after(window, length, units) for field in (sets, spans, pattern))
        length = units
    seen = sets.seen or ()
    blind = sum(1 << unit for unit, positions in enumerate(seen) if not positions)
    assert sets.blind == spans.blind == pattern.blind == blind
    assert sets.sees_nothing == pattern.sees_nothing == (not any(seen))
    assert spans.extent_inside == sets.extent_inside
    assert spans.sees_all == sets.sees_all


def after(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return a function of the map that some of a layer's units read padding alone for."""
    return lambda image, first, *layers: function(first(image), *layers)


def rows(maps: Tensor) -> Tensor:
    return maps.mean(3).transpose(1, 2)


# Operations on a map of 2x7x7 of which the first two and the last unit of either axis see nothing.
ON_BLIND_UNITS: dict[str, tuple[Callable[..., Tensor], list[nn.Module]]] = {
    "recurrent": (lambda maps, lstm: lstm(rows(maps))[0], [nn.LSTM(2, 3, batch_first=True)]),
    "last state": (lambda maps, gru: gru(rows(maps))[1], [nn.GRU(2, 3, batch_first=True)]),
    "both directions": (
        lambda maps, gru: gru(rows(maps))[0],
        [nn.GRU(2, 3, batch_first=True, bidirectional=True)],
    ),
    "windows": (lambda maps: maps.unfold(2, 3, 2), []),
    "windows to channels": (lambda maps: functional.unfold(maps, 3, padding=1), []),
    "windows back to a map": (lambda maps: functional.fold(functional.unfold(maps, 2), (7, 7), 2), []),
    "indices": (lambda maps: maps[:, :, torch.tensor([6, 0, 3, 3])], []),
    "a single index that sees nothing": (lambda maps: maps[:, :, torch.tensor([6])], []),
    "antialiased": (
        lambda maps: functional.interpolate(maps, size=(3, 5), mode="bilinear", antialias=True),
        [],
    ),
    "fractional pooling": (lambda maps, pool: pool(maps), [nn.FractionalMaxPool2d(2, output_size=3)]),
    "unpooling": (
        lambda maps, pool, back: back(*pool(maps)),
        [nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)],
    ),
    "a product": (lambda maps: torch.einsum("bchw,wv->bchv", maps, torch.ones(7, 3)), []),
}


@pytest.mark.parametrize("name", ON_BLIND_UNITS)
def test_operations_on_units_that_see_nothing(name: str) -> None:
    function, layers = ON_BLIND_UNITS[name]
    first = nn.Conv2d(1, 2, 1, stride=2, padding=3)
    traced = trace(Of(after(function), first, *layers), (1, 8, 8))
    found = profile(traced.graph)
    assert (found.unknown, found.patterns[1].axes[0].field.blind) == ((), 0b1000011)
    ways = [fields(traced.graph, begin) for begin in (image, image_with_spans, image_with_patterns)]
    for sets, spans, patterns in zip(*ways, strict=True):
        for with_sets, *others in zip(sets.axes, spans.axes, patterns.axes, strict=True):
            seen = with_sets.field.seen or ()
            blind = sum(1 << unit for unit, found in enumerate(seen) if not found)
            assert [with_sets.field.blind, *(axis.field.blind for axis in others)] == [blind] * 3
            assert others[0].field.extent_inside == with_sets.field.extent_inside
    proof = prove(traced, max(traced.steps))
    assert proof.holds, str(proof)


def test_joined_maps_see_where_one_of_them_sees() -> None:
    first = image_with_spans(4).after(Window(1, padding=4), 4, 8)
    last = image_with_spans(4).after(Window(1, padding=0), 4, 8)
    assert (f"{first.blind:08b}", f"{last.blind:08b}") == ("00001111", "11110000")
    assert first.joined(last).blind == 0
    assert first.joined(last).extent_inside == 1
