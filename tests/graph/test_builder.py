"""What the builder accepts is what torch builds; everything else is refused with rule, place and remedy."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch import analyze
from archsearch.errors import ArchsearchError, ShapeError
from archsearch.graph.builder import Builder
from archsearch.graph.ops import maps, mixing, moving, norms
from archsearch.graph.ops.operation import Operation
from archsearch.pytorch.build import build

SHAPE = (4, 6, 5)

ABSURD: st.SearchStrategy[Any] = st.one_of(
    st.integers(-3, 9),
    st.tuples(st.integers(-3, 9), st.integers(-3, 9)),
    st.sampled_from(
        [None, True, 2.0, float("nan"), "2", (), (3,), [3, 3], (3, 3, 3), (3, 2.5), 10**9, 10**5000, (10**5000, 1)]
    ),
)


def mostly(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a value of the strategy, or in one of thirty cases an absurd one."""
    return st.integers(0, 29).flatmap(lambda number: ABSURD if number == 17 else strategy)


def calls(kind: type[Operation], **arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Operation]:
    return st.builds(kind, **{name: mostly(strategy) for name, strategy in arguments.items()})


def pairs(low: int, high: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(low, high), st.integers(low, high))


CHANNELS, SIZES, DIMS = st.sampled_from([2, 4, 8]), pairs(1, 8), st.integers(0, 3)
WINDOW = {"kernel": pairs(1, 4), "stride": pairs(1, 3), "padding": pairs(0, 2), "dilation": pairs(1, 2)}
MODES = st.sampled_from(["max", "avg"])
RATIOS = st.sampled_from([(Fraction(6, 4), Fraction(5, 4)), (Fraction(5, 3), Fraction(4, 3)), (Fraction(1),) * 2])
PADDED = st.tuples(st.just((0, 0)), *[pairs(-1, 3)] * 3) | st.tuples(*[st.just((0, 0))] * 2, *[pairs(-2, 5)] * 2)
SHAPES = [(1, 8, 5, 3), (1, 4, 30), (1, 120), (1, 2, 3, 4, 5), (4, 30), (1, -4, -30), (1, -1), (1, 1, 2, 3, 4, 5)]

OPERATIONS = st.one_of(
    calls(maps.Convolution, channels=CHANNELS, groups=st.integers(1, 2), bias=st.booleans(), **WINDOW),
    calls(maps.TransposedConvolution, channels=CHANNELS, output_padding=pairs(0, 1), **WINDOW),
    calls(maps.Pool, mode=MODES, ceil_mode=st.booleans(), **WINDOW),
    calls(maps.AdaptivePool, mode=MODES, size=SIZES),
    calls(maps.GlobalPool, mode=MODES),
    calls(maps.Resize, mode=st.sampled_from(["nearest", "linear"]), size=st.just((4, 4)), ratio=RATIOS),
    calls(maps.Resize, mode=st.just("linear"), size=st.just((4, 4)), ratio=RATIOS, corners=st.just(True)),
    calls(norms.BatchNorm),
    calls(norms.LayerNorm),
    calls(norms.Scale),
    calls(mixing.Elementwise, function=st.sampled_from(["add", "mul", "relu", "gelu", "exp", "sigmod"])),
    calls(mixing.Linear, features=CHANNELS, bias=st.booleans()),
    calls(moving.Pad, amounts=PADDED, border=st.sampled_from(["zeros", "reflect", "replicate", "circular"])),
    calls(
        moving.Take,
        dim=DIMS,
        start=st.integers(-2, 4),
        count=st.integers(1, 9),
        step=st.integers(-2, 2),
        wraps=st.booleans(),
    ),
    calls(moving.Concatenate, dim=DIMS),
    calls(moving.Flatten),
    calls(moving.Reshape, shape=st.sampled_from(SHAPES)),
    calls(moving.Permute, order=st.permutations(range(4)).map(tuple) | st.just((0, 2, 1, 3))),
)
INPUTS: st.SearchStrategy[list[int]] = st.lists(st.integers(-1, 5), max_size=3) | st.just([])


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(OPERATIONS, INPUTS), min_size=1, max_size=6))
def test_what_is_accepted_is_what_torch_computes(steps: list[tuple[Operation, list[int]]]) -> None:
    graph = Builder(SHAPE, classes=10)
    for op, inputs in steps:
        try:
            graph.then(op, *inputs)
        except ShapeError as error:
            assert error.remedy
    found = graph.graph()
    with torch.inference_mode():
        output = build(found).eval()(torch.zeros(2, *SHAPE))
    assert output.shape[1:] == found.nodes[-1].shape[1:]
    assert analyze(found).figures["params"] == sum(weight.size for node in found.nodes for weight in node.weights)


