"""Modules built of graphs: whatever the builder of a graph accepts has a layer, and what has none is refused."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest
import torch

from archsearch import Profile, analyze
from archsearch.errors import ShapeError, TrainingError
from archsearch.graph.builder import Builder
from archsearch.graph.ops import folding, maps, mixing, moving, norms, recurrent
from archsearch.graph.ops.functions import ACTIVATIONS, ARITHMETIC, BUILDABLE
from archsearch.graph.ops.operation import Constant, Earlier, Input, Operation, Unknown
from archsearch.pytorch.build import build
from archsearch.pytorch.trace import trace

SHAPE = (4, 9, 12)

# Operations on a map of SHAPE, at least one of each kind that has a layer.
ACCEPTED: list[Operation] = [
    maps.Convolution(8, (3, 2), (2, 1), (1, 0), (1, 2), groups=2, bias=False),
    maps.TransposedConvolution(8, (3, 2), (2, 1), (1, 0), (1, 0), (1, 2), groups=2, bias=False),
    maps.Pool("max", (3, 2), (2, 2), (1, 1), (2, 1), ceil_mode=True),
    maps.Pool("avg", (3, 2), (2, 2), (1, 1), ceil_mode=True),
    maps.AdaptivePool("max", (2, 5)),
    maps.AdaptivePool("avg", (2, 5)),
    maps.GlobalPool("max"),
    maps.GlobalPool("avg"),
    maps.Resize("nearest", (18, 6), (Fraction(1, 2), Fraction(2))),
    maps.Resize("nearest-exact", (18, 6), (Fraction(1, 2), Fraction(2))),
    maps.Resize("linear", (18, 6), (Fraction(1, 2), Fraction(2))),
    maps.Resize("linear", (17, 6), (Fraction(1, 2), Fraction(11, 5)), corners=True),
    norms.BatchNorm(),
    norms.LayerNorm(),
    norms.Scale(),
    mixing.Elementwise("relu"),
    mixing.Linear(7),
    moving.Concatenate(),
    moving.Flatten(),
    moving.Pad(((0, 0), (1, 0), (2, -3), (0, 1))),
    moving.Pad(((0, 0), (0, 0), (2, 3), (0, 1)), "reflect"),
    moving.Pad(((0, 0), (0, 0), (2, 3), (0, 1)), "replicate"),
    moving.Pad(((0, 0), (0, 0), (2, 3), (0, 1)), "circular"),
    moving.Permute((0, 3, 1, 2)),
    moving.Reshape((1, 2, 2, 9, 12)),
    moving.Take(1, 1, 2),
    moving.Take(2, 8, 5, -2),
    moving.Take(3, -2, 12, wraps=True),
]


@pytest.mark.parametrize("op", ACCEPTED, ids=str)
def test_what_the_builder_accepts_is_built(op: Operation) -> None:
    graph = Builder(SHAPE, classes=10)
    graph.then(op)
    assert build(graph.graph())(torch.randn(2, *SHAPE)).shape == (2, *graph.shape(1)[1:])


def sees(profile: Profile) -> list[object]:
    """Return what each element of the last tensor sees along each axis."""
    return [axis.field.seen for axis in profile.rows[-1].field.axes]


@pytest.mark.parametrize("op", ACCEPTED, ids=str)
def test_the_layer_sees_and_costs_what_the_operation_does(op: Operation) -> None:
    graph = Builder(SHAPE, classes=10)
    graph.then(maps.Convolution(4, (3, 3), padding=(1, 1)))
    graph.then(op)
    expected, found = analyze(graph.graph()), analyze(build(graph.graph()), SHAPE, strict=True)
    assert sees(found) == sees(expected)
    names = ("params", "macs", "bias_ops", "norm_ops", "activation_ops", "pooling_ops")
    assert [found.figures[name] for name in names] == [expected.figures[name] for name in names]


def kinds(operation: type[Operation] = Operation) -> Iterator[type[Operation]]:
    """Yield the operations of the package, but for what several of them have in common."""
    for one in operation.__subclasses__():
        yield from kinds(one)
        if "kind" in vars(one) and one.__module__.startswith("archsearch."):
            yield one


def test_every_kind_with_a_layer_is_among_them() -> None:
    assert set(map(type, ACCEPTED)) == {kind for kind in kinds() if kind.buildable}


@pytest.mark.parametrize("op", [op for op in ACCEPTED if isinstance(op, moving.Take)], ids=str)
def test_indices_are_taken_and_neighbours_without_a_copy(op: moving.Take) -> None:
    building = Builder(SHAPE, classes=10)
    building.then(op)
    image = torch.randn(2, *SHAPE)
    indices = [(op.start + op.step * number) % image.shape[op.dim] for number in range(op.count)]
    found = build(building.graph())(image)
    assert torch.equal(found, torch.stack([image.select(op.dim, index) for index in indices], op.dim))
    is_view = found.untyped_storage().data_ptr() == image.untyped_storage().data_ptr()
    assert is_view == (op.step == 1 and not op.wraps)


@pytest.mark.parametrize("function", sorted(BUILDABLE))
def test_elementwise_functions_that_are_called_buildable_are_built(function: str) -> None:
    graph = Builder(SHAPE, classes=10)
    graph.then(mixing.Elementwise(function), *[0] * (2 if function in ARITHMETIC else 1))
    image = torch.randn(2, *SHAPE)
    found = build(graph.graph())(image)
    assert found.shape == image.shape
    assert not torch.equal(found, image)


def test_each_elementwise_function_is_listed_once() -> None:
    assert ARITHMETIC.isdisjoint(ACTIVATIONS)
    assert BUILDABLE <= ARITHMETIC | ACTIVATIONS


# What the builder refuses: the operation, how many inputs it is given, and why.
REFUSED: list[tuple[Operation, int, str]] = [
    (mixing.Elementwise("exp"), 1, "there is no layer for the elementwise function `exp`"),
    (mixing.Elementwise("add"), 1, "`add` reads 2 inputs, not 1"),
    (mixing.Elementwise("relu"), 2, "`relu` reads 1 input, not 2"),
    (mixing.Normalize("softmax", (1,)), 1, "there is no layer for `normalize`"),
    (mixing.Reduce("mean", (1,)), 1, "there is no layer for `reduce`"),
    (mixing.Contract("abcd", "abce", "abde"), 2, "there is no layer for `contract`"),
    (mixing.Attention(), 3, "there is no layer for `attention`"),
    (moving.Expand((1, 4, 9, 12)), 1, "there is no layer for `expand`"),
    (moving.IndexSelect(1, (0, 2, 2, 1)), 1, "there is no layer for `index_select`"),
    (folding.Unfold(2, size=3, step=2), 1, "there is no layer for `unfold`"),
    (folding.Fold((2, 2), (1, 1), (0, 0), (1, 1), (10, 13)), 1, "there is no layer for `fold`"),
    (folding.FractionalPool((2, 2), (4, 5)), 1, "there is no layer for `fractional_pool`"),
    (folding.MaxUnpool((2, 2), (2, 2), (0, 0), (1, 1), (18, 24)), 2, "there is no layer for `max_unpool`"),
    (recurrent.Recurrent("gru", 5), 1, "there is no layer for `recurrent`"),
    (recurrent.LastState((1, 1, 5), time=1), 1, "there is no layer for `last_state`"),
    (Input(SHAPE), 1, "there is no layer for `input`"),
    (Constant((1, 4)), 1, "there is no layer for `constant`"),
    (Earlier((1, 4, 9, 12), (1, 1)), 1, "there is no layer for `earlier`"),
    (Unknown("sort", (1, 4)), 1, "there is no layer for `unknown`"),
    (
        maps.Pool("avg", (2, 2), (1, 1), dilation=(2, 2)),
        1,
        "there is no layer for average pooling with dilation",
    ),
    (
        maps.Resize("linear", (18, 24), (Fraction(1, 2),) * 2, antialias=True),
        1,
        "there is no layer for antialiased interpolation",
    ),
    (maps.Resize("cubic", (18, 24), (Fraction(1, 2),) * 2), 1, "there is no layer for cubic interpolation"),
    (
        maps.TransposedConvolution(6, (2, 2), groups=4),
        1,
        "groups is 4, which does not divide the 6 output channels",
    ),
    (
        maps.TransposedConvolution(6, (2, 2), padding=(9, 9)),
        1,
        "a transposed convolution leaves nothing of a map of 9",
    ),
    (
        moving.Pad(((0, 0), (1, 0), (0, 0), (0, 0)), "reflect"),
        1,
        "channels cannot be padded in the mode `reflect`",
    ),
    (moving.Reshape((4, 1, 9, 12)), 1, "the reshape would give a batch of 4; it must stay 1"),
]


@pytest.mark.parametrize(("op", "inputs", "reason"), REFUSED, ids=[str(case[0]) for case in REFUSED])
def test_what_has_no_layer_is_refused(op: Operation, inputs: int, reason: str) -> None:
    graph = Builder(SHAPE, classes=10)
    with pytest.raises(ShapeError) as caught:
        graph.then(op, *[0] * inputs)
    assert caught.value.message == reason


def test_every_kind_without_a_layer_is_refused() -> None:
    assert {type(op) for op, _inputs, _reason in REFUSED} >= {kind for kind in kinds() if not kind.buildable}


def test_a_traced_graph_may_hold_what_has_no_layer_and_is_not_built() -> None:
    graph = trace(torch.nn.Softplus(), SHAPE).graph
    assert [node.op for node in graph.nodes[1:]] == [mixing.Elementwise("softplus")]
    with pytest.raises(TrainingError) as caught:
        build(graph)
    assert (caught.value.message, caught.value.remedy) == (
        "there is no layer for the elementwise function `softplus`",
        "train the module that the graph was traced from",
    )
