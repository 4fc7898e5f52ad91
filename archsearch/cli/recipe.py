"""The options that name a recipe and change its fields, made from what the fields are."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from archsearch.training.fields import FIELDS, option
from archsearch.training.recipe import Recipe, value_of


class FieldValue(click.ParamType[object]):
    """The value of a field of a recipe, as the recipe takes it."""

    name = "value"

    def __init__(self, field: str) -> None:
        self.field = field

    @property
    def meaning(self) -> str:
        """What it must be."""
        return FIELDS[self.field].allowed

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        found = value_of(self.field, str(value))
        return found if FIELDS[self.field].holds(found) else self.fail("", param, ctx)


class FieldOption(click.Option):
    """The option for a field of a recipe; None where it is not given."""


def recipe_options(command: Callable[..., None], default: str = "fast") -> Callable[..., None]:
    """Give a command --recipe and an option for each field, and hand it the one `recipe` that they make."""

    @functools.wraps(command)
    def with_recipe(*arguments: object, recipe: str, **options: object) -> None:
        fields = {name: options.pop(name) for name in FIELDS}
        given: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
        command(*arguments, recipe=replace(Recipe.find(recipe), **given), **options)

    decorated: Callable[..., None] = with_recipe
    for name in reversed([*FIELDS]):
        decorated = _field_option(name)(decorated)
    return click.option(
        "--recipe",
        metavar="NAME|FILE",
        default=default,
        show_default=True,
        help="How networks are trained: a recipe of `archsearch recipes`, or a .toml file.",
    )(decorated)


def _field_option(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    field, default = FIELDS[name], getattr(Recipe, name)
    meaning = f"{field.meaning[0].upper()}{field.meaning[1:]}"
    choices = f" One of {', '.join(field.choices)}." if field.choices else ""
    if isinstance(default, bool):
        switch = "/".join(option(name, str(state)) for state in (True, False))
        return click.option(switch, default=None, cls=FieldOption, help=f"{meaning}.")
    return click.option(
        option(name),
        type=FieldValue(name),
        metavar={int: "N", float: "X", str: "NAME"}[type(default)],
        cls=FieldOption,
        help=f"{meaning}.{choices}",
    )
