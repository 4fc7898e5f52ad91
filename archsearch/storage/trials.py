"""The trials of a study in Optuna: which of them stand for a network of their own, and how far each got."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from archsearch.errors import ArchsearchError
from archsearch.training.recipe import Recipe

TRAINED = frozenset({"complete", "pruned"})
"""The states of networks that were trained to a result."""


def candidates(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Return the trials but for duplicates, those that were tried again, and those not judged yet."""
    repeated = {number for trial in trials for number in trial.system_attrs.get("retry_history", ())}
    return [trial for trial in trials if trial.number not in repeated and is_candidate(trial)]


def is_candidate(trial: FrozenTrial) -> bool:
    """Whether a trial, unless it was tried again, stands for a network of its own."""
    return "duplicate_of" not in trial.user_attrs and "sentence" in trial.user_attrs


def network_of(trial: FrozenTrial) -> str:
    """Return the digest of a trial's network, or its sentence where its shapes do not fit."""
    return str(trial.user_attrs.get("digest") or trial.user_attrs["sentence"])


def recipe_digest(kept: Mapping[str, Any]) -> str | None:
    """Return the digest of the recipe of a result; version 0.1 kept its text alone.

    None if that is no recipe, and where another run has not written it yet.
    """
    if "recipe_digest" in kept:
        return str(kept["recipe_digest"])
    try:
        return Recipe.read(kept.get("recipe", "")).digest
    except ArchsearchError:
        return None


def epochs_of(trial: FrozenTrial) -> int:
    """Return the epochs of the recipe of a trial; where that cannot be read, those that the trial has had."""
    try:
        return _epochs(trial.user_attrs.get("recipe", ""))
    except ArchsearchError:
        return len(trial.user_attrs["history"])


@cache
def _epochs(recipe: str) -> int:
    return Recipe.read(recipe).epochs


def state_of(trial: FrozenTrial) -> str:
    """Return the state as the results table names it."""
    if trial.state is TrialState.PRUNED:
        return "pruned" if trial.user_attrs.get("history") else "refused"
    return {TrialState.FAIL: "failed"}.get(trial.state, trial.state.name.lower())


def choices_of(trial: FrozenTrial) -> Mapping[str, str]:
    """Return the choices that led to the network of a trial; version 0.1 queued some of them as fixed."""
    choices: Mapping[str, str] = trial.params or trial.system_attrs.get("fixed_params", {})
    return choices
