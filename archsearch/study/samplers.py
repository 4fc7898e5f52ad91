"""The samplers that have a name, and what a search must know of each to ask it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf

from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, RandomSampler, TPESampler

from archsearch.errors import ArchsearchError, suggest
from archsearch.study.evolution import Complete, Evolution
from archsearch.study.propose import SAMPLERS

_FIRST = 10
"""So many networks are trained before a sampler learns of them."""

_GENERATION = 20
"""So many networks make a generation of NSGA-II: with Optuna's 50, a search of 60 would hardly see a second."""


@dataclass(frozen=True)
class Sampler:
    """How a sampler is made, from a seed and what completes a derivation where only what fits is proposed.

    Until `first` networks are trained it has nothing to learn from. Its time grows with what it learns from unless
    it `sees_all` in any case; and if it `learns_alone`, what it proposes for a single slot follows from the trials
    too, and is not drawn at random.
    """

    make: Callable[[int, Complete | None], BaseSampler]
    first: float = _FIRST
    sees_all: bool = True
    learns_alone: bool = False


_NAMED: Mapping[str, Sampler] = {
    "tpe": Sampler(
        lambda seed, _: TPESampler(seed=seed, multivariate=True, n_startup_trials=_FIRST),
        sees_all=False,
        learns_alone=True,
    ),
    "random": Sampler(lambda seed, _: RandomSampler(seed), first=inf),
    "gp": Sampler(
        lambda seed, _: GPSampler(seed=seed, n_startup_trials=_FIRST, warn_independent_sampling=False),
        sees_all=False,
    ),
    "nsga2": Sampler(lambda seed, _: NSGAIISampler(seed=seed, population_size=_GENERATION), first=_GENERATION),
    "evolution": Sampler(Evolution),
}
assert tuple(_NAMED) == SAMPLERS


def sampler(given: BaseSampler | str) -> Sampler:
    """Return a sampler by its name, or one of Optuna's, which is asked from the first network on.

    >>> sampler("tpe").first, sampler(RandomSampler()).first
    (10, 0)
    """
    if isinstance(given, BaseSampler):
        return Sampler(lambda _seed, _complete: given, first=0)
    if given not in _NAMED:
        remedy = f"take one of Optuna's, or the name of one; {suggest(given, SAMPLERS)}"
        raise ArchsearchError(f"there is no sampler `{given}`", remedy=remedy)
    return _NAMED[given]
