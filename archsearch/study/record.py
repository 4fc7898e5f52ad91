"""What is kept of a network in its trial, and which results can stand for another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from archsearch.storage import tables
from archsearch.storage.trials import candidates, recipe_digest
from archsearch.study.studies import single_study, trials_by_study
from archsearch.study.study import KEY

if TYPE_CHECKING:
    from optuna.storages import RDBStorage
    from sqlalchemy import Engine

    from archsearch.analysis.limits import Verdict
    from archsearch.notation.network import Network
    from archsearch.study.study import Measurement

MEASURED = ("precision", "threads", "images_per_second", "device", "synflow", "naswot")
"""The columns that a training writes, apart from its history."""

_COPIED = "the result is that of study "


DESCRIBED = ("sentence", "digest", "figures")
"""What is kept of a network itself, however it is measured."""


def describe(network: Network, verdict: Verdict, measurement: Measurement) -> dict[str, object]:
    """Return what is known of a network before it is trained."""
    return {
        "sentence": str(network),
        "digest": verdict.digest,
        "figures": dict(verdict.figures),
        **measurement.columns,
    }


def known_results(
    engine: Engine, measurement: Measurement, without: str | None = None
) -> dict[str, tuple[str, FrozenTrial]]:
    """Return, by digest, study and trial of what was measured in just this way, in all studies but one.

    Of a result and its copies in other studies, the one that was trained is returned.
    """
    found: dict[str, tuple[str, FrozenTrial]] = {}
    with tables.undamaged():
        for name, trials in trials_by_study(engine).items():
            for trial in candidates(trials) if name != without else ():
                same = trial.state is TrialState.COMPLETE and _key(trial.user_attrs) == measurement.key
                digest = str(trial.user_attrs.get("digest"))
                if same and (digest not in found or is_copy(found[digest][1])):
                    found[digest] = name, trial
    return found


def origin(study: str, trial: FrozenTrial) -> str:
    """Say where a result was trained, of which a copy is made.

    A copy of a copy names what the first one does.
    """
    reason: str = trial.user_attrs.get("reason", "")
    return reason if is_copy(trial) else f"{_COPIED}{study}, number {trial.number}"


def is_copy(trial: FrozenTrial) -> bool:
    """Whether the result was taken over from another study."""
    return str(trial.user_attrs.get("reason", "")).startswith(_COPIED)


def finished(engine: Engine, study: str, digest: str | None, measurement: Measurement) -> FrozenTrial | None:
    """Return the trial of a study in which a network was measured in just this way, or failed to be."""
    with tables.undamaged():
        trials = trials_by_study(engine).get(study, ())
        found = (one for one in candidates(trials) if one.state in {TrialState.COMPLETE, TrialState.FAIL})
        keyed = ((one.user_attrs.get("digest"), _key(one.user_attrs), one) for one in found)
        return next((one for *key, one in keyed if key == [digest, measurement.key]), None)


def add(
    storage: RDBStorage,
    study: str,
    kept: Mapping[str, Any],
    state: TrialState = TrialState.COMPLETE,
) -> FrozenTrial:
    """Write what became of a network that was trained by itself: what describes it, with its history."""
    value = kept["history"][-1]["accuracy"] if state is TrialState.COMPLETE else None
    result = optuna.create_trial(state=state, value=value, user_attrs=dict(kept))
    number = single_study(storage, study)
    with storage.engine.begin() as connection:
        return tables.add(connection, number, result)


def _key(kept: Mapping[str, Any]) -> tuple[object, ...]:
    columns = {**kept, "recipe_digest": recipe_digest(kept)}
    return tuple(columns.get(name) for name in KEY)
