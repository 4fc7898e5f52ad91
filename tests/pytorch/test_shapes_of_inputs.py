"""Inputs that are no map: a row of numbers without channels, and tensors in a dict or list."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from examples.modules import Of
from torch import Tensor, nn

from archsearch import analyze, check
from archsearch.errors import NotationError, TraceError
from archsearch.graph.inputs import Inputs, InputTensor
from archsearch.proof.compare import MACS, compare
from archsearch.proof.prove import prove
from archsearch.pytorch.trace import trace


class Words(nn.Module):
    """The numbers of words, embedded and convolved."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.see, self.last = nn.Embedding(20, 6), nn.Conv1d(6, 4, 3), nn.Linear(4, 5)

    def forward(self, ids: Tensor) -> Tensor:
        seen: Tensor = self.last(self.see(self.embed(ids).transpose(1, 2)).amax(2))
        return seen


def test_words() -> None:
    found = analyze(Words(), "9:int", strict=True)
    assert [found.figures[name] for name in ("rf", "params", "macs")] == [3, 120 + 76 + 25, 7 * 4 * 18 + 20]
    assert found.first_global is not None
    assert found.first_global.op == "amax over dims 2"
    assert (found.graph.input, found.graph.sides, found.rows[-1].image_coverage) == ((9,), (9,), 1)
    assert check(Words(), "rf = 3, params = 221", {"ids": "9:int"}).fits


def test_a_recurrent_layer_of_words_counts_every_word() -> None:
    def read(ids: Tensor, embed: nn.Module, layer: nn.Module) -> Tensor:
        seen: Tensor = layer(embed(ids))[0]
        return seen

    module = Of(read, nn.Embedding(20, 6), nn.LSTM(6, 5, batch_first=True))
    for words in (9, 90):
        assert analyze(module, f"{words}:int", strict=True).figures["macs"] == words * 4 * 5 * (6 + 5)


# A module of a row of 10 numbers, its MACs, rf of its last map
ROWS = [
    (nn.Linear(10, 11), 110, 1),
    (nn.Sequential(nn.Linear(10, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)), 80 + 24, 1),
    (Of(lambda row, see: see(row[:, None]), nn.Conv1d(1, 2, 3, dilation=2)), 6 * 2 * 3, 5),
    (Of(lambda row: row.unfold(1, 4, 2).mean(2)), 0, 4),
]


@pytest.mark.parametrize(("module", "macs", "rf"), ROWS)
def test_a_row_has_one_axis_and_no_channels(module: nn.Module, macs: int, rf: int) -> None:
    traced = trace(module, (10,))
    found = analyze(module, (10,), strict=True)
    assert (found.figures["macs"], found.figures["rf"]) == (macs, rf)
    for number in (None, max(traced.steps)):
        proof = prove(traced, number)
        assert (proof.differences, proof.unsure) == ((), ())
    assert all(row.ours == row.torch for row in compare(module, (10,), found).rows if row.family in MACS)


class Nested(nn.Module):
    """Maps in a list, and a dict in a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.see, self.more = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 5, padding=1)

    def forward(self, maps: list[Tensor], *, other: Mapping[str, Mapping[str, Tensor]]) -> list[Tensor]:
        return [self.see(one) for one in maps] + [self.more(other["deep"]["image"]) * other["scale"]]


NESTED: Mapping[str, str | tuple[int, ...]] = {
    "maps.0": (3, 8, 8),
    "maps.1": (3, 9, 9),
    "other.deep.image": (3, 7, 7),
    "other.scale": "scalar",
}


def test_tensors_in_dicts_and_lists() -> None:
    found = analyze(Nested(), NESTED, strict=True)
    assert found.figures["macs"] == (36 + 49) * 4 * 27 + 25 * 4 * 75
    assert [(one.name, one.rf) for one in found.outputs] == [("0", 3)]
    assert [row.path for row in found.rows if row.word == "input"] == [
        "",
        "maps.1",
        "other.deep.image",
        "other.scale",
    ]
    order = ("other.deep.image", "other.scale", "maps.0", "maps.1")
    turned = analyze(Nested(), {name: NESTED[name] for name in order})
    assert [(one.name, one.rf) for one in turned.outputs] == [("2", 5)]
    second = analyze(Nested(), {name: NESTED[name] for name in ("maps.1", *NESTED)}, strict=True)
    assert (second.graph.input, [one.name for one in second.outputs]) == ((3, 9, 9), ["1"])
    assert prove(trace(Nested(), NESTED)).holds
    assert {row.torch for row in compare(Nested(), NESTED, found).rows} == {found.figures["macs"]}
    assert str(InputTensor.of("maps.0=3x8x8")) == "maps.0=3x8x8"


def test_a_dict_that_is_not_said_to_be_one() -> None:
    def seen(batch: Mapping[str, Tensor]) -> Tensor:
        return batch["image"] * batch["mask"]

    class Dict(nn.Module):
        def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
            return seen(batch)

    with pytest.raises(TraceError, match="Dict fails on an input of 1x3x8x8") as refused:
        analyze(Dict(), (3, 8, 8))
    assert str(refused.value.remedy).startswith("`batch` is a dict here: write --input batch.image=SHAPE")
    with pytest.raises(TraceError, match="there is no 'mask'"):
        analyze(Dict(), {"batch.image": (3, 8, 8)})
    assert analyze(Dict(), {"batch.image": (3, 8, 8), "batch.mask": "scalar"}).figures["rf"] == 1


@pytest.mark.parametrize("numbers", [(0, 2), (1,), ("0", "01")])
def test_the_tensors_of_a_list_are_numbered_from_0(numbers: tuple[int | str, ...]) -> None:
    images = {f"maps.{number}": (3, 8, 8) for number in numbers}
    with pytest.raises(TraceError, match="the tensors in the list `maps` are numbered ") as refused:
        analyze(Nested(), {**images, "other.deep.image": (3, 7, 7), "other.scale": "scalar"})
    given = ", ".join(f"maps.{number}" for number in range(len(numbers)))
    assert refused.value.remedy == f"number them from 0: {given}"


def test_inputs_that_forward_takes_by_their_place_alone() -> None:
    class Placed(nn.Module):
        def forward(self, image: Tensor, /, scale: Tensor) -> Tensor:
            return image * scale

    found = analyze(Placed(), {"image": (3, 8, 8), "scale": "scalar"})
    assert [row.path for row in found.rows if row.word == "input"] == ["", "scale"]


def test_a_tensor_has_no_parts() -> None:
    with pytest.raises(NotationError, match="`a` is a tensor here, and has no tensors in it"):
        Inputs.of({"a": (3, 8, 8), "a.b": (3, 8, 8)})
