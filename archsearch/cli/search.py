"""The verb that searches a space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from archsearch.analysis.limits import Limits
from archsearch.cli.calibration import calibration_option
from archsearch.cli.data import load
from archsearch.cli.device import device_options
from archsearch.cli.numbers import MOST, Number
from archsearch.cli.options import (
    examples,
    limits_option,
    seed_option,
    training_options,
)
from archsearch.cli.output import Output, output_options
from archsearch.cli.streams import say
from archsearch.cli.targets import network_at
from archsearch.cli.usage import Verb, refuse_without_effect
from archsearch.space.space import Space
from archsearch.study.budget import KEEP, Budget
from archsearch.study.propose import SAMPLERS, check_start

if TYPE_CHECKING:
    from archsearch.analysis.cost import Calibration
    from archsearch.data.dataset import Dataset
    from archsearch.notation.network import Network
    from archsearch.notation.word import Vocabulary
    from archsearch.training.recipe import Recipe
    from archsearch.training.wanted import Wanted


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
@click.option(
    "--minutes-each",
    metavar="X",
    type=Number(0, MOST, whole=False),
    help="Give up a network that takes longer than X minutes.",
)
@click.option(
    "--keep",
    metavar="N",
    type=Number(0, MOST),
    default=KEEP,
    show_default=True,
    help="Keep the weights of the best N networks, beside the storage.",
)
@click.option(
    "--start-from",
    "start",
    metavar="NETWORK",
    multiple=True,
    help="Train this network of the space first: a sentence, a .net file or STUDY#NUMBER; may be repeated.",
)
@click.option(
    "--sampler",
    type=click.Choice(SAMPLERS),
    default=SAMPLERS[0],
    show_default=True,
    help="Learn from the networks trained which to propose, or propose at random.",
)
@device_options
@limits_option("those of the space")
@calibration_option
@click.option("--study", metavar="NAME", help="Name of the study. [the name of the space]")
@seed_option
@output_options
@examples(
    "search era_s9 --trials 20",
    "search my.space --hours 8 --epochs 16 --study overnight",
    "search era_s9 --trials 20 --start-from era_s9.net",
)
def search(
    space: str,
    vocabulary: Vocabulary,
    storage: str,
    data: str | None,
    size: tuple[int, int] | None,
    trials: int | None,
    hours: float | None,
    minutes_each: float | None,
    keep: int,
    start: tuple[str, ...],
    sampler: str,
    limits: Limits | None,
    calibration: Calibration | None,
    study: str | None,
    seed: int,
    recipe: Recipe,
    wanted: Wanted,
    output: Output,
) -> None:
    """Search SPACE for accurate networks that fit its limits.

    SPACE is a .space file or the name of a shipped space. Networks that do not fit are refused before they are
    trained. The same command resumes its study, also after Ctrl-C or a crash. The exit status is 1 if no network
    of the study was trained.
    """
    found = Space.find(space, vocabulary)
    found = found if limits is None else found.with_limits(limits)
    if not found.limits.name_seconds:
        refuse_without_effect("no limit names seconds", "--calibration")
    elif calibration is not None:
        found = found.with_limits(found.limits.calibrated(calibration))
    Budget(trials, hours, minutes_each)  # before the data are loaded
    networks = [network_at(target, vocabulary, storage) for target in start]
    for network in networks:
        if {"input", "classes"} <= found.stated:
            check_start(found, network)
        else:  # the limits wait for the data
            found.derivation(network)
    run_search(
        found,
        load(data, size),
        output,
        recipe=recipe,
        trials=trials,
        hours=hours,
        minutes_each=minutes_each,
        keep=keep,
        start=networks,
        sampler=sampler,
        wanted=wanted,
        storage=storage,
        study=study or found.name,
        seed=seed,
    )


def run_search(
    space: Space,
    dataset: Dataset,
    output: Output,
    *,
    recipe: Recipe,
    storage: str,
    study: str,
    trials: int | None = None,
    hours: float | None = None,
    minutes_each: float | None = None,
    keep: int = KEEP,
    start: Sequence[Network] = (),
    sampler: str = SAMPLERS[0],
    wanted: Wanted | None = None,
    seed: int = 0,
) -> None:
    """Search with a progress display, and write the rows of the study."""
    from archsearch.cli.progress import Progress
    from archsearch.study.search import search as run
    from archsearch.study.weights import WeightFiles

    with Progress(quiet=not output.is_text) as progress:
        try:
            outcome = run(
                space,
                dataset,
                recipe=recipe,
                trials=trials,
                hours=hours,
                minutes_each=minutes_each,
                keep=keep,
                start=start,
                sampler=sampler,
                wanted=wanted,
                storage=storage,
                study=study,
                seed=seed,
                watch=progress,
            )
        except KeyboardInterrupt:
            say("what was finished is kept; the same command resumes the search")
            raise
    weights = WeightFiles.of(storage, study, keep)
    kept = f"weights of the best are kept in {weights.folder}" if weights.kept() else None
    say("\n  ".join(filter(None, (outcome.ended, outcome.remedy, kept))) + "\n")
    output.results(outcome.rows)
    if not outcome.has_trained:
        click.get_current_context().exit(1)
