"""Options of a grammar that no network takes which keeps the limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from archsearch.census.count import census, paths
from archsearch.census.extremes import TooManyRowsError, Ways
from archsearch.census.places import Places
from archsearch.census.routes import Routes
from archsearch.notation.syntax import Call, Choice, Repeat, Sequence, Syntax

if TYPE_CHECKING:
    from archsearch.census.lattice import Edge, Lattice
    from archsearch.errors import Place
    from archsearch.notation.network import Network
    from archsearch.space.space import Space

_LOOKED_AT = 200
_MEMORY = 2**22
"""The bytes for sums of derivations: where these are rounded, fewer options are known not to be taken."""

_MOST_EDGES = 2**14
"""In a space whose sentences take more edges than that, derivations would take too many."""

_Key: TypeAlias = tuple[int, int | None]
"""What tells options apart: the part of the grammar, and how often it is repeated."""


@dataclass(frozen=True)
class Option:
    """An alternative of a choice by its text, or how often something is repeated, and where it is written."""

    text: str
    place: Place

    @property
    def where(self) -> str:
        """The line and the column."""
        return f"line {self.place.line}, column {self.place.column}"


def unused(space: Space, sentences: Lattice, fitting: Iterable[Network]) -> tuple[Option, ...] | None:
    r"""Return the options that no network takes which fits, in the order of the rules; None if that is not known.

    `sentences` are the paths of the space. Options that one of the `fitting` networks takes are known to be taken.

    >>> from archsearch.census.automaton import Automaton
    >>> from archsearch.space.space import Space
    >>> space = Space.of("limits params < 1k\nnetwork = conv(8|16|64) relu*0..1 head()")
    >>> sentences = paths(space, Automaton(space))
    >>> [(option.text, option.where) for option in unused(space, sentences, [space.at(0), space.at(4)])]
    [('64', 'line 2, column 21')]
    """
    places = Places(space)
    left = dict(_options(rule.body for rule in space.rules.values()))
    for network in islice(fitting, _LOOKED_AT):
        for place in Routes(places, network).options():
            left.pop(_key(places, place), None)
        if not left:
            return ()
    if sum(map(len, sentences.edges)) > _MOST_EDGES:
        return None
    found = paths(space, places)
    try:
        ways = Ways(census(found, space.limits, _MEMORY), certainly=False)
    except TooManyRowsError:
        return None
    for place in _taken(places, ways):
        left.pop(_key(places, place), None)
    return tuple(left.values())


def _key(places: Places, place: int) -> _Key:
    part, times = places.option(place)
    return id(part), times


def _options(parts: Iterable[Syntax]) -> Iterator[tuple[_Key, Option]]:
    """Yield all options among which parts of a grammar choose."""
    for part in parts:
        match part:
            case Sequence():
                yield from _options(part.items)
            case Choice():
                for item, text in zip(part.alternatives, part.texts, strict=True):
                    yield (id(item), None), Option(text, item.place)
                yield from _options(part.alternatives)
            case Repeat():
                times = range(part.least, part.most + 1) if part.least < part.most else ()
                for number in times:
                    yield (id(part), number), Option(f"*{number} of *{part.least}..{part.most}", part.place)
                yield from _options((part.item,))
            case Call():
                yield from _options(argument.value for argument in part.arguments)


def _taken(places: Places, ways: Ways) -> Iterator[int]:
    """Yield the places to which options lead that a derivation may take which fits."""
    found = ways.lattice
    at, free = {0: places.start}, set[int]()
    for node in reversed(found.order):
        if node not in ways.rows and node not in free:
            continue
        is_free = node in free or bool(ways.sure[node])
        for number, edge in enumerate(found.edges[node]):
            if not _goes_on(found, edge) if is_free else number not in ways.over[node]:
                continue
            *options, behind = _places_along(places, at[node], number, edge)
            yield from options
            at[edge.node] = behind
            if is_free:
                free.add(edge.node)


def _goes_on(found: Lattice, edge: Edge) -> bool:
    return edge.node >= 0 and found.sentences[edge.node] > 0


def _places_along(places: Places, place: int, number: int, edge: Edge) -> Iterator[int]:
    """Yield the places to which options lead on the way along an edge, and the place behind it."""
    moves = places.moves(place)
    if not edge.tokens:
        yield moves[number][1]
        yield moves[number][1]
        return
    # Several tokens are those of a word that is read with its sentences as a whole.
    place, taken = moves[0][1], iter(edge.choices)
    for _token in edge.tokens[1:]:
        while (moves := places.moves(place))[0][0] is None:
            place = moves[next(taken)][1]
            yield place
        place = moves[0][1]
    yield place
