"""Networks of a space in random order: of all it derives, or only of those that fit."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Container, Iterator
from itertools import chain, count, islice
from typing import TYPE_CHECKING

from archsearch.space.choose import by_index, recording
from archsearch.space.space import Space

if TYPE_CHECKING:
    from archsearch.census.feasible import Feasible
    from archsearch.notation.network import Network
    from archsearch.study.fitting import Fitting

LOOKED_THROUGH = 100_000
"""A space with no more networks than these is looked through whole; of a larger one, networks are drawn."""

_AT_ONCE = 32
"""Feasible networks are made so many at a time, which is faster than one by one."""


class Draws:
    r"""Networks of a space in random order, every derivation equally likely, and what was seen of them.

    >>> draws = Draws(Space.of("limits params < 1k\nnetwork = conv(8|64) head()", "small"), seed=0)
    >>> draws.find(tried=(), most=2)
    {'network.0.channels': '8'}
    >>> draws.find(tried=(), most=2), draws.is_exhausted
    (None, True)
    """

    def __init__(self, space: Space, seed: int) -> None:
        self.space = space
        self.looked_at = self.fitted = 0
        self._broken: Counter[str] = Counter()
        rounds = [seed] if space.size <= LOOKED_THROUGH else count(seed)
        self._indices = chain.from_iterable(space.random_indices(one, LOOKED_THROUGH) for one in rounds)

    @property
    def is_exhausted(self) -> bool:
        """Whether every network of the space was looked at."""
        return self.space.size <= LOOKED_THROUGH and self.looked_at == self.space.size

    def find(self, tried: Container[str], most: int) -> dict[str, str] | None:
        """Look at `most` further networks for one that fits and whose digest is not in `tried`.

        Returns its choices, option by slot; None if there is none among them.
        """
        for index in islice(self._indices, most):
            choices: dict[str, str] = {}
            verdict = self.space.check(self.space.derive(recording(by_index(index), choices)))
            self.looked_at += 1
            self.fitted += verdict.fits
            self._broken.update(violation.limit for violation in verdict.violations)
            if verdict.fits and verdict.digest not in tried:
                return choices
        return None

    def __str__(self) -> str:
        """Write what was looked at, and which limits were broken most often."""
        which = (
            f"all {self.looked_at:,}"
            if self.is_exhausted
            else f"the {self.looked_at:,} drawn of {self.space.size:,}"
        )
        most = ", ".join(f"{rule} ({count:,})" for rule, count in self._broken.most_common(3))
        return f"{which} were refused, most often for {most}"


class FairDraws:
    r"""Networks of a space that fit, in random order, every sentence equally likely, and what was seen of them.

    Those that only rounded sums let through are passed over.

    >>> from archsearch.census.feasible import Feasible
    >>> space = Space.of("limits params < 1k\nnetwork = conv(8|64) head()", "small")
    >>> draws = FairDraws(space, Feasible(space), seed=0)
    >>> draws.find(tried=(), most=2)
    {'network.0.channels': '8'}
    >>> draws.find(tried=(), most=2), draws.looked_at, draws.is_exhausted
    (None, 1, True)
    """

    def __init__(self, space: Space, feasible: Feasible, seed: int) -> None:
        self.space, self.size = space, feasible.size
        self.looked_at = self.fitted = 0
        self._networks = _shuffled(feasible, random.Random(seed))

    @property
    def is_exhausted(self) -> bool:
        """Whether every network that may fit was looked at."""
        return self.size <= LOOKED_THROUGH and self.looked_at == self.size

    def find(self, tried: Container[str], most: int) -> dict[str, str] | None:
        """Look at `most` further networks for one whose digest is not in `tried`, as `Draws.find` does."""
        for network in islice(self._networks, most):
            verdict = self.space.check(network)
            self.looked_at += 1
            self.fitted += verdict.fits
            if verdict.fits and verdict.digest not in tried:
                return self.space.derivation(network)
        return None

    def __str__(self) -> str:
        """Write what was looked at: networks that rounded sums let through, if none of them fits."""
        return f"the {self.looked_at:,} that rounded sums let through were refused"


def draws(space: Space, seed: int, fitting: Fitting | None) -> Draws | FairDraws:
    """Return draws of the networks that fit, or where these are not counted, of all."""
    return Draws(space, seed) if fitting is None else FairDraws(space, fitting.feasible, seed)


def _shuffled(feasible: Feasible, draw: random.Random) -> Iterator[Network]:
    """Yield all networks in random order, or of many, draws without end."""
    if feasible.size <= LOOKED_THROUGH:
        numbers = iter(draw.sample(range(feasible.size), feasible.size))
    else:
        numbers = (draw.randrange(feasible.size) for _ in count())
    while batch := [*islice(numbers, _AT_ONCE)]:
        yield from feasible.networks(batch)
