"""The verb that shows recipes."""

from __future__ import annotations

import click

from archsearch.cli.options import examples
from archsearch.cli.output import Output, output_options
from archsearch.cli.usage import Verb
from archsearch.files import read_text, shipped
from archsearch.training.fields import FIELDS
from archsearch.training.recipe import Recipe, value_text


@click.command(cls=Verb)
@click.argument("recipe", required=False)
@output_options
@examples("recipes", "recipes assignment", "recipes my_recipe.toml --json")
def recipes(recipe: str | None, output: Output) -> None:
    """List the shipped recipes, or show every field of one.

    A recipe is how a network is trained: `train`, `search` and `confirm` take one with --recipe, and an option for
    each field over it. RECIPE is a shipped name or a .toml file.
    """
    if recipe is None:
        output.rows(("name", "epochs", "for", "recipe"), [_row(name) for name in sorted(shipped(".toml"))])
    else:
        columns = ("field", "value", "default", "meaning")
        rows = _fields(Recipe.find(recipe), exact=not output.is_text)
        output.rows((*columns, "allowed"), rows, columns)


def _row(name: str) -> dict[str, object]:
    """Return what the list shows of a shipped file, whose first line is a comment that says what it is for."""
    path = shipped(".toml")[name]
    found = Recipe.find(str(path))
    purpose = read_text(path).partition("\n")[0].removeprefix("#").strip()
    return {"name": path.stem, "epochs": found.epochs, "for": purpose, "recipe": str(found)}


def _fields(recipe: Recipe, *, exact: bool) -> list[dict[str, object]]:
    """Return a row for each field; its values as they are, or numbers as text, as a table writes two decimals."""

    def written(value: object) -> object:
        return value if exact or isinstance(value, bool) else value_text(value)

    return [
        {
            "field": name,
            "value": written(getattr(recipe, name)),
            "default": written(getattr(Recipe, name)),
            "meaning": field.meaning,
            "allowed": field.allowed,
        }
        for name, field in FIELDS.items()
    ]
