"""Counts of spaces of more than 10^5 sentences, beside each network analysed as a whole."""

from __future__ import annotations

import os

import pytest

from archsearch import Space
from archsearch.analysis.limits import check_whole
from archsearch.census.feasible import Feasible

# A small image, so that a network is analysed soon; each limit refuses some that the others leave.
LARGE = {
    "a strided residual": """
        limits rf > 12, params > 700, params < 1400
        network = conv(4|5|6) block(4|6)*1..3 head()
        block(w) = residual(conv(w, stride=1|2) conv(6|8), scale=none|skip, shortcut=conv|pool) | conv(w, kernel=1)
    """,
    "a shrinking dilation": """
        limits rf > 10, dilated >= 1, dilated < 3, params < 1500
        network = conv(4|6|8) step*4..4 head()
        step = conv(4|5|6, dilation=1|2|4) | maxpool(2) | sep(4|6, dilation=2|3, padding=1)
    """,
    "parameters of rules": """
        limits params > 900, params < 1500, macs < 120k, depthwise >= 1
        network = conv(4|6|8) pair(4|6|8, 3|5, 1|2) pair(4|6|8|10, 3|5, 1|2) pair(6|8|10|12, 1|3, 1|2)
                  head(pool=avg|max)
        pair(w, k, m) = conv(w, kernel=k) sep(w, multiplier=m) | sep(w, kernel=k) conv(w|8, kernel=1)
    """,
    "split": """
        limits params > 500, params < 900, depth > 6 or macs > 40k
        network = conv(4|6|8) part*2..2 concat(same, conv(2|4|6)) head()
        part = split(conv(2|3|4, kernel=1|3), same | relu | conv(3)) (relu | conv(4|8, kernel=1|3))
               | concat(conv(2|3|4), conv(2|3|4, kernel=1|5), same)
    """,
    "ambiguity": """
        limits params > 200, params < 800, rf > 6
        network = (any(4|6) | any(6|8))*1..5 head()
        any(w) = conv(w) | relu | conv(w, kernel=1) (relu | same)
    """,
    "MACs": """
        limits macs > 40k, macs < 60k, rf > 6
        network = conv(4|5|8) conv(4|5|6|7|8|9, kernel=1|3, stride=1|2)*3..3 act(relu|silu|gelu) head()
    """,
}


# Each takes minutes: so many of them are counted.
MOST = int(os.environ.get("ARCHSEARCH_LARGE_SPACES", "1"))


@pytest.mark.slow
@pytest.mark.parametrize("rules", [*LARGE.values()][-MOST:], ids=[*LARGE][-MOST:])
def test_as_many_as_one_by_one(rules: str) -> None:
    lines = [line.removeprefix(" " * 8) for line in rules.strip("\n").splitlines()]
    space = Space.of("\n".join(["input 3x8x8", *lines]))
    found = Feasible(space)
    assert found.sentences > 100_000
    networks = {str(network): network for network in map(space.at, range(space.size))}
    assert len(networks) == found.sentences
    fits = sum(check_whole(one, space.limits, space.input, space.classes).fits for one in networks.values())
    assert found.count.is_exact
    assert 0 < found.count.least == fits < len(networks)
