"""The sentences of a grammar, read word by word in one way only, even where several derivations lead to one.

A sentence that is read can be in several places at once: wherever a derivation can be that agrees with what was
read. Such a set of places is one state here (the subset construction: Rabin and Scott, "Finite Automata and Their
Decision Problems", 1959), so paths of this automaton and sentences are one to one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from archsearch.census.order import behind_first
from archsearch.census.places import ACCEPTED, END, Places, Token

if TYPE_CHECKING:
    from archsearch.space.space import Space


class Automaton:
    r"""The deterministic automaton of a space; its states are numbers.

    >>> from archsearch.space.space import Space
    >>> space = Space.of("network = a(8|16)*1..2 head()\na(w) = conv(w) | conv(w, kernel=3)")
    >>> space.size, Automaton(space).size
    (20, 6)
    """

    start = 0

    def __init__(self, space: Space) -> None:
        self._places = Places(space)
        self._expanded: dict[int, tuple[tuple[Token, int], ...]] = {}
        self._sets: list[tuple[int, ...]] = []
        self._numbers: dict[frozenset[int], int] = {}
        self._moves: dict[int, tuple[tuple[Token, int], ...]] = {}
        self._state([self._places.start])

    def moves(self, state: int) -> tuple[tuple[Token, int], ...]:
        """Return the tokens that can be read in a state, in the order of the rules, with the state behind each."""
        if state == ACCEPTED:
            return ()
        if state not in self._moves:
            after: dict[Token, list[int]] = {}
            for place in self._sets[state]:
                for token, behind in self._expand(place):
                    after.setdefault(token, []).append(behind)
            self._moves[state] = tuple(
                (token, ACCEPTED if token is END else self._state(behind)) for token, behind in after.items()
            )
        return self._moves[state]

    @cached_property
    def size(self) -> int:
        """The exact number of sentences, each counted once."""
        return self._sizes[self.start]

    def at(self, number: int) -> tuple[Token, ...]:
        """Return the tokens of a sentence by its number, from 0 to `size` - 1."""
        if not 0 <= number < self.size:
            raise IndexError(f"the number is {number}; there are {self.size:,} sentences")
        state, tokens = self.start, list[Token]()
        while state != ACCEPTED:
            for token, after in self.moves(state):  # noqa: B007
                if number < self._sizes[after]:
                    break
                number -= self._sizes[after]
            state = after
            tokens.append(token)
        return tuple(tokens)

    @cached_property
    def _sizes(self) -> dict[int, int]:
        """How many sentences go on from each state."""
        sizes = {ACCEPTED: 1}
        for state in behind_first(self.start, lambda one: (after for _token, after in self.moves(one))):
            if state != ACCEPTED:
                sizes[state] = sum(sizes[after] for _token, after in self.moves(state))
        return sizes

    def _state(self, places: Iterable[int]) -> int:
        here = tuple(dict.fromkeys(places))
        # In whatever order they were found: it decides only on the order of what is read next.
        if (same := frozenset(here)) not in self._numbers:
            self._numbers[same] = len(self._sets)
            self._sets.append(here)
        return self._numbers[same]

    def _expand(self, place: int) -> tuple[tuple[Token, int], ...]:
        """Return the tokens that can be read next, by whatever options, each with the place behind it."""
        if place not in self._expanded:
            found: dict[tuple[Token, int], None] = {}
            for token, after in self._places.moves(place):
                found.update(dict.fromkeys(self._expand(after) if token is None else ((token, after),)))
            self._expanded[place] = tuple(found)
        return self._expanded[place]
