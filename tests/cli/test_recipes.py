"""Recipes on the command line: --recipe, an option for each field over it, and what `archsearch recipes` shows."""

from __future__ import annotations

import csv
import io
import json
import shlex
from dataclasses import asdict
from pathlib import Path

import click
import pytest
from examples.console import ROOT
from examples.mistakes import Capture, message, refused, run
from hypothesis import given
from hypothesis import strategies as st

from archsearch.cli import archsearch
from archsearch.cli.recipe import recipe_options
from archsearch.cli.usage import Verb
from archsearch.files import shipped
from archsearch.training.fields import AUGMENTATIONS, FIELDS, option
from archsearch.training.recipe import Recipe, value_text
from archsearch.training.schedule import SCHEDULES

RECIPES = st.builds(
    Recipe,
    epochs=st.integers(1, 1000),
    learning_rate=st.floats(1e-6, 10).map(lambda value: float(f"{value:.12g}")),
    augmentation=st.sampled_from(AUGMENTATIONS),
    nesterov=st.booleans(),
    whitening=st.booleans(),
    schedule=st.sampled_from([*SCHEDULES]),
    weight_decay=st.sampled_from([0.0, 5e-4]),
    cutout=st.integers(0, 16),
)


def parsed(*arguments: str) -> Recipe:
    """Return the recipe that a command with these options is handed."""
    found: list[Recipe] = []

    @click.command(cls=Verb)
    @recipe_options
    def verb(recipe: Recipe) -> None:
        found.append(recipe)

    verb.main([*arguments], standalone_mode=False)
    return found[0]


def test_without_options_it_is_the_recipe_of_a_search() -> None:
    assert parsed() == Recipe.find("fast")


def test_an_option_is_over_the_recipe_and_leaves_the_rest() -> None:
    before, now = Recipe.find("assignment"), parsed("--epochs", "2", "--nesterov", "--recipe", "assignment")
    assert now.differing(before) == {"epochs": "2", "nesterov": "True"}
    assert before.differing(now) == {"epochs": "25", "nesterov": "False"}


def test_a_file_states_what_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text("epochs = 3\nmomentum = 0\n")
    assert parsed("--recipe", str(path), "--momentum", "0.5") == Recipe(epochs=3, momentum=0.5)


@given(RECIPES, RECIPES)
def test_the_options_of_what_differs_make_the_one_recipe_of_the_other(first: Recipe, second: Recipe) -> None:
    everything = [option(name, value_text(value)) for name, value in asdict(first).items()]
    differing = [option(name, text) for name, text in second.differing(first).items()]
    assert parsed(*shlex.split(" ".join([*everything, *differing]))) == second


@pytest.mark.parametrize("command", ["train", "search"])
def test_the_help_has_the_fields_in_their_order_after_the_other_options(command: str) -> None:
    verb = archsearch.commands[command]
    context = click.Context(verb, info_name=f"archsearch {command}", terminal_width=80)
    options, fields = verb.get_help(context).split("\nRecipe, over --recipe (as in the recipe where not given):\n")
    assert "--recipe NAME|FILE" in options
    assert "TARGET" not in options.partition("\nOptions:")[2]
    assert [line.split()[0] for line in fields.splitlines() if line.startswith("  --")] == [
        option(name) for name in FIELDS
    ]
    assert "default" not in fields
    assert max(map(len, fields.splitlines())) <= 80


@pytest.mark.parametrize("command", ["train", "search"])
@pytest.mark.parametrize(
    ("name", "text", "rule", "remedy"),
    [
        (
            "fats",
            None,
            "there is no recipe `fats`",
            "give the path of a .toml file or a shipped name; did you mean `fast`?",
        ),
        ("my.toml", "epoch = 3", "my.toml: a recipe has no `epoch`", "did you mean `epochs`?"),
    ],
)
def test_a_recipe_that_there_is_not(
    capsys: Capture, folder: Path, command: str, name: str, text: str | None, rule: str, remedy: str
) -> None:
    if text is not None:
        (folder / name).write_text(text)
    assert refused(capsys, command, "tiny.space", "--recipe", name) == message(rule, remedy)


def test_a_network_is_trained_by_a_recipe_and_what_is_over_it(capsys: Capture, folder: Path) -> None:
    (folder / "my.toml").write_text('epochs = 9\naugmentation = "none"\nbatch_size = 64\n')
    train = ("train", "conv(2, stride=8) head()", "--data", "digits", "--recipe", "my.toml", "--epochs", "1")
    status, out, _ = run(capsys, *train, "--json")
    assert status == 0
    assert json.loads(out)[0]["recipe"] == str(Recipe(epochs=1, augmentation="none", batch_size=64))


def test_the_list_has_every_shipped_recipe_with_its_first_line(capsys: Capture) -> None:
    status, out, _ = run(capsys, "recipes", "--json")
    assert status == 0
    rows = json.loads(out)
    assert [row["name"] for row in rows] == sorted(Path(name).stem for name in shipped(".toml"))
    for row in rows:
        text = shipped(".toml")[f"{row['name']}.toml"].read_text(encoding="utf-8")
        recipe = Recipe.find(row["name"])
        assert text.startswith(f"# {row['for']}\n")
        assert (row["epochs"], row["recipe"]) == (recipe.epochs, str(recipe))


def test_a_recipe_is_shown_field_by_field(capsys: Capture) -> None:
    _, text, _ = run(capsys, "recipes", "assignment")
    lines = [line.split(maxsplit=3) for line in text.splitlines()]
    assert lines[0] == ["field", "value", "default", "meaning"]
    shown = {name: (value, default, meaning) for name, value, default, meaning in lines[1:]}
    assert [*shown] == [*FIELDS]
    assert shown["weight_decay"] == ("0", "0.0005", FIELDS["weight_decay"].meaning)
    assert shown["nesterov"] == ("no", "yes", FIELDS["nesterov"].meaning)


def test_programs_get_the_values_of_a_recipe_as_they_are(capsys: Capture) -> None:
    _, written, _ = run(capsys, "recipes", str(ROOT / "recipes" / "long.toml"), "--json")
    rows = json.loads(written)
    assert Recipe.of({row["field"]: row["value"] for row in rows}) == Recipe.find(str(ROOT / "recipes/long.toml"))
    assert {row["field"]: row["default"] for row in rows} == asdict(Recipe())
    assert [row["allowed"] for row in rows] == [field.allowed for field in FIELDS.values()]
    _, written, _ = run(capsys, "recipes", "fast", "--csv")
    found = {row["field"]: row["value"] for row in csv.DictReader(io.StringIO(written))}
    assert (found["weight_decay"], found["nesterov"]) == ("0.0005", "yes")


def test_a_recipe_to_show_that_there_is_not(capsys: Capture) -> None:
    rule, remedy = "there is no recipe `x`", "give the path of a .toml file or a shipped name; known here: "
    assert refused(capsys, "recipes", "x").startswith(message(rule, remedy).rstrip("\n"))
