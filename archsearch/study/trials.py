"""The trials of a study in Optuna: which of them stand for a network of their own, and how far each got."""

from __future__ import annotations

from collections.abc import Sequence

import optuna
from optuna.trial import FrozenTrial, TrialState

_TRAINED = ("complete", "pruned")


def candidates(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Return the trials but for duplicates, those that were tried again, and those not judged yet."""
    repeated = {number for trial in trials for number in trial.system_attrs.get("retry_history", ())}
    return [
        trial
        for trial in trials
        if trial.number not in repeated
        and "duplicate_of" not in trial.user_attrs
        and "sentence" in trial.user_attrs
    ]


def state_of(trial: FrozenTrial) -> str:
    """Return the state as the results table names it."""
    if trial.state is TrialState.PRUNED:
        return "pruned" if trial.user_attrs.get("history") else "refused"
    return {TrialState.FAIL: "failed"}.get(trial.state, trial.state.name.lower())


def trials_of(study: optuna.Study, *states: TrialState) -> list[FrozenTrial]:
    """Return the trials that are in one of the states, or all."""
    return study.get_trials(deepcopy=False, states=states or None)


def finished(study: optuna.Study) -> list[FrozenTrial]:
    """Return the candidates that are refused, pruned, complete or failed."""
    return [trial for trial in candidates(trials_of(study)) if trial.state.is_finished()]


def trained(study: optuna.Study) -> int:
    """Return how many networks were trained to a result, complete or pruned."""
    return sum(state_of(trial) in _TRAINED for trial in finished(study))


def tried(study: optuna.Study, besides: int | None = None) -> dict[str, int]:
    """Return the numbers of the trials that are finished or in training, but for one, by their networks.

    Of two in training at once, the later one is the duplicate. A network is known by the digest of its graph, or
    by its sentence where its shapes do not fit.
    """
    running = trials_of(study, TrialState.RUNNING)
    others = [trial for trial in running if besides is None or trial.number < besides]
    return {
        trial.user_attrs.get("digest") or trial.user_attrs.get("sentence", ""): trial.number
        for trial in [*finished(study), *others]
    }
