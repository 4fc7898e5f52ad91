"""What a search may be told of its proposals: the samplers by name, the two ways, and networks to start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archsearch.errors import ArchsearchError, suggest
from archsearch.notation.network import Network
from archsearch.space.choose import Choose
from archsearch.space.space import Space

if TYPE_CHECKING:
    from optuna.trial import Trial

SAMPLERS = ("tpe", "random", "gp", "nsga2", "evolution")
"""The samplers that have a name; `archsearch.study.samplers` says what each is."""

PROPOSALS = FITTING, PLAIN = "fitting", "plain"
"""Only what can still fit is proposed; or whatever it is, and what does not fit is refused."""


def check_proposals(given: str) -> None:
    """Raise ArchsearchError for what is none of PROPOSALS.

    >>> check_proposals("plane")
    Traceback (most recent call last):
    archsearch.errors.ArchsearchError: `plane` is no way to propose networks
      did you mean `plain`?
    """
    if given not in PROPOSALS:
        raise ArchsearchError(f"`{given}` is no way to propose networks", remedy=suggest(given, PROPOSALS))


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
