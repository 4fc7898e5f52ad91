"""Recipes: what they refuse, how they are written and read back, and the digest that keys results."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsearch.errors import ArchsearchError
from archsearch.training.fields import AUGMENTATIONS, FIELDS
from archsearch.training.recipe import Recipe, value_of
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


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "my.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "epochs = ",
            "this is not TOML: Invalid value (at end of document)\n  write a line for",
        ),
        (
            "epochs = 2\nepochs = 3",
            "this is not TOML: Cannot overwrite a value (at end of document)\n  write",
        ),
        ("epoch = 3", "a recipe has no `epoch`\n  did you mean `epochs`?"),
        ("[optimizer]\nname = 1", "optimizer is {'name': 1}; it must be one of sgd, adamw\n  the default is sgd"),
        ('epochs = "8"', "epochs is '8'; it must be a whole number from 1 to 1,000,000\n  the default is 8"),
        ("epochs = 8.0", "epochs is 8.0; it must be a whole number from 1 to 1,000,000\n  the default is 8"),
        ("nesterov = 1", "nesterov is 1; it must be true or false\n  the default is True"),
        ("mixup = true", "mixup is True; it must be a number from 0 to 1,000,000\n  the default is 0.0"),
        ("[augmentation]\nname = 1", "augmentation is {'name': 1}; it must be one of none, "),
        ('schedule = "step"', "there is no schedule `step`\n  did you mean `steps`?"),
    ],
)
def test_a_file_that_is_no_recipe_is_named(tmp_path: Path, text: str, message: str) -> None:
    name = written(tmp_path, text)
    with pytest.raises(ArchsearchError) as caught:
        Recipe.find(name)
    assert str(caught.value).startswith(f"{name}: {message}")


def test_a_whole_number_in_a_file_is_a_number(tmp_path: Path) -> None:
    assert Recipe.find(written(tmp_path, "weight_decay = 0\nlearning_rate = 1")) == Recipe(
        weight_decay=0.0, learning_rate=1.0
    )


@given(RECIPES)
def test_a_recipe_written_as_toml_is_read_back(tmp_path_factory: pytest.TempPathFactory, recipe: Recipe) -> None:
    text = "\n".join(f"{name} = {json.dumps(value)}" for name, value in asdict(recipe).items())
    assert Recipe.find(written(tmp_path_factory.mktemp("recipes"), text)) == recipe


def test_a_shipped_recipe_is_found_by_its_name_or_its_file_name() -> None:
    assert Recipe.find("fast") == Recipe.find("fast.toml")
    with pytest.raises(ArchsearchError, match=r"there is no recipe `fats`\n  .*; did you mean `fast`"):
        Recipe.find("fats")
    with pytest.raises(ArchsearchError, match=r"there is no recipe `x+`"):
        Recipe.find("x" * 300)


@given(RECIPES, RECIPES)
def test_what_differs_turns_one_recipe_into_the_other(first: Recipe, second: Recipe) -> None:
    fields = {name: value_of(name, text) for name, text in second.differing(first).items()}
    assert Recipe.of(asdict(first) | fields) == second
    assert first.differing(second).keys() == fields.keys()


@pytest.mark.parametrize("text", ["nesterov no", "nesterov true", "cutout 1.5", "epoch 3"])
def test_a_word_that_no_field_has_is_refused(text: str) -> None:
    with pytest.raises(ArchsearchError):
        Recipe.read(f"{Recipe()}, {text}")


def test_zero_has_one_digest() -> None:
    assert Recipe(weight_decay=-0.0).digest == Recipe(weight_decay=0).digest
