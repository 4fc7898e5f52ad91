"""Which networks of a study's space fit: counted once when a run begins, so that only such are proposed."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from archsearch.census.completion import Completion
from archsearch.census.feasible import Feasible
from archsearch.errors import ArchsearchError
from archsearch.space.space import Space

_MEMORY = 2**27
"""The bytes that counting may take: where exact sums take more, a coarse count does, and takes seconds."""

_LARGE = 1_000_000
"""Counting a space with more derivations than these may take long enough to be announced."""


@dataclass(frozen=True, eq=False)
class Fitting:
    """The networks of a space that fit, by their numbers, and how a derivation under way can still end in one."""

    space: Space
    feasible: Feasible
    completion: Completion

    def complete(self, wanted: Mapping[str, str], draw: random.Random) -> dict[str, str]:
        r"""Return the choices of a network that fits: at each slot the option wanted if it can, or one drawn.

        >>> space = Space.of("limits params < 1k\nnetwork = conv(8|64) conv(8|2) head()")
        >>> fitting = Fitting(space, Feasible(space), Completion(space))
        >>> fitting.complete({"network.0.channels": "64", "network.1.channels": "2"}, random.Random(0))
        {'network.0.channels': '8', 'network.1.channels': '2'}
        """
        ahead, choices = self.completion.begin(), dict[str, str]()

        def choose(slot: str, options: tuple[str, ...], _counts: tuple[int, ...]) -> int:
            ways = ahead.ways(len(options))
            number = options.index(wanted[slot]) if wanted.get(slot) in options else -1
            if number < 0 or not ways[number]:
                number = weighted(ways, draw)
            ahead.take(number)
            choices[slot] = options[number]
            return number

        self.space.derive(choose)
        return choices


def weighted(ways: Sequence[int], draw: random.Random) -> int:
    """Draw the number of an option, each as likely as it has ways, which are whole numbers of any size."""
    rest = draw.randrange(sum(ways))
    for number, count in enumerate(ways):
        if rest < count:
            return number
        rest -= count
    raise AssertionError("a remainder is below the sum of the ways")


def fitting(space: Space, say: Callable[[str], None]) -> Fitting | None:
    """Count the networks of a space that fit; None, with the reason said, where they cannot be counted.

    Raises ArchsearchError if none fits.
    """
    if space.size > _LARGE:
        say(f"counting the networks of `{space.name}` that fit")
    try:
        found = Fitting(space, Feasible(space, _MEMORY), Completion(space, _MEMORY))
    except ArchsearchError as error:
        say(f"networks that fit are not counted, so what does not fit is proposed too: {error.message}")
        return None
    count = found.feasible.count
    if not count.most:
        remedy = "loosen the limits, or let the space derive others; `archsearch explain` says what each refuses"
        raise ArchsearchError(f"no network of `{space.name}` fits: {space.limits}", remedy=remedy)
    say(f"networks of `{space.name}` that fit: {count}")
    return found
