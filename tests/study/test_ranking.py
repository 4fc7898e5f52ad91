"""Which trained networks of a study are the best."""

from __future__ import annotations

import pytest
from optuna import create_trial
from optuna.trial import FrozenTrial, TrialState

from archsearch.study.ranking import distinct, ranked
from archsearch.training.recipe import Recipe


def trial(
    number: int, digest: str, epochs: int, loss: float | None, accuracy: float, state: str = "COMPLETE"
) -> FrozenTrial:
    last = {"loss": loss, "accuracy": accuracy}
    kept = {"digest": digest, "sentence": digest, "recipe": str(Recipe(epochs=epochs)), "history": [last]}
    value = accuracy if state == "COMPLETE" else None
    made = create_trial(state=TrialState[state], value=value, user_attrs=kept)
    made.number = number
    return made


RUNGS = [
    trial(0, "a", 2, 0.1, 99.0),
    trial(1, "b", 2, 0.9, 50.0),
    trial(2, "b", 7, 0.5, 60.0),
    trial(3, "c", 7, 0.5, 61.0),
    trial(4, "d", 7, None, 70.0),
    trial(5, "e", 15, 0.8, 40.0, "PRUNED"),
    trial(6, "f", 15, 0.9, 40.0),
    trial(7, "c", 7, 0.5, 61.0),
]


@pytest.mark.parametrize(
    ("top", "numbers"),
    # The longest recipe, then the lowest loss, then the accuracy, then the first; b by its longer training.
    [(1, [6]), (3, [6, 3, 2]), (9, [6, 3, 2, 4, 0])],
)
def test_which_networks_are_the_best(top: int, numbers: list[int]) -> None:
    assert [one.number for one in distinct(ranked(RUNGS[::-1]))[:top]] == numbers
