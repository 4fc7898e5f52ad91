"""What several seeds say of networks: mean and spread, the best, and the simplest near it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsearch.study.columns import COLUMNS, ResultRow
from archsearch.study.confirmation import Confirmation, Confirmed, Run, Spread


def run(state: str, accuracy: float | None) -> Run:
    empty: dict[str, Any] = dict.fromkeys(COLUMNS)
    return Run(ResultRow({**empty, "state": state, "test_accuracy": accuracy}), {})


def network(name: str, params: int, *accuracies: float | None) -> Confirmed:
    runs = {seed: run("complete", accuracy) for seed, accuracy in enumerate(accuracies)}
    return Confirmed(name, name, name, {"params": params, "rf": 1, "macs": 1}, runs)


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        # sd 2, standard error 2 / sqrt(3) = 1.1547: 89.9 is within it, 89.8 is not.
        (
            [network("a", 9, 89, 91, 93), network("b", 5, 89.9, 89.9, 89.9), network("c", 1, 89.8, 89.8, 89.8)],
            "ab",
        ),
        ([network("a", 9, 89, 91, 93), network("c", 1, 89.8, 89.8, 89.8)], "aa"),
        # Equal means: fewer parameters.
        ([network("a", 9, 90, 92), network("b", 8, 90, 92)], "bb"),
        # A mean over fewer seeds is less sure, however high.
        ([network("a", 9, 99, None), network("b", 8, 90, 92)], "bb"),
        ([network("a", 9, 90), network("b", 1, 89.99)], "a-"),
        ([network("a", 9, None, None)], "--"),
    ],
)
def test_the_best_and_the_simplest_near_it(networks: list[Confirmed], expected: str) -> None:
    found = Confirmation(tuple(networks))
    assert "".join(one.name if one else "-" for one in (found.best, found.simplest)) == expected


def test_a_training_that_failed_after_its_last_epoch_has_no_accuracy() -> None:
    assert (run("complete", 90).accuracy, run("failed", 90).accuracy) == (90, None)


@given(st.lists(st.floats(0, 100), min_size=2, max_size=9))
def test_mean_and_spread_are_those_of_numpy(values: list[float]) -> None:
    spread = Spread(tuple(values))
    assert spread.mean == pytest.approx(np.mean(values))
    assert spread.sd == pytest.approx(np.std(values, ddof=1), abs=1e-9)
    assert spread.standard_error == pytest.approx(np.std(values, ddof=1) / np.sqrt(len(values)), abs=1e-9)
