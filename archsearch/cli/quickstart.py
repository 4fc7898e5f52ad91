"""The verb that does the main job in a few minutes."""

from __future__ import annotations

import os

import click

from archsearch.cli.options import (
    DATA_HELP,
    examples,
    json_option,
    storage_option,
)
from archsearch.cli.search import run_search
from archsearch.errors import DataError
from archsearch.space.space import Space
from archsearch.training.recipe import Recipe


@click.command()
@click.option("--data", metavar="PATH", help=DATA_HELP)
@storage_option
@json_option
@examples("quickstart")
def quickstart(data: str | None, storage: str, as_json: bool) -> None:
    """Do the main job in a few minutes: search the space `first` on CIFAR-10 and show the table.

    Where CIFAR-10 is not to be had, it says so and searches on scikit-learn's handwritten digits.
    """
    from archsearch.data.load import VARIABLE, digits, load

    try:
        dataset = load(data)
    except DataError as error:
        if data is not None or os.environ.get(VARIABLE):
            raise
        click.echo(
            f"{error}\n\nCIFAR-10 is not to be had: this search runs on handwritten DIGITS instead.\n", err=True
        )
        dataset = digits()
    on_digits = dataset.name == "digits"
    recipe = Recipe(epochs=12, augmentation="crop") if on_digits else Recipe(epochs=3)
    run_search(Space.find("first"), dataset, recipe, 3, None, storage, f"quickstart-{dataset.name}", 0, as_json)
    if not as_json:
        click.echo("\nNext: archsearch check era_s9, archsearch search era_s9 --trials 20, archsearch results")
