"""The census of a space, and its networks judged one by one, for tests of counting."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from hypothesis import strategies as st

from archsearch import Space
from archsearch.analysis.figures import SECONDS, is_upper_bound
from archsearch.analysis.fold import FOLDED
from archsearch.analysis.limits import NO_LIMITS, Verdict
from archsearch.census.asked import Asked
from archsearch.census.automaton import Automaton
from archsearch.census.census import Census
from archsearch.census.count import paths
from archsearch.census.lattice import Lattice
from archsearch.census.sums import Sums
from archsearch.errors import NotationError
from archsearch.notation.word import Vocabulary
from examples.grammars import networks, random_spaces

MEMORY = 2**26
NO_UNITS: Mapping[str, int] = MappingProxyType({})


def lattice_of(space: Space) -> Lattice:
    return paths(space, Automaton(space))


def census(space: Space, units: Mapping[str, int] = NO_UNITS, memory: int = MEMORY) -> Census:
    return Census(Sums(Asked(lattice_of(space), space.limits), units), memory)


@lru_cache(maxsize=64)
def verdicts(text: str, vocabulary: Vocabulary) -> tuple[Verdict, ...]:
    """Analyse each network of a space once, whatever its limits."""
    space = Space.of(text, vocabulary=vocabulary).with_limits(NO_LIMITS)
    return tuple(map(space.check, networks(space).values()))


def exact(space: Space) -> int:
    """Return the number of networks that keep the limits, which must be known."""
    found = census(space)
    assert found.least == found.most
    return found.least


class Counted(NamedTuple):
    """How many networks keep the limits, how many may, and how many have shapes that fit."""

    fits: int
    may_fit: int
    shapes_fit: int


def one_by_one(space: Space) -> Counted:
    """Count the networks whose figures, by the analyzer, keep the limits of a space."""
    found = [0, 0, 0]
    for verdict in verdicts(space.text, space.vocabulary):
        if verdict.profile is not None:
            at_most = [name for name in space.limits.names if is_upper_bound(verdict.profile, name)]
            broken = space.limits.violations(verdict.figures, at_most)
            found = [found[0] + (not broken), found[1] + (not any(one.certain for one in broken)), found[2] + 1]
    return Counted(*found)


BLOCKS = """
input 3x16x16
network    = conv(4|8) block(4|8) (relu | maxpool(2)) wide*0..1 head()
block(w)   = residual(conv(w, stride=1|2) conv(8), scale=none|skip, shortcut=conv|pool) | sep(w, dilation=1|3)
wide       = split(conv(4, kernel=3|5), same) | again(conv(4) conv(8), times=2)
"""

# Convolutions whose outer taps reach beyond a small map: how many count as dilated depends on where they stand.
SHRINKING = """
input 3x16x16
network = conv(8) (conv(8, dilation=4|8) | maxpool(2) | conv(4, dilation=2))*2..4 head()
"""

# Many different sums: hardly any two of the widths add up to the same.
WIDTHS = "input 3x8x8\nnetwork = conv(5|6|7|9|11|13)*4..4 head()"

COMPARATORS = ["<", "<=", ">", ">=", "=", "!="]
NAMES = sorted(FOLDED - {SECONDS})


@st.composite
def limited_spaces(draw: st.DrawFn) -> Space:
    """Draw a space with limits that tell its networks apart: at their own figures."""
    space = draw(random_spaces(200))
    found = [one.figures for one in verdicts(space.text, space.vocabulary) if one.profile is not None]

    def comparison() -> str:
        name = draw(st.sampled_from(NAMES))
        value = int(draw(st.sampled_from(found))[name]) if found else 10
        bound = max(0, value + draw(st.sampled_from([-1, 0, 0, 1])))
        return f"{name} {draw(st.sampled_from(COMPARATORS))} {bound}"

    def clause() -> str:
        text = " or ".join(comparison() for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))))
        return f"not ({text})" if draw(st.integers(0, 4)) == 0 else text

    try:
        return space.with_limits(", ".join(clause() for _ in range(draw(st.integers(0, 3)))))
    except NotationError:
        # Such as `params < 0`, which no network keeps.
        return space
