"""Why no network of a space keeps its limits, and to which value one of them must be relaxed until one does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archsearch.census.automaton import Automaton
from archsearch.census.count import census, paths
from archsearch.census.extremes import TooManyRowsError, extremes
from archsearch.notation.clauses import Comparison, number_text
from archsearch.notation.condition import Condition

if TYPE_CHECKING:
    from archsearch.analysis.limits import Limits
    from archsearch.census.lattice import Lattice
    from archsearch.notation.clauses import Clause
    from archsearch.notation.network import Network
    from archsearch.space.space import Space

_ENDS = frozenset({"rf", "rf_inside", "depth"})
_LARGEST_RF = 100_000
_RELAXED = {"<": "<=", "<=": "<=", ">": ">=", ">=": ">=", "=": "="}


@dataclass(frozen=True)
class Relaxed:
    """What becomes of a space in which nothing fits without one `limit`, the others being as they are.

    Where no network keeps the limit whatever the others (`alone`), these are left out too. Without it networks fit
    if it `helps`; None where sums were rounded and that is not known. Of these, `network` comes nearest to it: it
    has `nearest`, and the limit `to` is kept. All three are None for limits joined by `or`, for those with `!=`,
    and where the nearest is not known.
    """

    limit: str
    alone: bool
    helps: bool | None
    nearest: int | None = None
    to: str | None = None
    network: Network | None = None


def relaxed(space: Space, found: Lattice, alone: Mapping[str, int], memory: int) -> tuple[Relaxed, ...]:
    r"""Return that for each limit which no network keeps, or if there is none, for every limit.

    `alone` has how many sentences may keep each limit, by its text; `found` are the paths of the space.

    >>> from archsearch.space.space import Space
    >>> space = Space.of("limits params < 100, rf > 5\nnetwork = conv(8|16)*1..2 head()")
    >>> found = paths(space, Automaton(space))
    >>> (one,) = relaxed(space, found, {"params < 100": 0, "rf > 5": 0}, 2**20)[:1]
    >>> one.limit, one.nearest, str(one.network)
    ('params < 100', 330, 'conv(8) head()')
    """
    clauses = space.limits.condition.clauses
    impossible = [clause for clause in clauses if not alone[clause.text]]
    return tuple(
        _relaxed(space, found, clause, () if impossible else without(clauses, clause), memory, bool(impossible))
        for clause in impossible or clauses
    )


def limits_on(limits: Limits, clauses: tuple[Clause, ...]) -> Limits:
    """Return the same limits, but on these conditions."""
    return replace(limits, condition=Condition(", ".join(clause.text for clause in clauses), clauses))


def without(clauses: tuple[Clause, ...], left_out: Clause) -> tuple[Clause, ...]:
    """Return all clauses but one."""
    return tuple(clause for clause in clauses if clause is not left_out)


def _relaxed(
    space: Space, found: Lattice, clause: Clause, others: tuple[Clause, ...], memory: int, alone: bool
) -> Relaxed:
    counted = census(found, limits_on(space.limits, others), memory)
    helps = counted.least > 0 if counted.least or not counted.most else None
    unknown = Relaxed(clause.text, alone, helps)
    if not helps or not isinstance(clause, Comparison) or clause.comparator not in _RELAXED:
        return unknown
    try:
        nearest = _nearest(space, found, clause, others, memory)
    except TooManyRowsError:
        nearest = None
    if nearest is None:
        return unknown
    value, network = nearest
    to = f"{clause.name} {_RELAXED[clause.comparator]} {number_text(value)}"
    return replace(unknown, nearest=value, to=to, network=network)


def _nearest(
    space: Space, found: Lattice, clause: Comparison, others: tuple[Clause, ...], memory: int
) -> tuple[int, Network] | None:
    """Return the value nearest to a bound of those networks that keep the other limits, and one that has it."""
    if clause.name not in _ENDS.union(found.fold.summed):
        return None
    if clause.name == "rf":
        # What is above all bounds is not told apart, unless there is a larger one.
        large = replace(clause, comparator="<", bound=_LARGEST_RF)
        uncut = space.with_limits(limits_on(space.limits, (*others, clause, large)))
        found = paths(uncut, Automaton(space))
    if clause.name in _ENDS and any(found.fold.is_bound(found.states[node]) for node in found.ends):
        return None

    def values() -> Iterator[tuple[int, Network]]:
        assert isinstance(clause.bound, int | float)
        for side in ("<", ">") if clause.comparator == "=" else (clause.comparator,):
            beside = (replace(clause, comparator=side),) if clause.comparator == "=" else ()
            known = extremes(census(found, limits_on(space.limits, (*others, *beside)), memory), clause.name)
            if known is None:
                continue
            # Equal values are approached from below, and all others from where the bound is broken.
            is_below = side == "<" if beside else side in {">", ">="}
            yield (known.most, known.largest) if is_below else (known.least, known.smallest)

    bound = clause.bound
    assert isinstance(bound, int | float)
    return min(values(), key=lambda one: abs(one[0] - bound), default=None)
