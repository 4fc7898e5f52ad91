"""The derivations of one sentence: every way through the places of a grammar on which it is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from archsearch.census.order import behind_first
from archsearch.census.places import ACCEPTED, CLOSE, END, Open, Token

if TYPE_CHECKING:
    from archsearch.census.places import Places
    from archsearch.notation.network import Network, WordCall


class Routes:
    r"""The derivations of a sentence, each as the numbers of the options that it takes, in order.

    >>> from archsearch.notation.network import parse
    >>> from archsearch.census.places import Places
    >>> from archsearch.space.space import Space
    >>> space = Space.of("network = (conv(8) | conv(4|8)) head()")
    >>> routes = Routes(Places(space), parse("conv(8) head()"))
    >>> routes.count, list(routes)
    (2, [(0,), (1, 1)])
    """

    def __init__(self, places: Places, network: Network) -> None:
        self._places, self._tokens = places, tokens(network)
        self._stride = len(self._tokens) + 1
        self._start = self._at(places.start, 0)
        self._ways: dict[int, int] = {}
        for here in behind_first(self._start, lambda one: (after for _number, after in self._following(one))):
            ended = here == self._at(ACCEPTED, len(self._tokens))
            self._ways[here] = ended + sum(self._ways[after] for _number, after in self._following(here))

    @property
    def count(self) -> int:
        """How many derivations lead to the sentence: none if it is not one of the grammar's."""
        return self._ways[self._start]

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        """Yield the derivations in the order of their options."""
        ahead: list[tuple[int, tuple[int, ...]]] = [(self._start, ())]
        while ahead:
            here, taken = ahead.pop()
            if here // self._stride - 1 == ACCEPTED and self._ways[here]:
                yield taken
            following = [one for one in self._following(here) if self._ways[one[1]]]
            ahead += [
                (after, taken if number is None else (*taken, number)) for number, after in reversed(following)
            ]

    def options(self) -> set[int]:
        """Return the places to which options lead that some derivation takes."""
        return {
            after // self._stride - 1
            for here, ways in self._ways.items()
            if ways
            for number, after in self._following(here)
            if number is not None and self._ways[after]
        }

    def _at(self, place: int, read: int) -> int:
        """Return one number for a place and how many tokens are read there."""
        return (place + 1) * self._stride + read

    def _following(self, here: int) -> Iterator[tuple[int | None, int]]:
        """Yield where one can be next, with the number of the option if one is taken."""
        place, read = divmod(here, self._stride)
        for number, (token, after) in enumerate(self._places.moves(place - 1)):
            if token is None:
                yield number, self._at(after, read)
            elif read < len(self._tokens) and token == self._tokens[read]:
                yield None, self._at(after, read + 1)


def tokens(network: Network) -> tuple[Token, ...]:
    """Return what is read of a network, the end included."""

    def inside(calls: tuple[WordCall, ...]) -> Iterator[Token]:
        for call in calls:
            yield Open(call.opening, len(call.bodies))
            for body in call.bodies:
                yield from inside(body)
                yield CLOSE

    return (*inside(network.calls), END)
