"""Which trained networks of a study are the best: by what rung, and then by the loss on the validation images."""

from __future__ import annotations

import math
from collections.abc import Iterable

from optuna.trial import FrozenTrial, TrialState

from archsearch.storage.trials import epochs_of, network_of


def ranked(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Return the trials that are complete, the best first.

    The longest recipe counts first, then the lowest loss on the validation images, then the accuracy on them:
    where a study trains many networks shortly and few long, those trained long come before the others. A loss
    tells networks apart that have as many images right.
    """
    return sorted((one for one in trials if one.state is TrialState.COMPLETE), key=_rank)


def distinct(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """Return the first trial of each network."""
    found: dict[str, FrozenTrial] = {}
    for trial in trials:
        found.setdefault(network_of(trial), trial)
    return list(found.values())


def _rank(trial: FrozenTrial) -> tuple[float, ...]:
    last = trial.user_attrs["history"][-1]
    loss = last.get("loss")
    return (-epochs_of(trial), math.inf if loss is None else loss, -last["accuracy"], trial.number)
