"""What a space is made of: how many sentences, how many fit and what these are, what each limit refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal, TypeAlias

from archsearch.census.ambiguity import Ambiguity, ambiguity
from archsearch.census.count import MEMORY, Count, census
from archsearch.census.degenerate import Degenerate, degenerate
from archsearch.census.distribution import DRAWS, Sample, sample
from archsearch.census.emptiness import Relaxed, limits_on, relaxed, without
from archsearch.census.extremes import TooManyRowsError, extremes
from archsearch.census.feasible import Feasible, sample_any
from archsearch.census.unused import Option, unused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archsearch.analysis.limits import Limits
    from archsearch.census.lattice import Lattice
    from archsearch.notation.clauses import Clause
    from archsearch.notation.network import Network
    from archsearch.space.space import Space

_SOON_COUNTED = 2**15
"""What each limit alone refuses is counted where that takes so many steps, about a second; else it is drawn."""

_TOO_FEW = 20
"""Where fewer than one in so many of the networks that may fit is known to, none are drawn."""

Among: TypeAlias = Literal["all", "known", "drawn"]
"""The networks among which one is the smallest: all that fit, all that are known to, or those that were drawn."""


@dataclass(frozen=True)
class Ends:
    """The networks with the fewest and the most params of those that fit, and `among` which they were found."""

    among: Among
    smallest: Network
    largest: Network
    figures: tuple[Mapping[str, int], Mapping[str, int]]


@dataclass(frozen=True)
class Explanation:
    """What is known of a space.

    `derivations` lead to `sentences`. Shapes fit in `shaped` of these, and `feasible` keep all limits. `alone` has
    how many keep each limit, by its text, and `only` how many keep all but this one; where that would take long,
    `only_drawn` has it of 1,000 fair draws from all sentences. `sample` are networks that fit, and `ends` the
    smallest and the largest. Where none fits, `relaxed` says why. `ambiguity` is a sentence with two derivations,
    `degenerate` are dilated kernels wider than their maps, `unused` are the options that no network takes which
    fits: None where this is not known.
    """

    derivations: int
    sentences: int
    shaped: int
    feasible: Count
    alone: Mapping[str, Count]
    only: Mapping[str, Count]
    only_drawn: Mapping[str, int]
    sample: Sample
    ends: Ends | None
    relaxed: tuple[Relaxed, ...]
    ambiguity: Ambiguity | None
    degenerate: tuple[Degenerate, ...]
    unused: tuple[Option, ...] | None


def explain(space: Space, memory: int = MEMORY) -> Explanation:
    r"""Count the sentences of a space and those that keep its limits, each once; find out what is odd about them.

    `memory` bounds the bytes for sums: where exact ones take more, some are rounded, and an interval is given.
    So it is for limits on `activation_bytes`, which is not known from word to word. Raises ArchsearchError for
    limits on `seconds` that are not calibrated, and for words of the user's that depend on more than what is
    before them.

    >>> from archsearch.space.space import Space
    >>> found = explain(Space.of("limits params < 3k\nnetwork = conv(8|16)*1..2 head()"))
    >>> found.sentences, str(found.feasible), str(found.ends.smallest)
    (6, '5', 'conv(8) head()')
    """
    fits = Feasible(space, memory)
    paths = fits.census.sums.lattice
    clauses = space.limits.condition.clauses
    sentences, feasible = fits.sentences, fits.count

    def count(limits: Limits) -> Count:
        return Count.of(census(paths, limits, memory))

    alone = {clause.text: count(limits_on(space.limits, (clause,))) for clause in clauses}
    steps = sum(map(len, paths.edges)) + sum(len(one) for one in fits.census.rows if one is not None)
    is_small = steps * len(clauses) <= _SOON_COUNTED or len(clauses) <= 2
    only = {one.text: _only(space, paths, one, alone, feasible, memory) for one in clauses} if is_small else {}
    is_known = feasible.least * _TOO_FEW >= feasible.most
    drawn = sample(space, fits) if is_known else Sample(is_whole=False, networks=(), figures=())
    return Explanation(
        space.size,
        sentences,
        paths.sentences[0],
        feasible,
        alone,
        only,
        {} if is_small else _only_drawn(space),
        drawn,
        _ends(space, fits, drawn),
        () if feasible.most else relaxed(space, paths, {text: one.most for text, one in alone.items()}, memory),
        ambiguity(space) if space.size > sentences else None,
        degenerate(paths),
        unused(space, paths, drawn.networks) if feasible.most else (),
    )


def _only(
    space: Space, paths: Lattice, clause: Clause, alone: Mapping[str, Count], feasible: Count, memory: int
) -> Count:
    """Return how many sentences keep all limits but one, and not this."""
    shaped = paths.sentences[0]
    others = without(space.limits.condition.clauses, clause)
    if alone[clause.text].least == shaped:
        return Count(0, 0, {})
    kept = Count(shaped, shaped, {})
    if len(others) == 1:
        kept = alone[others[0].text]
    elif others:
        kept = Count.of(census(paths, limits_on(space.limits, others), memory))
    units = {**feasible.units, **kept.units}
    return Count(max(0, kept.least - feasible.most), kept.most - feasible.least, units)


def _only_drawn(space: Space) -> Mapping[str, int]:
    """Return how many of 1,000 sentences keep all limits but one, and not this, by its text."""
    found = dict.fromkeys((clause.text for clause in space.limits.condition.clauses), 0)
    for network in islice(sample_any(space, seed=0), DRAWS):
        broken = space.check(network).violations
        if len(broken) == 1 and broken[0].limit in found:
            found[broken[0].limit] += 1
    return found


def _ends(space: Space, fits: Feasible, drawn: Sample) -> Ends | None:
    among: Among = "drawn"
    networks: Iterable[Network] = drawn.networks
    if drawn.is_whole:
        among = "all"
    else:
        try:
            found = extremes(fits.census, "params")
        except TooManyRowsError:
            pass
        else:
            among = "all" if fits.count.is_exact else "known"
            networks = () if found is None else (found.smallest, found.largest)
    figures = Sample.of(space, networks)
    if not figures.networks:
        return None
    sizes = [one["params"] for one in figures.figures]
    ends = sizes.index(min(sizes)), sizes.index(max(sizes))
    smallest, largest = (figures.networks[number] for number in ends)
    return Ends(among, smallest, largest, (figures.figures[ends[0]], figures.figures[ends[1]]))
