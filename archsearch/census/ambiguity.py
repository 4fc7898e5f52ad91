"""The shortest sentence to which two derivations lead, found by reading sentences along two of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from heapq import heappop, heappush
from itertools import combinations, count, islice
from typing import TYPE_CHECKING, NamedTuple

from archsearch.census.lattice import network
from archsearch.census.places import ACCEPTED, Open, Places, Token
from archsearch.census.routes import Routes
from archsearch.space.choose import recording

if TYPE_CHECKING:
    from archsearch.notation.network import Network
    from archsearch.space.space import Space

_MOST = 200_000
"""So many pairs of places are looked at."""


@dataclass(frozen=True)
class Ambiguity:
    """A sentence with as few words as any that has several `derivations`, and two of these by slot and option."""

    network: Network
    derivations: int
    first: Mapping[str, str]
    second: Mapping[str, str]

    @property
    def differing(self) -> Mapping[str, tuple[str | None, str | None]]:
        """The options of both at the slots where they differ; None where one of them has no such slot."""
        slots = dict.fromkeys([*self.first, *self.second])
        both = {slot: (self.first.get(slot), self.second.get(slot)) for slot in slots}
        return {slot: (one, other) for slot, (one, other) in both.items() if one != other}


def ambiguity(space: Space) -> Ambiguity | None:
    r"""Return the shortest sentence that two derivations lead to; None if there is none, or none is found soon.

    >>> from archsearch.space.space import Space
    >>> found = ambiguity(Space.of("network = relu*1..2 (conv(8) | relu conv(4|8)*1..2) head()"))
    >>> str(found.network), found.derivations
    ('relu relu conv(8) head()', 2)
    >>> found.differing["network.1"]
    ('relu conv(4|8)*1..2', 'conv(8)')
    """
    places = Places(space)
    read = _Pairs(places).shortest()
    if read is None:
        return None
    found = network(read)
    routes = Routes(places, found)
    first, second = (_slots(space, options) for options in islice(routes, 2))
    return Ambiguity(found, routes.count, first, second)


def _slots(space: Space, options: tuple[int, ...]) -> Mapping[str, str]:
    rest, taken = iter(options), dict[str, str]()
    space.derive(recording(lambda _slot, _texts, _counts: next(rest), taken))
    return taken


class _Pair(NamedTuple):
    """The places of two derivations of the same words; whether these `differ`, or are one until here."""

    one: int
    other: int
    differ: bool


class _Pairs:
    """All pairs of derivations that read the same, those of fewest words first."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._reads = cache(self._read)

    def shortest(self) -> tuple[Token, ...] | None:
        start = _Pair(self._places.start, self._places.start, differ=False)
        tie, seen = count(), set[_Pair]()
        ahead: list[tuple[int, int, _Pair, _Read]] = [(0, next(tie), start, None)]
        while ahead and len(seen) < _MOST:
            words, _tie, pair, read = heappop(ahead)
            if pair in seen:
                continue
            seen.add(pair)
            if pair == _Pair(ACCEPTED, ACCEPTED, differ=True):
                return _tokens(read)
            for token, after in self._after(pair):
                if after not in seen:
                    heappush(ahead, (words + isinstance(token, Open), next(tie), after, (token, read)))
        return None

    def _after(self, pair: _Pair) -> Iterator[tuple[Token, _Pair]]:
        here = self._reads(pair.one)
        if pair.one != pair.other:
            beside = self._reads(pair.other)
            for token, places in here.items():
                for one in places:
                    for other in beside.get(token, {}):
                        yield token, _Pair(min(one, other), max(one, other), differ=True)
            return
        for token, places in here.items():
            for place, ways in places.items():
                yield token, _Pair(place, place, differ=pair.differ or ways > 1)
            for one, other in () if pair.differ else combinations(sorted(places), 2):
                yield token, _Pair(one, other, differ=True)

    def _read(self, place: int) -> dict[Token, dict[int, int]]:
        """Return the tokens that can be read next, the places behind each, and by how many ways of options."""
        found: dict[Token, dict[int, int]] = {}
        for token, after in self._places.moves(place):
            for next_token, behind in ((token, {after: 1}),) if token else self._reads(after).items():
                places = found.setdefault(next_token, {})
                for one, ways in behind.items():
                    places[one] = places.get(one, 0) + ways
        return found


_Read = tuple[Token, "_Read"] | None
"""The last token that was read, and what was before it."""


def _tokens(read: _Read) -> tuple[Token, ...]:
    found: list[Token] = []
    while read is not None:
        token, read = read
        found.append(token)
    return tuple(reversed(found))
