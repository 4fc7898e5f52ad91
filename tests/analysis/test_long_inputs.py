"""Inputs of many thousand samples: what is computed without sets, and what the proof leaves out."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import pytest
from torch import nn

from archsearch import check
from archsearch.analysis.profile import profile
from archsearch.analysis.seen import SETS_UP_TO
from archsearch.errors import ArchsearchError
from archsearch.graph.graph import Graph
from archsearch.proof.prove import MOST, chosen, prove
from archsearch.pytorch.trace import trace


def dilated(*dilations: int) -> nn.Module:
    return nn.Sequential(*(nn.Conv1d(1, 1, 3, padding=dilation, dilation=dilation) for dilation in dilations))


def long(length: int) -> Graph:
    return trace(dilated(*(2**layer for layer in range(10))), (1, length)).graph


# limits, length, and the megabytes that may be taken; sets would take 1,440 and 160 in the ten layers
ALLOWED = [("rf = 2047, params = 40", 48_000, 1), ("rf_inside = 2047", 16_000, 12)]


@pytest.mark.parametrize(("limits", "length", "most"), ALLOWED)
def test_check_makes_no_sets(limits: str, length: int, most: int) -> None:
    graph = long(length)
    tracemalloc.start()
    try:
        verdict = check(graph, limits)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert verdict.fits, verdict.reasons
    assert peak < most * 2**20


def test_figures_do_not_depend_on_whether_there_are_sets() -> None:
    with_sets, without = profile(long(SETS_UP_TO)), profile(long(SETS_UP_TO + 1))
    assert (with_sets.has_sets, without.has_sets) == (True, False)
    for name in ("rf", "rf_inside", "params"):
        assert with_sets.figures[name] == without.figures[name]
    columns = ("rf", "rf_inside", "stride", "padding", "coverage", "notes")
    for one, other in zip(with_sets.rows, without.rows, strict=True):
        assert {name: one.figures[name] for name in columns} == {name: other.figures[name] for name in columns}
    assert (with_sets.first_whole, without.first_whole) == (None, None)


def test_what_was_not_made_is_said() -> None:
    found = profile(long(16_000))
    left_out = (
        "Not made: the exact sets that units see, and image_coverage with them: a side of it is longer than 4,096"
    )
    assert left_out in str(found).splitlines()
    assert "Not made" not in str(profile(long(1_200)))
    assert {row.figures["image_coverage"] for row in found.rows} == {None}
    with pytest.raises(ArchsearchError, match="sets are not made for an input of 1x16000"):
        _ = found.fields


@pytest.mark.parametrize("length", [1_200, 16_000])
def test_a_proof_takes_few_runs_and_says_what_it_left_out(length: int) -> None:
    runs = []
    proof = prove(trace(dilated(1, 4, 16), (1, length)), tick=lambda: runs.append(1))
    said = f"what {length:,} units of 2: convolution 3, dilation 16 see, by analysis, gradients and NaNs"
    assert str(proof).splitlines()[0] == f"equal for the units and positions compared: {said}"
    # The gradients' one run, one on the clean image, and one for each position.
    assert len(runs) == MOST + 2
    which = "those at both ends and in the middle, and some between"
    assert proof.unsure == (
        f"gradients were compared for 256 of {length:,} units: {which}",
        f"what units see was compared at 256 of {length:,} positions of the input: {which}",
    )


def test_what_is_compared_all_is_not_called_left_out() -> None:
    proof = prove(trace(dilated(1, 2), (1, MOST)))
    assert (proof.unsure, proof.sampled) == ((), False)
    assert str(proof).startswith("equal: ")


def test_a_proof_of_some_positions_finds_what_is_wrong() -> None:
    right, wrong = trace(dilated(1, 4, 16), (1, 1_200)), trace(dilated(1, 4, 17), (1, 1_200))
    proof = prove(replace(right, graph=wrong.graph))
    assert str(proof).startswith("NOT EQUAL: ")
    units = {line.split()[1] for line in proof.differences}
    middle = str(chosen(1_200)[MOST // 2])
    # At both ends and in the middle.
    assert {"0", "1199", middle} <= units
