"""The rows of sums that sentences can have reached at each node, from the first node on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from archsearch.space.digits import places

if TYPE_CHECKING:
    from archsearch.space.intervals import Numbers
    from archsearch.space.sums import Sums

_BYTES = 8
_WAITING = 2**20


class TooManySumsError(Exception):
    """Rows that would take more memory than they may, or that no number holds."""


def reached(sums: Sums, memory: int) -> list[Numbers | None]:
    """Return, for each node of `sums.reduced`, the packed rows there in ascending order; None for none.

    Rows that can no longer keep the limits are left out. Raises TooManySumsError where rows, and in how many ways
    sentences go on from each, take more than `memory` bytes, or where a row does not fit into one number.
    """
    if not sums.packs:
        raise TooManySumsError
    reduced, first = sums.reduced, sums.reduced.at[0]
    rows: list[Numbers | None] = [None] * len(reduced.ways)
    arriving: dict[int, list[Numbers]] = {}
    if first is not None and not sums.here[first].dead:
        arriving[first] = [np.zeros(1, np.int64)]
    for node in reversed(range(len(rows))):
        if not (here := _distinct(arriving.pop(node, []))).size:
            continue
        rows[node] = here
        memory -= taken(sums, node, here)
        if memory < 0:
            raise TooManySumsError
        for step in () if sums.here[node].sure else reduced.ways[node]:
            if not sums.here[step.node].dead:
                moved = sums.stepped(here, node, step)
                waiting = arriving.setdefault(step.node, [])
                waiting.append(moved[moved >= 0])
                if len(waiting) > 1 and sum(map(len, waiting)) > _WAITING + 2 * len(waiting[0]):
                    arriving[step.node] = [_distinct(waiting)]
    return rows


def taken(sums: Sums, node: int, rows: Numbers | None) -> int:
    """Return the bytes that rows of a node take, with in how many ways sentences go on from each."""
    counts = places(sums.reduced.sentences[node]) * (1 if sums.is_exact else 2)
    return 0 if rows is None else len(rows) * _BYTES * (1 + counts)


def _distinct(parts: Sequence[Numbers]) -> Numbers:
    """Return the numbers in some arrays, each once and in ascending order."""
    every = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    # The parts are in order, but for few numbers: this kind makes use of that.
    every.sort(kind="stable")
    first = np.ones(len(every), np.bool_)
    np.not_equal(every[1:], every[:-1], out=first[1:])
    return every[first]
