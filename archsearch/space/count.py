"""How many sentences keep some limits: one number, or where exact sums take too much memory, an interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archsearch.analysis.figures import SECONDS
from archsearch.analysis.fold import FOLDED, Fold
from archsearch.analysis.fragment import NeedsReachError
from archsearch.errors import ArchsearchError
from archsearch.space.census import Census, TooManySumsError
from archsearch.space.intervals import turns
from archsearch.space.lattice import lattice
from archsearch.space.sums import Sums

if TYPE_CHECKING:
    from archsearch.analysis.limits import Limits
    from archsearch.space.lattice import Lattice, Machine
    from archsearch.space.space import Space

MEMORY = 2**30
"""The bytes that counting may take, where nothing else is said."""

_COARSER = 8
_NOTHING_TOLD = 2
"""A column of so few different sums tells nothing apart any more."""


@dataclass(frozen=True)
class Count:
    """From `least` to `most` sentences keep some limits: where both are equal, the number is exact.

    Otherwise sums of the figures in `units` were rounded to multiples of these, so as to fit into memory.
    """

    least: int
    most: int
    units: Mapping[str, int]

    @staticmethod
    def of(census: Census) -> Count:
        """Return what a census has found."""
        return Count(census.least, census.most, census.sums.units)

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
    """Return the lattice of what a machine reads of a space, with the figures that its limits name.

    Raises ArchsearchError for limits on a figure that cannot be followed from word to word, and for words of the
    user's that depend on more than what is before them.
    """
    names = space.limits.names
    for name in names - FOLDED | names & {SECONDS}:
        message = f"sentences that keep a limit on {name} are not counted: it is not known from word to word"
        raise ArchsearchError(message, remedy="leave out that limit")
    matter = turns(space.limits.condition.clauses, "rf")
    try:
        return _followed(machine, Fold(space.input, space.classes, names, enough=matter[-1] if matter else 0))
    except NeedsReachError:
        return _followed(machine, Fold(space.input, space.classes, names, reach=True))


def _followed(machine: Machine, fold: Fold) -> Lattice:
    found = lattice(machine, fold)
    # Whether the last map needs more shows when it is asked for.
    for node in found.ends:
        fold.read(found.states[node])
    return found


def census(found: Lattice, limits: Limits, memory: int) -> Census:
    """Count with units of the figures that have most values ever coarser, until the sums fit into memory.

    Raises ArchsearchError where they do not, however coarse.
    """
    units: dict[str, int] = {}
    while True:
        sums = Sums(found, limits, units)
        try:
            return Census(sums, memory)
        except TooManySumsError as error:
            column = next((one for one in sums.columns if one.name == error.column), None)
            if column is None or column.radix <= _NOTHING_TOLD:
                message = f"counting takes more than {memory / 2**20:,.0f} MiB, however coarse its sums are"
                raise ArchsearchError(message, remedy="allow it more memory") from None
            units = {**units, column.name: column.unit * _COARSER}
