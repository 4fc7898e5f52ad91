"""Recipes: what they refuse, how they are written and read back, and the digest that keys results."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsearch.errors import ArchsearchError
from archsearch.training.fields import AUGMENTATIONS, FIELDS
from archsearch.training.recipe import Recipe
from archsearch.training.schedule import SCHEDULES

RECIPES = st.builds(
    Recipe,
    epochs=st.integers(1, 1000),
    batch_size=st.integers(2, 4096),
    learning_rate=st.floats(1e-6, 10).map(lambda value: float(f"{value:.12g}")),
    momentum=st.sampled_from([0.0, 0.9, 0.95]),
    weight_decay=st.sampled_from([0.0, 1e-4, 5e-4]),
    augmentation=st.sampled_from(AUGMENTATIONS),
    optimizer=st.sampled_from(["sgd", "adamw"]),
    nesterov=st.booleans(),
    muon_learning_rate=st.sampled_from([0.0, 0.24]),
    schedule=st.sampled_from([*SCHEDULES]),
    step_epochs=st.integers(1, 30),
    label_smoothing=st.sampled_from([0.0, 0.1]),
    cutout=st.integers(0, 16),
)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"epochs": 0}, "epochs is 0; it must be a whole number from 1 to 1,000,000\n  the default is 8"),
        ({"epochs": 2.5}, "epochs is 2.5; it must be a whole number from 1 to 1,000,000\n  the default is 8"),
        ({"epochs": True}, "epochs is True; it must be a whole number from 1 to 1,000,000\n  the default is 8"),
        (
            {"batch_size": 1},
            "batch_size is 1; it must be a whole number from 2 to 1,000,000, as batch norm compares images\n"
            "  the default is 128",
        ),
        (
            {"learning_rate": -0.1},
            "learning_rate is -0.1; it must be a number above 0, of at most 1,000,000\n  the default is 0.15",
        ),
        (
            {"learning_rate": float("inf")},
            "learning_rate is inf; it must be a number above 0, of at most 1,000,000\n  the default is 0.15",
        ),
        (
            {"learning_rate": "0.1"},
            "learning_rate is '0.1'; it must be a number above 0, of at most 1,000,000\n  the default is 0.15",
        ),
        ({"momentum": 1}, "momentum is 1; it must be a number from 0 to below 1\n  the default is 0.9"),
        (
            {"weight_decay": -1e-4},
            "weight_decay is -0.0001; it must be a number from 0 to 1,000,000\n  the default is 0.0005",
        ),
        (
            {"augmentation": "flipcrop"},
            "there is no augmentation `flipcrop`\n  did you mean `flip_crop`?",
        ),
        (
            {"weight_decay": float("nan")},
            "weight_decay is nan; it must be a number from 0 to 1,000,000\n  the default is 0.0005",
        ),
        (
            {"epochs": 10**30},
            f"epochs is {10**30}; it must be a whole number from 1 to 1,000,000\n  the default is 8",
        ),
        ({"epoch": 3}, "a recipe has no `epoch`\n  did you mean `epochs`?"),
    ],
)
def test_a_recipe_that_is_not_allowed(values: dict[str, Any], text: str) -> None:
    with pytest.raises(ArchsearchError) as caught:
        Recipe.of(values)
    assert str(caught.value) == text


def test_numbers_of_numpy_are_numbers() -> None:
    recipe = Recipe(np.int64(3), learning_rate=np.float64(0.5), weight_decay=np.int32(0))  # type: ignore[arg-type]
    assert recipe == Recipe(3, learning_rate=0.5, weight_decay=0.0)
    assert [type(value) for value in asdict(recipe).values()] == [type(getattr(Recipe, name)) for name in FIELDS]
    assert recipe.digest == Recipe(3, learning_rate=0.5, weight_decay=0).digest


def test_a_recipe_goes_through_json_and_back() -> None:
    recipe = Recipe(3, 64, 0.05, 0.8, 1e-4, "assignment")
    assert Recipe.of(json.loads(json.dumps(asdict(recipe)))) == recipe


def test_the_text_of_a_recipe_says_every_value() -> None:
    recipe = Recipe(3, 64, 0.05, 0.8, 1e-4, "assignment")
    assert str(recipe) == "3 epochs, batch 64, lr 0.05, momentum 0.8, wd 0.0001, assignment"
    assert str(replace(recipe, epochs=1)).startswith("1 epoch, ")
    # A whole number from a command line is the same recipe as the float.
    assert str(replace(recipe, learning_rate=1)) == str(replace(recipe, learning_rate=1.0))


@pytest.mark.parametrize("heavy", ["torch", "albumentations", "numpy"])
def test_a_recipe_is_made_without_torch(heavy: str) -> None:
    code = (
        f"import sys; from archsearch.training.recipe import Recipe; Recipe(); assert {heavy!r} not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@given(RECIPES)
def test_what_is_written_is_read_back(recipe: Recipe) -> None:
    assert Recipe.read(str(recipe)) == recipe
    assert Recipe.read(str(recipe)).digest == recipe.digest


def test_a_text_that_is_no_recipe() -> None:
    with pytest.raises(ArchsearchError, match="`8 epochs` is not a recipe"):
        Recipe.read("8 epochs")


def test_the_digest_stays() -> None:
    assert Recipe().digest == "9f82cd6d8af0362f"
    assert Recipe(learning_rate=1).digest == Recipe(learning_rate=1.0).digest


@given(RECIPES, RECIPES)
def test_two_recipes_with_one_digest_are_equal(first: Recipe, second: Recipe) -> None:
    assert (first.digest == second.digest) == (first == second)


def test_a_field_that_came_later_re_keys_nothing() -> None:
    assert Recipe(label_smoothing=0.0).digest == Recipe().digest
    assert Recipe(label_smoothing=0.1).digest != Recipe().digest


def test_every_field_has_a_meaning_in_the_order_of_the_recipe() -> None:
    assert [*FIELDS] == [field.name for field in fields(Recipe)]


def test_a_result_of_an_augmentation_that_was_withdrawn_keeps_its_digest() -> None:
    text = "3 epochs, batch 64, lr 0.05, momentum 0.8, wd 0.0001, assignment"
    assert Recipe.read(text).digest == "9c4411fd3a901adf"
