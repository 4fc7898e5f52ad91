"""How many sentences keep some limits: one number, or where exact sums take too much memory, an interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from archsearch.analysis.figures import SECONDS
from archsearch.analysis.fold import Fold
from archsearch.analysis.fragment import NeedsReachError
from archsearch.analysis.limits import check_calibrated
from archsearch.census import rounding
from archsearch.census.asked import Asked
from archsearch.census.census import Census
from archsearch.census.intervals import turns
from archsearch.census.lattice import lattice
from archsearch.notation.vocabulary import VOCABULARY
from archsearch.space.parts import calls

if TYPE_CHECKING:
    from archsearch.analysis.limits import Limits
    from archsearch.census.lattice import Lattice, Machine
    from archsearch.space.space import Space

MEMORY = 2**30
"""The bytes that counting may take, where nothing else is said."""

_BESIDE = frozenset({"params", "dilated"})
"""Figures that are summed whether limits name them or not: what explains a space asks for them."""


@dataclass(frozen=True)
class Count:
    """From `least` to `most` sentences keep some limits: where both are equal, the number is exact.

    Otherwise sums of the figures in `units` were rounded to multiples of these, so as to fit into memory, or what
    figures come to is `unknown`, or `rf` is known to be at most so large.
    """

    least: int
    most: int
    units: Mapping[str, float]
    unknown: tuple[str, ...] = ()

    @staticmethod
    def of(census: Census) -> Count:
        """Return what a census has found."""
        return Count(census.least, census.most, census.sums.units, census.sums.asked.unknown)

    @property
    def is_exact(self) -> bool:
        """Whether it is one number."""
        return self.least == self.most

    def __str__(self) -> str:
        """Write the number, or the two between which it lies.

        >>> str(Count(1_000, 1_000, {})), str(Count(1_000, 1_200, {"macs": 4_096}))
        ('1,000', 'from 1,000 to 1,200')
        """
        return f"{self.least:,}" if self.is_exact else f"from {self.least:,} to {self.most:,}"


def paths(space: Space, machine: Machine) -> Lattice:
    """Return the lattice of what a machine reads of a space, with the figures that its limits name, and more.

    Raises ArchsearchError for limits on `seconds` that are not calibrated, and for words of the user's that depend
    on more than what is before them.
    """
    check_calibrated(space.limits)
    names = space.limits.names | _BESIDE
    calibration = space.limits.calibration if SECONDS in names else None
    folding = partial(Fold, space.input, space.classes, names, calibration=calibration)
    try:
        return _followed(machine, folding(enough=_enough(space)))
    except NeedsReachError:
        return _followed(machine, folding(reach=True))


def _enough(space: Space) -> int | None:
    """Return the largest `rf` that matters to the limits of a space; None where all do.

    Where channels that see different sets stand side by side, what some of them see is known as a bound: such sets
    must be told apart, however large they are.
    """
    called = (one.name for rule in space.rules.values() for one in calls(rule.body, space.vocabulary))
    words = [space.vocabulary[name] for name in called if name not in space.rules]
    if any(one.has_bodies or (one.takes_sentences and one not in VOCABULARY.words) for one in words):
        return None
    return max(turns(space.limits.condition.clauses, "rf"), default=0)


def _followed(machine: Machine, fold: Fold) -> Lattice:
    found = lattice(machine, fold)
    # Whether the last map needs more shows when it is asked for.
    for node in found.ends:
        fold.read(found.states[node])
    return found


def census(found: Lattice, limits: Limits, memory: int) -> Census:
    """Return what keeps some limits: counted exactly, or where that takes more than `memory` bytes, rounded.

    Raises ArchsearchError where it does however coarse sums are.
    """
    return rounding.census(Asked(found, limits), memory)
