"""The verb that searches a space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archsearch.analysis.limits import Limits
from archsearch.cli.data import load
from archsearch.cli.numbers import MOST, Number
from archsearch.cli.options import (
    examples,
    limits_option,
    seed_option,
    training_options,
)
from archsearch.cli.output import Output, output_options
from archsearch.cli.streams import say
from archsearch.cli.usage import Verb
from archsearch.space.space import Space

if TYPE_CHECKING:
    from archsearch.data.dataset import Dataset
    from archsearch.notation.word import Vocabulary
    from archsearch.training.recipe import Recipe


@click.command(cls=Verb)
@click.argument("space")
@training_options
@click.option(
    "--trials",
    metavar="N",
    type=Number(1, MOST),
    help="Train N networks in all, those of earlier runs of the study included.",
)
@click.option(
    "--hours",
    metavar="X",
    type=Number(0, MOST, whole=False),
    help="Start no further network after X hours.",
)
@limits_option("those of the space")
@click.option("--study", metavar="NAME", help="Name of the study. [the name of the space]")
@seed_option
@output_options
@examples("search era_s9 --trials 20", "search my.space --hours 8 --epochs 16 --study overnight")
def search(
    space: str,
    vocabulary: Vocabulary,
    storage: str,
    data: str | None,
    size: tuple[int, int] | None,
    trials: int | None,
    hours: float | None,
    limits: Limits | None,
    study: str | None,
    seed: int,
    recipe: Recipe,
    output: Output,
) -> None:
    """Search SPACE for accurate networks that fit its limits.

    SPACE is a .space file or the name of a shipped space. Networks that do not fit are refused before they are
    trained. The same command resumes its study, also after Ctrl-C or a crash. The exit status is 1 if no network
    of the study was trained.
    """
    found = Space.find(space, vocabulary)
    found = found if limits is None else found.with_limits(limits)
    from archsearch.study.budget import Budget

    Budget(trials, hours)  # before the data are loaded
    run_search(found, load(data, size), recipe, trials, hours, storage, study, seed, output)


def run_search(
    space: Space,
    dataset: Dataset,
    recipe: Recipe,
    trials: int | None,
    hours: float | None,
    storage: str,
    study: str | None,
    seed: int,
    output: Output,
) -> None:
    """Search with a progress display, and write the rows of the study."""
    from archsearch.cli.progress import Progress
    from archsearch.study.search import search as run

    with Progress(quiet=not output.is_text) as progress:
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
            say("what was finished is kept; the same command resumes the search")
            raise
    say("\n  ".join(filter(None, (outcome.ended, outcome.remedy))) + "\n")
    output.results(outcome.rows)
    if not outcome.has_trained:
        click.get_current_context().exit(1)
