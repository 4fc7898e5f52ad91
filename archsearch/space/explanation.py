"""What a space is made of: how many sentences, how many of them fit, and what each limit refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archsearch.notation.condition import Condition
from archsearch.space.automaton import Automaton
from archsearch.space.count import MEMORY, Count, census, paths

if TYPE_CHECKING:
    from archsearch.analysis.limits import Limits
    from archsearch.space.space import Space


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
    Raises ArchsearchError for limits on a figure that cannot be followed from word to word, and for words of the
    user's that depend on more than what is before them.

    >>> from archsearch.space.space import Space
    >>> found = explain(Space.of("limits params < 3k\nnetwork = conv(8|16)*1..2 head()"))
    >>> found.sentences, str(found.feasible)
    (6, '5')
    """
    automaton = Automaton(space.rules, space.vocabulary)
    found = paths(space, automaton)

    def count(limits: Limits) -> Count:
        return Count.of(census(found, limits, memory))

    alone = {
        clause.text: count(replace(space.limits, condition=Condition(clause.text, (clause,))))
        for clause in space.limits.condition.clauses
    }
    return Explanation(space.size, automaton.size, found.sentences[0], count(space.limits), alone)
