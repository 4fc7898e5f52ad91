"""A sampler of Optuna's, asked slot by slot and kept to options that can still end in a network that fits."""

from __future__ import annotations

import random
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, Any

from optuna.samplers import BaseSampler

from archsearch.study.fitting import weighted

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial, Trial, TrialState

    from archsearch.census.completion import Ahead
    from archsearch.space.choose import Choose


class Guided(BaseSampler):
    """Asks another sampler for one network: at each slot what it proposes is taken, if it can still fit.

    What it proposes for several slots together is held back until their turn comes. What it has not learnt, or
    cannot fit, is drawn: each option as often as there are derivations that fit and go on by it. `learnt` has the
    slots for which a proposal of their own follows from the trials; None if all may. Without `ahead`, every option
    is taken, and the sampler itself draws what it has not learnt.
    """

    def __init__(
        self, inner: BaseSampler, learnt: Container[str] | None, ahead: Ahead | None, draw: random.Random
    ) -> None:
        self.inner = inner
        self.slots = self.modelled = 0
        self._learnt, self._ahead, self._draw = learnt, ahead, draw
        self._held: dict[str, Any] = {}

    def choices(self, trial: Trial) -> Choose:
        """Return the choices of a trial of this sampler, where the text of an option is its value."""

        def choose(slot: str, options: tuple[str, ...], _counts: tuple[int, ...]) -> int:
            number = options.index(trial.suggest_categorical(slot, options))
            self.slots += 1
            if self._ahead is not None:
                self._ahead.take(number)
            return number

        return choose

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Let the sampler know that a trial begins."""
        self.inner.before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Hold back what is proposed for several slots together: Optuna is told of none."""
        together = self.inner.infer_relative_search_space(study, trial)
        self._held = self.inner.sample_relative(study, trial, together)
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return nothing: all slots are asked for one by one."""
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:  # noqa: ANN401
        """Return what is proposed for a slot, or an option that is drawn."""
        options: Sequence[str] = param_distribution.choices  # type: ignore[attr-defined]
        ways = (1,) * len(options) if self._ahead is None else self._ahead.ways(len(options))
        if param_name in self._held and ways[options.index(self._held[param_name])]:
            self.modelled += 1
            return self._held[param_name]
        is_learnt = self._learnt is None or param_name in self._learnt
        if is_learnt or self._ahead is None:
            option = self.inner.sample_independent(study, trial, param_name, param_distribution)
            if ways[options.index(option)]:
                self.modelled += is_learnt
                return option
        return options[weighted(ways, self._draw)]

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Let the sampler know that a trial has ended."""
        self.inner.after_trial(study, trial, state, values)
