"""Sums rounded to save memory: an interval that holds the number, and what is said where it does not suffice."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from examples.census import BLOCKS, MEMORY, NO_UNITS, SHRINKING, census, lattice_of, one_by_one

from archsearch import ArchsearchError, Space
from archsearch.space.census import Census, TooManySumsError
from archsearch.space.explanation import explain
from archsearch.space.sums import Sums

UNITS = [{"macs": 1_000}, {"macs": 30_000, "params": 100}, {"macs": 1_000_000}, {"params": 7, "norm_ops": 999}]
ROUNDED = [
    "params > 1.2k, params < 2k, macs > 90k, macs < 280k",
    "macs < 200k or params > 1.5k, norm_ops != 4096",
    "macs > 276k",
]


@pytest.mark.parametrize("units", UNITS, ids=str)
@pytest.mark.parametrize("limits", ROUNDED)
@pytest.mark.parametrize("rules", [BLOCKS, SHRINKING], ids=["blocks", "shrinking"])
def test_rounded_sums_give_an_interval_around_the_number(
    rules: str, limits: str, units: Mapping[str, int]
) -> None:
    space = Space.of(rules).with_limits(limits)
    found = census(space, units)
    assert found.least <= one_by_one(space).fits <= found.most
    assert found.most <= one_by_one(space).shapes_fit


def test_coarse_units_take_fewer_sums_and_leave_more_open() -> None:
    space = Space.of(SHRINKING).with_limits("macs > 90k, macs < 280k")
    fine, coarse = (census(space, {"macs": unit}) for unit in (1, 300_000))
    assert fine.least == fine.most
    assert coarse.least < coarse.most
    assert count_rows(coarse) < count_rows(fine)


def count_rows(found: Census) -> int:
    return sum(len(rows) for rows in found.rows if rows is not None)


# limits on which the sums of one column are far more than those of the others
@pytest.mark.parametrize(
    ("limits", "column"),
    [
        ("macs > 70k, macs < 120k, maxpool = 1", "macs"),
        ("maxpool < 3, depthwise > 2, params > 800, params < 900", "params"),
    ],
)
def test_too_many_sums_name_the_column_that_has_most(limits: str, column: str) -> None:
    rules = "input 3x16x16\nnetwork = conv(8) (sep(5|6|7|8|9) | relu | maxpool(2))*3 head()"
    space = Space.of(rules).with_limits(limits)
    found = census(space)
    assert found.least == found.most == one_by_one(space).fits > 0
    with pytest.raises(TooManySumsError) as caught:
        census(space, memory=8 * count_rows(found))
    assert caught.value.column == column


def test_rows_that_no_number_holds_are_too_many_sums() -> None:
    space = Space.of("input 3x1x1\nnetwork = conv(256|251) sep(241|243)*2 conv(239, kernel=1) head()")
    figures = space.check(space.at(0)).figures
    names = ["params", "trainable", "macs", "flops", "weight_bytes"]
    space = space.with_limits(", ".join(f"{name} <= {figures[name]}" for name in names))
    sums = Sums(lattice_of(space), space.limits, NO_UNITS)
    assert not sums.packs
    with pytest.raises(TooManySumsError, match="params"):
        Census(sums, MEMORY)
    rounded = census(space, dict.fromkeys(names, 100))
    assert rounded.sums.packs
    assert rounded.least <= one_by_one(space).fits <= rounded.most


@pytest.mark.parametrize("limits", ["rf > 4, rf < 9", "params > 1k, params < 2k"])
def test_memory_for_fewer_sums_than_there_are_nodes(limits: str) -> None:
    space = Space.of(BLOCKS).with_limits(limits)
    with pytest.raises(ArchsearchError, match="counting takes more than 0 MiB, however coarse its sums are"):
        explain(space, memory=1)
