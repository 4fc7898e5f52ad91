"""What is kept of a network in its trial, and what makes two results the same result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import optuna
from optuna.trial import FrozenTrial, TrialState

from archsearch.study.storage import SINGLE

if TYPE_CHECKING:
    from optuna.storages import RDBStorage

    from archsearch.analysis.limits import Verdict
    from archsearch.data.dataset import Dataset
    from archsearch.notation.network import Network
    from archsearch.training.recipe import Recipe
    from archsearch.training.train import Trained


def identify(dataset: Dataset, split: str, recipe: Recipe, seed: int) -> dict[str, str | int]:
    """Return what, beside the network's digest, is the key of a result: data and split, recipe, seed."""
    return {
        "data": dataset.name,
        "data_digest": dataset.digest,
        "split": split,
        "recipe": str(recipe),
        "seed": seed,
    }


def describe(network: Network, verdict: Verdict, identity: Mapping[str, str | int]) -> dict[str, object]:
    """Return what is known of a network before it is trained."""
    return {
        "sentence": str(network),
        "digest": verdict.digest,
        "figures": dict(verdict.figures),
        **identity,
    }


def precision(trained: Trained) -> str:
    """Return in what arithmetic, and on what, a network was trained."""
    return f"{trained.precision} on {trained.device}"


def known_results(
    storage: RDBStorage, identity: Mapping[str, str | int], without: str | None = None
) -> dict[str, tuple[str, FrozenTrial]]:
    """Return, by digest, study and trial of what was trained in just this way, in all studies but one.

    The name of the data does not count, its digest does.
    """
    wanted = {name: value for name, value in identity.items() if name != "data"}
    return {
        trial.user_attrs["digest"]: (name, trial)
        for name in optuna.get_all_study_names(storage)
        if name != without
        for trial in optuna.load_study(study_name=name, storage=storage).get_trials(
            deepcopy=False, states=(TrialState.COMPLETE,)
        )
        if wanted.items() <= trial.user_attrs.items()
    }


def add(
    storage: RDBStorage, network: Network, verdict: Verdict, identity: Mapping[str, str | int], trained: Trained
) -> FrozenTrial:
    """Write the result of one network, trained by itself, to the study of such networks."""
    opened = optuna.create_study(storage=storage, study_name=SINGLE, direction="maximize", load_if_exists=True)
    history = [asdict(epoch) for epoch in trained.history]
    kept = {**describe(network, verdict, identity), "history": history, "precision": precision(trained)}
    opened.add_trial(optuna.create_trial(value=trained.history[-1].accuracy, user_attrs=kept))
    return opened.get_trials(deepcopy=False)[-1]
