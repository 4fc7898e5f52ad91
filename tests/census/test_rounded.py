"""Sums rounded to save memory: an interval that holds the number, and what is said where it does not suffice."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from examples.census import BLOCKS, MEMORY, NO_UNITS, SHRINKING, census, lattice_of, one_by_one

from archsearch import ArchsearchError, Space
from archsearch.census.asked import Asked
from archsearch.census.census import Census
from archsearch.census.explanation import explain
from archsearch.census.rounding import census as within
from archsearch.census.rows import TooManySumsError, taken
from archsearch.census.sums import Sums

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


def test_too_many_sums_for_the_memory() -> None:
    rules = "input 3x16x16\nnetwork = conv(8) (sep(5|6|7|8|9) | relu | maxpool(2))*3 head()"
    space = Space.of(rules).with_limits("macs > 70k, macs < 120k, params < 900, maxpool = 1")
    found = census(space)
    assert found.least == found.most == one_by_one(space).fits > 0
    bytes_of_rows = 8 * count_rows(found)
    with pytest.raises(TooManySumsError):
        census(space, memory=2 * bytes_of_rows - 1)
    # Rows take some more while they wait to be made one.
    assert census(space, memory=4 * bytes_of_rows).least == found.least


def test_rows_that_no_number_holds_are_too_many_sums() -> None:
    space = Space.of("input 3x1x1\nnetwork = conv(4001|251) sep(2411|243)*2 conv(239, kernel=1) head()")
    figures = space.check(space.at(0)).figures
    names = ["params", "trainable", "macs", "flops", "weight_bytes"]
    space = space.with_limits(", ".join(f"{name} < {figures[name]}" for name in names))
    sums = Sums(Asked(lattice_of(space), space.limits), NO_UNITS)
    assert not sums.packs
    with pytest.raises(TooManySumsError):
        Census(sums, MEMORY)
    rounded = census(space, dict.fromkeys(names, 100_000))
    assert rounded.sums.packs
    assert rounded.least <= one_by_one(space).fits <= rounded.most


# bytes, down to what no coarser sums need
@pytest.mark.parametrize("memory", [1_000_000, 100_000, 30_000, 10_000])
@pytest.mark.parametrize("limits", ROUNDED)
def test_the_finest_sums_that_fit(limits: str, memory: int) -> None:
    space = Space.of(SHRINKING).with_limits(limits)
    found = within(Asked(lattice_of(space), space.limits), memory)
    assert found.least <= one_by_one(space).fits <= found.most
    assert sum(taken(found.sums, node, rows) for node, rows in enumerate(found.rows)) <= memory


@pytest.mark.parametrize("limits", ["rf > 4, rf < 9", "params > 1k, params < 2k"])
def test_memory_for_fewer_sums_than_there_are_nodes(limits: str) -> None:
    space = Space.of(BLOCKS).with_limits(limits)
    with pytest.raises(ArchsearchError, match="counting takes more than 0 MiB, however coarse its sums are"):
        explain(space, memory=1)
