"""How learning rates run: tables worked by hand, and what holds for all of them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsearch.training.recipe import Recipe
from archsearch.training.schedule import SCHEDULES, constant

SHARES = st.floats(0, 1)
PARTS = st.floats(0, 0.99)
HALF = math.sqrt(2) / 2


@pytest.mark.parametrize(
    ("fields", "rates"),
    [
        # (1 - cos 45 degrees) / 2 and its like: eighths of the way up and down.
        (
            {"schedule": "one_cycle", "warmup": 0.5},
            {0: 0, 0.125: (1 - HALF) / 2, 0.25: 0.5, 0.5: 1, 0.625: (1 + HALF) / 2, 0.75: 0.5, 1: 0},
        ),
        ({"schedule": "one_cycle", "warmup": 0}, {0: 1, 0.25: (1 + HALF) / 2, 0.5: 0.5, 1: 0}),
        (
            {"schedule": "cosine", "warmup": 0.2},
            {0: 0, 0.05: 0.25, 0.1: 0.5, 0.2: 1, 0.4: (1 + HALF) / 2, 0.6: 0.5, 1: 0},
        ),
        ({"schedule": "cosine", "warmup": 0}, {0: 1, 0.5: 0.5, 1: 0}),
        (
            {"schedule": "constant", "warmup": 0.1, "cooldown": 0.2},
            {0: 0, 0.05: 0.5, 0.1: 1, 0.5: 1, 0.8: 1, 0.85: 0.75, 0.9: 0.5, 1: 0},
        ),
        ({"schedule": "constant", "warmup": 0, "cooldown": 0}, {0: 1, 0.5: 1, 1: 1}),
        # Up and down cross where there is no room for both: at 0.8 of the way the fall has begun.
        ({"schedule": "constant", "warmup": 0.5, "cooldown": 0.75}, {0.25: 0.5, 0.4: 0.8, 0.5: 2 / 3, 1: 0}),
        (
            {"schedule": "steps", "epochs": 25, "step_epochs": 8, "step_factor": 0.1},
            {0: 1, 0.3: 1, 8 / 25: 1, 8.01 / 25: 0.1, 16 / 25: 0.1, 16.01 / 25: 0.01, 24.01 / 25: 0.001, 1: 0.001},
        ),
        # 7 / 25 * 25 is a little above 7.
        ({"schedule": "steps", "epochs": 25, "step_epochs": 7, "step_factor": 0.1}, {7 / 25: 1, 7.01 / 25: 0.1}),
        ({"schedule": "steps", "epochs": 4, "step_epochs": 9}, {0: 1, 0.5: 1, 1: 1}),
        ({"schedule": "steps", "epochs": 4, "step_epochs": 1, "step_factor": 1}, {0: 1, 0.6: 1, 1: 1}),
    ],
)
def test_a_table_worked_by_hand(fields: dict[str, Any], rates: dict[float, float]) -> None:
    recipe = Recipe(**fields)
    assert {done: recipe.rate(done) for done in rates} == pytest.approx(rates, abs=1e-12)


@given(
    st.sampled_from([*SCHEDULES]),
    SHARES,
    PARTS,
    PARTS,
    st.integers(1, 300),
    st.integers(1, 300),
    st.floats(0.01, 1),
)
def test_every_rate_is_a_share_of_the_peak(
    schedule: str, done: float, warmup: float, cooldown: float, epochs: int, step_epochs: int, step_factor: float
) -> None:
    recipe = Recipe(
        schedule=schedule,
        warmup=warmup,
        cooldown=cooldown,
        epochs=epochs,
        step_epochs=step_epochs,
        step_factor=step_factor,
    )
    assert -1e-12 <= recipe.rate(done) <= 1 + 1e-12


@given(st.sampled_from(["one_cycle", "cosine", "constant"]), PARTS, st.floats(0.01, 0.99))
def test_what_anneals_ends_at_0(schedule: str, warmup: float, cooldown: float) -> None:
    assert Recipe(schedule=schedule, warmup=warmup, cooldown=cooldown).rate(1) == pytest.approx(0, abs=1e-12)


@given(st.integers(10, 200), st.integers(10, 200), st.integers(0, 4), st.integers(1, 4), st.integers(0, 100))
def test_a_constant_rate_does_not_depend_on_how_long_it_lasts(
    epochs: int, longer: int, rise: int, fall: int, percent: int
) -> None:
    """Warm-up and cool-down of so many epochs: until the shorter training falls, the longer one has its rates."""
    epoch = percent / 100 * (min(epochs, longer) - fall)
    first, second = (
        constant(epoch / length, warmup=rise / length, cooldown=fall / length) for length in (epochs, longer)
    )
    assert first == pytest.approx(second, abs=1e-9)


@given(SHARES, SHARES)
def test_steps_never_rise(first: float, second: float) -> None:
    recipe = Recipe(schedule="steps", epochs=25, step_epochs=8)
    assert recipe.rate(min(first, second)) >= recipe.rate(max(first, second))
