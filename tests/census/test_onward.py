"""A sentence followed edge by edge: in how many ways it goes on and keeps the limits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from examples.census import BLOCKS, SHRINKING, census
from examples.grammars import GRAMMARS, networks

from archsearch import Space
from archsearch.census.census import Census
from archsearch.census.lattice import FITTED, network
from archsearch.census.places import Token


def followed(
    found: Census, *, certainly: bool, node: int = 0, row: int = 0, tokens: tuple[Token, ...] = ()
) -> Iterator[str]:
    """Yield the sentences by which something goes on, and check that there are as many as is said."""
    sums, rows = found.sums, np.array([row])
    for number, edge in enumerate(sums.lattice.edges[node]):
        after = (*tokens, *edge.tokens)
        if edge.node == FITTED:
            if sums.sure[node] or found.onward(rows, node, number, certainly=certainly)[0]:
                yield str(network(after))
            continue
        if sums.sure[node]:
            ways = sums.lattice.sentences[edge.node] if edge.node >= 0 else 0
        else:
            ways = int(found.onward(rows, node, number, certainly=certainly)[0])
        moved, kept = sums.moved(rows, node, number)
        inner = []
        if not sums.sure[node] and not kept[0] and edge.node >= 0 and not sums.sure[edge.node]:
            # What has broken a limit does not keep it again.
            numbers = range(len(sums.lattice.edges[edge.node]))
            assert not any(found.onward(moved, edge.node, one, certainly=certainly)[0] for one in numbers)
            assert not any(sums.moved(moved, edge.node, one)[1][0] for one in numbers)
        if ways:
            inner = [*followed(found, certainly=certainly, node=edge.node, row=int(moved[0]), tokens=after)]
            assert kept[0] or sums.sure[node]
        assert len(inner) == ways
        yield from inner


@pytest.mark.parametrize(
    "limits", ["", "rf > 6, params > 300", "macs < 400k, params < 1k or depth = 2", "params < 1"]
)
@pytest.mark.parametrize("rules", [*GRAMMARS.values(), SHRINKING], ids=[*GRAMMARS, "shrinking"])
def test_all_sentences_that_fit_are_come_to(rules: str, limits: str) -> None:
    space = Space.of(rules).with_limits(limits)
    right = [text for text, one in networks(space).items() if space.check(one).fits]
    found = census(space)
    certain, possible = ([*followed(found, certainly=certainly)] for certainly in (True, False))
    assert sorted(certain) == sorted(right)
    assert len({*possible, *certain}) == len(possible) == found.most


@pytest.mark.parametrize("units", [{"macs": 9_999}, {"macs": 30_000, "params": 100}])
def test_with_rounded_sums(units: dict[str, int]) -> None:
    space = Space.of(BLOCKS).with_limits("params > 1.2k, params < 2k, macs > 90k, macs < 280k")
    right = {text for text, one in networks(space).items() if space.check(one).fits}
    found = census(space, units)
    certain, possible = ([*followed(found, certainly=certainly)] for certainly in (True, False))
    assert {*certain} < right < {*possible}
    assert (len(certain), len(possible)) == (found.least, found.most)


def test_more_than_int64_holds() -> None:
    space = Space.of("input 3x1x1\nnetwork = (relu | same | act(silu))*100 (conv(8) | relu) head()")
    found = census(space.with_limits("activation_ops > 150"))
    ways = [int(found.onward(np.array([0]), 0, number)[0]) for number in range(3)]
    assert sum(ways) == found.least > 2**64
