"""When a search ends: so many networks, so many hours, or what comes first; and how many it keeps and confirms."""

from __future__ import annotations

import math
from dataclasses import dataclass

from archsearch.errors import ArchsearchError

KEEP = 5
"""Of so many networks of a study the weights are kept."""

TOP, SEEDS = 3, 3
"""So many networks of a study are confirmed, with so many seeds each, where nothing else is said."""


@dataclass(frozen=True)
class Budget:
    """How many networks to train, and for how many hours to train networks; both count earlier runs of the study.

    A network that takes longer than `minutes_each` to be scored is given up.
    """

    trials: int | None = None
    hours: float | None = None
    minutes_each: float | None = None

    def __post_init__(self) -> None:
        if self.trials is None and self.hours is None:
            remedy = "say how many networks to train, as in --trials 20, or for how long, as in --hours 1"
            raise ArchsearchError("nothing says when the search is to end", remedy=remedy)
        if self.trials is not None and self.trials < 1:
            raise ArchsearchError(f"trials is {self.trials}; it must be at least 1")
        for name in ("hours", "minutes_each"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ArchsearchError(f"{name} is {value}; it must be a finite number above 0")