MANY = 10**30


@dataclass(frozen=True)
class Shuffle(Operation):
    """An operation of a user's own."""

    kind: ClassVar[str] = "shuffle"
    groups: int


NUMBERED = "give the numbers that `then` returned, or 0 for the image"

# What is added to an image of 4x6x5, or to what, and the whole message without its place.
REFUSED: list[tuple[Any, tuple[Any, ...], str]] = [
    (
        maps.Convolution(8, (7, 1)),
        (),
        "a window of 7 does not fit on a map of 6 with padding 0\n"
        "  reduce the kernel, or the strides before it, or add padding",
    ),
    (
        maps.Convolution(8, (3, 3), padding=(1,)),
        (),
        "padding is 1; for each of 2 axes it must be at least 0\n  as in padding=(0, 0)",
    ),
    (
        maps.Convolution(8, (3, 3), stride=(1, 0)),
        (),
        "stride is 1x0; for each of 2 axes it must be at least 1\n  as in stride=(1, 1)",
    ),
    (
        maps.Convolution(8, (3, 3, 3)),
        (),
        "convolution needs a map with 3 axes, and this is 4x6x5\n  give it a size for each axis",
    ),
    (
        maps.Convolution(8, ()),
        (),
        "convolution needs a map with 0 axes, and this is 4x6x5\n  give it a size for each axis",
    ),
    (
        maps.Convolution(8, (3, 3)),
        (0, 0),
        "`convolution 3x3` reads 1 input, not 2\n  write the numbers of what it reads after the operation",
    ),
    (maps.Convolution(8, (1, 1)), (2,), "there is no operation 2; their numbers are 0 to 1\n  " + NUMBERED),
    (maps.Convolution(8, (1, 1)), (-1,), "there is no operation -1; their numbers are 0 to 1\n  " + NUMBERED),
    (
        maps.Convolution(MANY, (1, 1)),
        (),
        f"channels of `convolution` is {MANY}; it must be a whole number of at most 999,999,999\n"
        "  as in channels=1",
    ),
    (
        maps.Convolution(8, (1, 1), padding=(9000, 9000)),
        (),
        "the convolution 1x1 would give 8x18006x18005; a map has at most 67,108,864 units\n"
        "  take less padding, or a smaller size",
    ),
    (
        maps.Pool("median", (2, 2), (2, 2)),  # type: ignore[arg-type]
        (),
        "mode of `pool` is 'median'; it must be one of max, avg\n  as in mode=\"max\"",
    ),
    (
        maps.TransposedConvolution(8, (3, 3), (2, 2), output_padding=(2, 1)),
        (),
        "output_padding is 2; torch allows less than stride 2 or dilation 1\n  write output_padding=1 or less",
    ),
    (
        maps.TransposedConvolution(8, (3, 3), output_padding=(0, -1)),
        (),
        "output_padding is 0x-1; for each of 2 axes it must be at least 0\n  as in output_padding=(0, 0)",
    ),
    (
        maps.TransposedConvolution(8, (), output_padding=(1, 0)),
        (),
        "transposed convolution needs a map with 0 axes, and this is 4x6x5\n  give it a size for each axis",
    ),
    (
        maps.Resize("nearest", (12, 10), (Fraction(1, 2), Fraction(1))),
        (),
        "the ratio is 1/2, 1; from 6x5 to 12x10 it is 1/2, 1/2\n"
        "  write that ratio, as Fractions: input units to an output unit",
    ),
    (
        mixing.Elementwise("mul"),
        (0, 1),
        "`mul` reads tensors with the same number of dims, not 4x6x5 and 120\n"
        "  give the smaller one dims of size 1, with Reshape",
    ),
    (
        moving.Pad(((0, 0), (1, 1))),
        (),
        "the amounts are ((0, 0), (1, 1)); there must be a pair for each of 4 dims\n"
        "  begin with (0, 0), for the batch",
    ),
    (
        moving.Pad(((0, 0), (0, 0), (-6, 6), (0, 0))),
        (),
        "a map of 6 cannot be cropped by 6\n  crop it by at most 5",
    ),
    (
        moving.Pad(((0, 0), (0, 0), (6, 0), (0, 0)), "reflect"),
        (),
        "a map of 6 cannot be padded by 6 in mode `reflect`\n  pad it by at most 5",
    ),
    # torch pads no vector with other than zeros, not even by nothing.
    (
        moving.Pad(((0, 0), (0, 0)), "reflect"),
        (1,),
        "channels cannot be padded in the mode `reflect`\n  pad them with zeros",
    ),
    (moving.Take(0, 0, 1), (), "dim is 0; it must be from 1 to 3\n  dim 0 is the batch"),
    (moving.Take(2, 0, 3, step=0), (), "step is 0; it must be another number\n  write step=1, or -1 to go back"),
    (
        moving.Take(2, 4, 3),
        (),
        "a dim of 6 has no index 4 to 6\n  write other numbers, or wraps=True to begin again after the last index",
    ),
    (moving.Concatenate(0), (0, 0), "dim is 0; it must be from 1 to 3\n  dim 0 is the batch"),
    (
        moving.Permute((0, 1, 1, 2)),
        (),
        "the order is (0, 1, 1, 2); it must have each of the dims 0, 1, 2, 3\n  begin with 0, for the batch",
    ),
    (
        moving.Reshape((1, -1)),
        (),
        "1x4x6x5 cannot be viewed as 1x-1\n  let the sizes have the same product; -1 is not filled in",
    ),
    (
        moving.Reshape((1, 4, 3, 2, 5, 1)),
        (),
        "the reshape would give 6 dims; there must be from 2 to 5, the batch among them\n"
        "  batch, channels and up to three axes of a map",
    ),
    ("conv", (), "`'conv'` is not one of the operations\n  import one from archsearch.graph"),
    (Shuffle(2), (), "`Shuffle(groups=2)` is not one of the operations\n  import one from archsearch.graph"),
]


