"""The verb that shows a whole search in a few minutes."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial

import click

from archsearch.cli.data import data_options, load
from archsearch.cli.options import examples, storage_option
from archsearch.cli.output import Output, output_options
from archsearch.cli.search import show_search
from archsearch.cli.streams import say, write
from archsearch.cli.usage import Verb
from archsearch.errors import DataError
from archsearch.space.space import Space
from archsearch.study.budget import KEEP
from archsearch.training.recipe import Recipe


@click.command(cls=Verb)
@data_options
@storage_option
@output_options
@examples("quickstart")
def quickstart(data: str | None, size: tuple[int, int] | None, storage: str, output: Output) -> None:
    """Search a small space in a few minutes.

    It searches the space `first` on CIFAR-10 and shows the table. If CIFAR-10 cannot be loaded, it says so and
    searches on scikit-learn's handwritten digits instead.
    """
    from archsearch.data.load import VARIABLE, digits
    from archsearch.study.search import search

    try:
        dataset = load(data, size)
    except DataError as error:
        if data is not None or os.environ.get(VARIABLE):
            raise
        say(f"{error}\n\nCIFAR-10 could not be loaded: this search uses handwritten DIGITS.\n")
        dataset = digits()
        say(dataset)
    on_digits = dataset.name == "digits"
    recipe = Recipe.find("fast")
    recipe, rungs = (replace(recipe, augmentation="crop"), (4, 12)) if on_digits else (recipe, (1, 3))
    searching = partial(search, Space.find("first"), dataset, recipe=recipe, rungs=rungs, trials=4)
    show_search(searching, storage, f"quickstart-{dataset.name}", KEEP, output)
    if output.is_text:
        write("\nNext: archsearch check era_s9, archsearch search era_s9 --trials 20, archsearch results")
