"""Which network is tried next: what Optuna proposes, or a fair draw from what was not tried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from itertools import chain, count, islice
from typing import TYPE_CHECKING

from archsearch.errors import ArchsearchError
from archsearch.notation.network import Network
from archsearch.space.choose import Choose, by_index, recording
from archsearch.space.space import Space

if TYPE_CHECKING:
    from optuna.trial import Trial

SAMPLERS = ("tpe", "random")
"""The samplers that have a name: Optuna's TPE, which learns from the trials, and one that does not."""

LOOKED_THROUGH = 100_000
"""A space with no more derivations than these is looked through whole; of a larger one, networks are drawn."""


def asking(trial: Trial) -> Choose:
    """Return the choices of an Optuna trial, where the text of an option is its value."""

    def choose(slot: str, options: tuple[str, ...], _counts: tuple[int, ...]) -> int:
        return options.index(trial.suggest_categorical(slot, options))

    return choose


def check_start(space: Space, network: Network) -> None:
    r"""Raise ArchsearchError for a network with which no search can begin: no sentence of the space, or unfit.

    Limits on seconds that wait for a calibration are left for later.

    >>> from archsearch.notation.network import parse
    >>> check_start(Space.of("limits depth > 2\nnetwork = conv(8|16) head()"), parse("conv(8) head()"))
    Traceback (most recent call last):
    ...
    archsearch.errors.ArchsearchError: the network to start from does not fit: depth is 2, not > 2
      start from another, or loosen the limits
    """
    space.derivation(network)
    if space.limits.name_seconds and space.limits.calibration is None:
        return
    verdict = space.check(network)
    if not verdict.fits:
        message = f"the network to start from does not fit: {'; '.join(verdict.reasons)}"
        raise ArchsearchError(message, remedy="start from another, or loosen the limits")


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
