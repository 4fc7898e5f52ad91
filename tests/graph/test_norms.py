"""Norms and the learned factor: weights, counts and what their units see, worked out by hand."""

from __future__ import annotations

import pytest

from archsearch import analyze
from archsearch.graph import BatchNorm, Builder, LayerNorm, Permute, Scale
from archsearch.graph.ops.operation import Operation

SHAPE = (4, 6, 5)

# operation, its parameters, norm_ops and arithmetic_ops on a map of 4x6x5
FIGURES = [(BatchNorm(), 4 + 4, 120, 0), (LayerNorm(), 4 + 4, 120, 0), (Scale(), 4, 0, 120)]


@pytest.mark.parametrize(("op", "params", "norm_ops", "arithmetic_ops"), FIGURES)
def test_figures_worked_out_by_hand(op: Operation, params: int, norm_ops: int, arithmetic_ops: int) -> None:
    build = Builder(SHAPE, classes=10)
    build.then(op)
    figures = analyze(build.graph()).figures
    expected = {"params": params, "norm_ops": norm_ops, "arithmetic_ops": arithmetic_ops}
    none = dict.fromkeys(("macs", "bias_ops", "activation_ops", "depth", "depthwise"), 0)
    assert {name: figures[name] for name in (*expected, *none)} == expected | none


def test_each_has_its_own_digest() -> None:
    digests = set()
    for op, *_figures in FIGURES:
        build = Builder(SHAPE, classes=10)
        build.then(op)
        digests.add(build.graph().digest)
    assert len(digests) == 3


@pytest.mark.parametrize(("op", "seen"), [(BatchNorm(), 1), (LayerNorm(), 6), (Scale(), 1)])
def test_a_channel_sees_all_channels_through_a_layer_norm_alone(op: Operation, seen: int) -> None:
    build = Builder(SHAPE, classes=10)
    build.then(Permute((0, 2, 1, 3)))  # each of 6 channels sees a row of the image
    build.then(op)
    found = analyze(build.graph()).fields[-1]
    assert [rows.bit_count() for rows in found.along(1, 0)] == [seen] * 6
    assert [columns.bit_count() for columns in found.along(3, 1)] == [1] * 5
