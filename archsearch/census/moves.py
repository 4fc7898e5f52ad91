"""What a step does to packed rows of sums: it adds, drops what broke a limit, and makes alike sums one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from archsearch.census.column import Alike, Column
    from archsearch.census.intervals import Numbers

DROPPED = -1
"""What stands in the place of a row that has broken a limit; any number below 0 does."""

_AT_ONCE = 2**15
"""So many rows stay in a processor's cache while they are worked on."""


@dataclass(frozen=True)
class Change:
    """What is done to one column: sums below `low` and from `high` on are dropped, None for no bound."""

    column: Column
    low: int | None
    high: int | None
    alike: tuple[Alike, ...]

    @property
    def is_none(self) -> bool:
        """Whether nothing is done."""
        return self.low is None and self.high is None and not self.alike

    def apply(self, rows: Numbers) -> None:
        """Change rows in place."""
        units = self.column.units(rows)
        for low, high, stands in self.alike:
            united = rows & ~self.column.mask | stands << self.column.shift
            if high is None:
                np.copyto(rows, united, where=True if low is None else units >= low)
            elif low is None:
                np.copyto(rows, united, where=units < high)
            else:
                np.copyto(rows, united, where=(units >= low) & (units < high))
        if self.low is not None:
            np.copyto(rows, DROPPED, where=units < self.low)
        if self.high is not None:
            np.copyto(rows, DROPPED, where=units >= self.high)


@dataclass(frozen=True)
class Move:
    """What a step does to rows: `added` is itself a row."""

    added: int
    changes: tuple[Change, ...]

    def apply(self, rows: Numbers) -> Numbers:
        """Return rows after the step; those that have broken a limit are below 0."""
        moved = rows + self.added
        if self.changes:
            for start in range(0, len(moved), _AT_ONCE):
                some = moved[start : start + _AT_ONCE]
                for change in self.changes:
                    change.apply(some)
        return moved
