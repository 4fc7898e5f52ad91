"""Regularised evolution as a sampler of Optuna.

Real, Aggarwal, Huang and Le, "Regularized Evolution for Image Classifier Architecture Search", AAAI 2019: of the
networks trained last, a few are drawn, and the best of these has a child, which differs from it in one choice. The
old ones make room for the new, however good they are. Here some children have two parents.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, TypeAlias

from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState

_LATEST, _TOURNAMENT = 20, 5
"""So many networks can have children; of so many of them, drawn at random, the best has one."""

_CROSSED = 0.2
"""The share of children with two parents."""

_TRIES = 50
"""After so many children that are in the study already, the last is proposed all the same."""

Complete: TypeAlias = Callable[[Mapping[str, str], random.Random], dict[str, str]]
"""Returns the choices of a network that fits: those given, as far as they can be, and others drawn."""


class Evolution(BaseSampler):
    """Proposes children of the networks that were trained last; what a child's parents do not say is drawn.

    `complete` makes of a child the choices of a whole network, which is then one that fits: children are made
    until one is new. Without it they may break limits.
    """

    def __init__(self, seed: int, complete: Complete | None = None) -> None:
        self._draw = random.Random(seed)
        self._random = RandomSampler(seed)
        self._complete = complete
        self._child: dict[str, str] = {}

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Let a child be born, and return what its slots may be."""
        trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        slots = {slot: found for one in trials for slot, found in one.distributions.items()}
        self._child = self._new(trials) if trials else {}
        return {slot: slots[slot] for slot in self._child if slot in slots}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the choices of the child."""
        return {slot: self._child[slot] for slot in search_space}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:  # noqa: ANN401
        """Draw what no parent says."""
        return self._random.sample_independent(study, trial, param_name, param_distribution)

    def _new(self, trials: list[FrozenTrial]) -> dict[str, str]:
        """Return a child that is in no trial, if one is found."""
        latest, known = trials[-_LATEST:], [trial.params for trial in trials]
        for _ in range(_TRIES):
            child = self._born(latest)
            if self._complete is not None:
                child = self._complete(child, self._draw)
            if child not in known:
                break
        return child

    def _born(self, latest: list[FrozenTrial]) -> dict[str, str]:
        parent = self._parent(latest)
        if self._draw.random() < _CROSSED:
            return crossed(parent.params, self._parent(latest).params, self._draw)
        return mutated(parent, self._draw)

    def _parent(self, latest: list[FrozenTrial]) -> FrozenTrial:
        few = self._draw.sample(latest, min(_TOURNAMENT, len(latest)))
        return max(few, key=attrgetter("value"))


def mutated(parent: FrozenTrial, draw: random.Random) -> dict[str, str]:
    """Return the choices of a trial with another option at one of its slots."""
    others = {
        slot: [option for option in found.choices if option != parent.params[slot]]
        for slot, found in parent.distributions.items()
        if isinstance(found, CategoricalDistribution)
    }
    slots = [slot for slot, options in others.items() if options]
    if not slots:
        return dict(parent.params)
    slot = draw.choice(slots)
    return {**parent.params, slot: draw.choice(others[slot])}


def crossed(first: Mapping[str, str], second: Mapping[str, str], draw: random.Random) -> dict[str, str]:
    """Return the choices of one derivation, and from a slot on that both have, those of another.

    >>> crossed({"a": "1", "b": "1"}, {"a": "2", "b": "2"}, random.Random(0))
    {'a': '1', 'b': '2'}
    """
    shared = [slot for slot in first if slot in second]
    if not shared:
        return dict(first)
    slots = [*second]
    later = slots[slots.index(draw.choice(shared)) :]
    return {**first, **{slot: second[slot] for slot in later}}
