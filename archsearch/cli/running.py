"""The verbs that train: train, search, quickstart."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archsearch.analysis.limits import Condition
from archsearch.cli.options import (
    Command,
    examples,
    json_option,
    limits_option,
    network_at,
    seed_option,
    storage_option,
    words_option,
    write_rows,
)
from archsearch.errors import ArchsearchError, DataError
from archsearch.space.space import Space
from archsearch.training.recipe import AUGMENTATIONS, Recipe

if TYPE_CHECKING:
    from archsearch.data.dataset import Dataset
    from archsearch.notation.network import Network
    from archsearch.notation.word import Vocabulary
    from archsearch.study.results import Row

_DATA_HELP = "A folder of images, or `digits`. [the variable ARCHSEARCH_DATA, else CIFAR-10, downloaded once]"


def _training_options(command: Command) -> Command:
    for option in (
        storage_option,
        words_option,
        click.option(
            "--augmentation", type=click.Choice(AUGMENTATIONS), default=Recipe.augmentation, show_default=True
        ),
        click.option("--weight-decay", type=float, default=Recipe.weight_decay, show_default=True),
        click.option("--learning-rate", type=float, default=Recipe.learning_rate, show_default=True, help="Peak."),
        click.option("--batch-size", type=int, default=Recipe.batch_size, show_default=True),
        click.option("--epochs", type=int, default=Recipe.epochs, show_default=True),
        click.option("--data", metavar="PATH", help=_DATA_HELP),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("target")
@_training_options
@click.option(
    "--split",
    type=click.Choice(["validation", "test"]),
    default="validation",
    show_default=True,
    help="Measure on images held out of the training set, or train on all of it and measure on the test images.",
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write the trained weights to this file (a state dict).",
)
@seed_option
@json_option
@examples(
    "train search_spaces/era_s9.net", "train 'conv(24, stride=2) sep(44) head()' --data digits --augmentation crop"
)
def train(
    target: str,
    vocabulary: Vocabulary,
    storage: str,
    data: str | None,
    split: str,
    weights: Path | None,
    seed: int,
    as_json: bool,
    **recipe_values: float | str,
) -> None:
    """Train TARGET, a sentence or a file of one, and add it to the results as study `train`.

    A network whose result is in the table already, by the same recipe, data, split and seed, is not trained
    again, unless its weights are asked for. Look at the test images once, when everything is chosen.
    """
    network = network_at(target, vocabulary)
    recipe = Recipe.of(recipe_values)
    if weights is not None and not weights.parent.is_dir():
        rule = f"the weights cannot be written to `{weights}`: there is no folder `{weights.parent}`"
        raise ArchsearchError(rule, remedy="make the folder first")
    from archsearch.data.load import load

    _train(network, load(data), split, recipe, seed, storage, weights, as_json)


@click.command()
@click.argument("space")
@_training_options
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
    limits: Condition | None,
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
    found = found if limits is None else found.limited(limits)
    recipe = Recipe.of(recipe_values)
    if trials is None and hours is None:
        raise click.UsageError("Say how much to search: --trials 20, or --hours 1, or both.")
    from archsearch.data.load import load

    _search(found, load(data), recipe, trials, hours, storage, study, seed, as_json)


@click.command()
@click.option("--data", metavar="PATH", help=_DATA_HELP)
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
    _search(Space.find("first"), dataset, recipe, 3, None, storage, f"quickstart-{dataset.name}", 0, as_json)
    if not as_json:
        click.echo("\nNext: archsearch check era_s9, archsearch search era_s9 --trials 20, archsearch results")


def _train(
    network: Network,
    dataset: Dataset,
    split: str,
    recipe: Recipe,
    seed: int,
    storage: str,
    weights: Path | None,
    as_json: bool,
) -> None:
    from archsearch.analysis.candidate import judge
    from archsearch.cli.progress import Progress
    from archsearch.study import record
    from archsearch.study.results import rows
    from archsearch.study.storage import SINGLE, opened
    from archsearch.training.train import check_trainable, save, train

    candidate = judge(network, dataset.shape, len(dataset.classes), Condition("", ()))
    identity = record.identify(dataset, split, recipe, seed)
    with opened(storage, create=True) as results:
        before = record.known_results(results, identity).get(candidate.key)
        if before is not None and weights is None:
            click.echo("this result is in the table already; --seed 1 trains the network anew\n", err=True)
            _write(rows(before[0], [before[1]]), as_json)
            return
        graph, images = network.lower(dataset.shape, len(dataset.classes)), dataset.split(split)
        check_trainable(graph, images)
        with Progress(quiet=as_json) as progress:
            progress.training(0, candidate, recipe.epochs)
            trained = train(graph, images, recipe, seed, progress.reached, progress.step)
        study, trial = before or (SINGLE, record.add(results, candidate, identity, trained))
        if weights is not None:
            save(trained.module, weights)
        _write(rows(study, [trial]), as_json)


def _write(found: Iterable[Row], as_json: bool) -> None:
    from archsearch.study.results import COLUMNS, SHOWN

    values = [dict(row.values) for row in found]
    write_rows(list(COLUMNS), values, as_json=as_json, as_csv=False, shown=SHOWN)


def _search(
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
    from archsearch.cli.progress import Progress
    from archsearch.study.loop import search as run

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
    _write(outcome.rows, as_json)
