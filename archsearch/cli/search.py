"""The verb that searches a space."""

from __future__ import annotations

from dataclasses import asdict, fields
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from archsearch.analysis.limits import Limits
from archsearch.cli.calibration import calibration_option
from archsearch.cli.data import load
from archsearch.cli.device import device_options
from archsearch.cli.numbers import MOST, Number
from archsearch.cli.options import examples, limits_option, seed_option, training_options
from archsearch.cli.output import Output, output_options
from archsearch.cli.rungs import rungs_option
from archsearch.cli.streams import say
from archsearch.cli.targets import network_at
from archsearch.cli.usage import Verb, refuse_without_effect
from archsearch.space.space import Space
from archsearch.study.budget import KEEP, Budget
from archsearch.study.propose import PROPOSALS, SAMPLERS, check_start

if TYPE_CHECKING:
    from collections.abc import Callable

    from archsearch.analysis.cost import Calibration
    from archsearch.notation.network import Network
    from archsearch.notation.word import Vocabulary
    from archsearch.study.outcome import Outcome
    from archsearch.training.recipe import Recipe
    from archsearch.training.wanted import Wanted


@click.command(cls=Verb)
@click.argument("space")
@training_options
@click.option(
    "--trials",
    metavar="N",
    type=Number(1, MOST),
    help="Train N networks on the first rung, those of earlier runs of the study included.",
)
@click.option(
    "--hours",
    metavar="X",
    type=Number(0, MOST, whole=False),
    help="Take X hours of training in all, runs of the study before and beside this one included.",
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
    help="Learn from the networks trained which to propose, in one of these ways, or draw them at random.",
)
@click.option(
    "--proposals",
    type=click.Choice(PROPOSALS),
    default=PROPOSALS[0],
    show_default=True,
    help="Propose only what can still fit, or whatever the sampler says, and refuse what does not fit.",
)
@rungs_option
@click.option(
    "--plan", "only_plan", is_flag=True, help="Show rungs, networks and minutes instead; three networks are timed."
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
    proposals: str,
    rungs: tuple[int, ...] | None,
    only_plan: bool,
    limits: Limits | None,
    calibration: Calibration | None,
    study: str | None,
    seed: int,
    recipe: Recipe,
    wanted: Wanted,
    output: Output,
) -> None:
    """Search SPACE for accurate networks that fit its limits.

    SPACE is a .space file or the name of a shipped space. Networks that fit its limits are trained on rungs: many
    for a few epochs, the best of them anew for more. The same command resumes its study, also after Ctrl-C or a
    crash. The exit status is 1 if no network of the study was trained.
    """
    if only_plan:
        refuse_without_effect(
            "--plan trains nothing", "--study", "--keep", "--sampler", "--proposals", "--minutes-each"
        )
    found = _with_limits(Space.find(space, vocabulary), limits, calibration)
    Budget(trials, hours, minutes_each)  # before the data are loaded
    networks = [_start(target, found, vocabulary, storage) for target in start]
    dataset = load(data, size)
    budget: dict[str, Any] = {"rungs": rungs, "trials": trials, "hours": hours}
    how: dict[str, Any] = {"recipe": recipe, "wanted": wanted, "seed": seed, "start": networks}
    if only_plan:
        from archsearch.study.planned import plan

        planned = plan(found, dataset, **budget, **how)
        output.rows([field.name for field in fields(planned[0])], [asdict(one) for one in planned])
        return
    from archsearch.study.search import search as run

    how |= {"minutes_each": minutes_each, "sampler": sampler, "proposals": proposals}
    searching = partial(run, found, dataset, **budget, **how)
    show_search(searching, storage, found.name if study is None else study, keep, output)


def _with_limits(space: Space, limits: Limits | None, calibration: Calibration | None) -> Space:
    space = space if limits is None else space.with_limits(limits)
    if not space.limits.name_seconds:
        refuse_without_effect("no limit names seconds", "--calibration")
    elif calibration is not None:
        space = space.with_limits(space.limits.calibrated(calibration))
    return space


def _start(target: str, space: Space, vocabulary: Vocabulary, storage: str) -> Network:
    """Return a network to start from; raises ArchsearchError for one that the search could not train."""
    network = network_at(target, vocabulary, storage)
    if {"input", "classes"} <= space.stated:
        check_start(space, network)
    else:  # the limits wait for the data
        space.derivation(network)
    return network


def show_search(run: Callable[..., Outcome], storage: str, study: str, keep: int, output: Output) -> None:
    """Run a search with a progress display, and write the rows of its study.

    `run` takes the display as `watch`, and the others by their names.
    """
    from archsearch.cli.progress import shown
    from archsearch.study.weights import WeightFiles

    with shown(output, kept="what was finished is kept; the same command resumes the search") as progress:
        outcome = run(watch=progress, storage=storage, study=study, keep=keep)
    weights = WeightFiles.of(storage, study, keep)
    kept = f"weights of the best are kept in {weights.folder}" if weights.kept() else None
    known = [str(one) for one in outcome.correlations if one.reason is None]
    lines = (outcome.ended, outcome.remedy, *known, kept)
    say("\n  ".join(filter(None, lines)) + "\n")
    output.results(outcome.rows)
    if not outcome.has_trained:
        click.get_current_context().exit(1)
