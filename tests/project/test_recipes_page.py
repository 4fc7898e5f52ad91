"""What docs/recipes.md says of the fields is what the code says; the recipes that pages name are shipped."""

from __future__ import annotations

import json
import re

import pytest
from examples.console import ROOT

from archsearch.training.fields import FIELDS
from archsearch.training.recipe import Recipe, value_text
from archsearch.training.schedule import SCHEDULES

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
SHIPPED = {path.stem: path for path in (ROOT / "recipes").glob("*.toml")}


def default_of(name: str) -> str:
    default = getattr(Recipe, name)
    return json.dumps(default) if isinstance(default, bool) else value_text(default)


def test_the_table_of_fields() -> None:
    table = PAGE.partition("## Fields")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{name}` | {field.meaning} | {field.allowed} | {default_of(name)} |" for name, field in FIELDS.items()
    ]


def test_every_schedule_is_described() -> None:
    described = PAGE.partition("## Learning rates")[2]
    assert re.findall(r"^- `(\w+)`: ", described, re.MULTILINE) == [*SCHEDULES]


def test_the_table_of_recipes_and_the_names_in_commands() -> None:
    table = PAGE.partition("## Files")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == {*SHIPPED}
    named = set(re.findall(r"(?:--recipe|archsearch recipes) ([a-z_]+)(?![\w.])", README + PAGE))
    assert named
    assert named <= {*SHIPPED}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_recipe_is_read_and_says_what_it_is_for(name: str) -> None:
    path = SHIPPED[name]
    assert Recipe.find(str(path)).epochs > 0
    assert re.match(r"# [A-Z].{20,}\.\n", path.read_text(encoding="utf-8"))


def test_the_recipe_of_the_assignment_is_the_published_one() -> None:
    assert Recipe.find(str(SHIPPED["assignment"])) == Recipe(
        epochs=25,
        batch_size=64,
        learning_rate=0.01,
        momentum=0.9,
        nesterov=False,
        weight_decay=0,
        schedule="steps",
        step_epochs=8,
        step_factor=0.1,
        dropout=0.02,
        augmentation="course",
    )
