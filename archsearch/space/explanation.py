"""What a space is made of: how many sentences, how many of them fit, and what each limit refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from archsearch.analysis.figures import SECONDS
from archsearch.analysis.fold import Fold, NeedsReachError
from archsearch.analysis.limits import Limits, check_calibrated
from archsearch.notation.condition import Condition
from archsearch.space.asked import Asked
from archsearch.space.automaton import Automaton
from archsearch.space.intervals import turns
from archsearch.space.lattice import lattice
from archsearch.space.rounding import census

if TYPE_CHECKING:
    from archsearch.space.lattice import Lattice
    from archsearch.space.space import Space

MEMORY = 2**30
"""The bytes that counting may take, where nothing else is said."""


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


@dataclass(frozen=True)
class Explanation:
    """The numbers of a space.

    `derivations` lead to `sentences`. Shapes fit in `shaped` of these, and `feasible` keep all limits. `alone` has
    how many keep each limit, by its text.
    """

    derivations: int
    sentences: int
    shaped: int
    feasible: Count
    alone: Mapping[str, Count]


def explain(space: Space, memory: int = MEMORY) -> Explanation:
    r"""Count the sentences of a space, those whose shapes fit, and those that keep its limits, each once.

    `memory` bounds the bytes for sums: where exact ones take more, some are rounded, and an interval is given.
    So it is for limits on `activation_bytes`, which is not known from word to word. Raises ArchsearchError for
    limits on `seconds` that are not calibrated, and for words of the user's that depend on more than what is
    before them.

    >>> from archsearch.space.space import Space
    >>> found = explain(Space.of("limits params < 3k\nnetwork = conv(8|16)*1..2 head()"))
    >>> found.sentences, str(found.feasible)
    (6, '5')
    """
    limits = space.limits
    check_calibrated(limits)
    automaton = Automaton(space.rules, space.vocabulary)
    paths = _paths(space, automaton)
    alone = {
        clause.text: _count(paths, replace(limits, condition=Condition(clause.text, (clause,))), memory)
        for clause in limits.condition.clauses
    }
    return Explanation(space.size, automaton.size, paths.sentences[0], _count(paths, limits, memory), alone)


def _paths(space: Space, automaton: Automaton) -> Lattice:
    matter = turns(space.limits.condition.clauses, "rf")
    names = space.limits.names
    folding = partial(
        Fold, space.input, space.classes, names, calibration=space.limits.calibration if SECONDS in names else None
    )
    try:
        return _followed(automaton, folding(enough=matter[-1] if matter else 0))
    except NeedsReachError:
        return _followed(automaton, folding(reach=True))


def _followed(automaton: Automaton, fold: Fold) -> Lattice:
    paths = lattice(automaton, fold)
    # Whether the last map needs more shows when it is asked for.
    for node in paths.ends:
        fold.read(paths.states[node])
    return paths


def _count(paths: Lattice, limits: Limits, memory: int) -> Count:
    found = census(Asked(paths, limits), memory)
    return Count(found.least, found.most, found.sums.units, found.sums.asked.unknown)
