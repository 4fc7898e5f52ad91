"""The verb that searches a space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archsearch.analysis.limits import Limits
from archsearch.cli.options import (
    examples,
    json_option,
    limits_option,
    seed_option,
    training_options,
)
from archsearch.cli.output import write_results
from archsearch.space.space import Space
from archsearch.training.recipe import Recipe

if TYPE_CHECKING:
    from archsearch.data.dataset import Dataset
    from archsearch.notation.word import Vocabulary


@click.command()
@click.argument("space")
@training_options
@click.option(
    "--trials", type=click.IntRange(min=1), help="Networks the study shall train, earlier runs included."
)
@click.option(
    "--hours", type=click.FloatRange(min=0, min_open=True), help="Time after which no further one is begun."
)
@limits_option
@click.option("--study", metavar="NAME", help="Name of the study. [that of the space]")
@seed_option
@json_option
@examples("search era_s9 --trials 20", "search my.space --hours 8 --epochs 16 --study overnight")
def search(
    space: str,
    vocabulary: Vocabulary,
    storage: str,
    data: str | None,
    trials: int | None,
    hours: float | None,
    limits: Limits | None,
    study: str | None,
    seed: int,
    as_json: bool,
    **recipe_values: float | str,
) -> None:
    """Search SPACE, a file or a shipped name, for the most accurate networks that fit its limits.

    What does not fit is refused before it is trained. The same command again goes on with its study, after
    Ctrl-C or a crash too.
    """
    found = Space.find(space, vocabulary)
    found = found if limits is None else found.with_limits(limits)
    recipe = Recipe.of(recipe_values)
    if trials is None and hours is None:
        raise click.UsageError("Say how much to search: --trials 20, or --hours 1, or both.")
    from archsearch.data.load import load

    run_search(found, load(data), recipe, trials, hours, storage, study, seed, as_json)


def run_search(
    space: Space,
    dataset: Dataset,
    recipe: Recipe,
    trials: int | None,
    hours: float | None,
    storage: str,
    study: str | None,
    seed: int,
    as_json: bool,
) -> None:
    """Search, showing how it goes, and write the rows of the study."""
    from archsearch.cli.progress import Progress
    from archsearch.study.search import search as run

    with Progress(quiet=as_json) as progress:
        try:
            outcome = run(
                space,
                dataset,
                recipe=recipe,
                trials=trials,
                hours=hours,
                storage=storage,
                study=study,
                seed=seed,
                watch=progress,
            )
        except KeyboardInterrupt:
            click.echo("what was finished is kept; the same command goes on", err=True)
            raise
    click.echo(f"{outcome.ended}\n", err=True)
    write_results(outcome.rows, as_json)