@pytest.mark.parametrize(("op", "inputs", "text"), REFUSED, ids=[str(n) for n in range(len(REFUSED))])
def test_what_is_refused_is_told_with_a_remedy(op: Operation, inputs: tuple[int, ...], text: str) -> None:
    graph = Builder(SHAPE, classes=10)
    graph.then(moving.Flatten())
    graph.last = 0
    with pytest.raises(ShapeError) as caught:
        graph.then(op, *inputs)
    assert str(caught.value) == text


@pytest.mark.parametrize("times", [0, -1, 2.5, True, "2", None])
def test_what_cannot_be_repeated(times: Any) -> None:
    build = Builder(SHAPE, classes=10)
    with pytest.raises(
        ShapeError, match=r"^times is .*; it must be a whole number of at least 1\n  as in times=2"
    ):
        build.repeat(lambda: build.then(norms.Scale()), times)


@pytest.mark.parametrize(
    "shape", [(3, 32), (3, 32.0, 32), (True, 32, 32), (3, 0, 32), "3x32x32", None, (MANY, 1, 1)]
)
def test_an_input_that_is_no_shape(shape: Any) -> None:
    with pytest.raises(ArchsearchError, match=r"it must be channels x height x width\n  as in 3x32x32$"):
        Builder(shape, classes=10)


@pytest.mark.parametrize("classes", [0, -1, 2.5, True, "10", None, MANY])
def test_a_number_of_classes_that_is_none(classes: Any) -> None:
    with pytest.raises(ArchsearchError, match=r"it must be at least 1\n  as in classes=10$"):
        Builder((3, 32, 32), classes)
