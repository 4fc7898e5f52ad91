"""The verb that tests the chosen networks of a search."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from archsearch.cli.data import load
from archsearch.cli.device import device_options
from archsearch.cli.numbers import MOST, Number
from archsearch.cli.options import examples, training_options
from archsearch.cli.output import Output, output_options
from archsearch.cli.streams import write
from archsearch.cli.usage import Verb, refuse_without_effect
from archsearch.errors import UsageError
from archsearch.notation.vocabulary import VOCABULARY
from archsearch.study.budget import SEEDS, TOP
from archsearch.study.row_name import named_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archsearch.notation.word import Vocabulary
    from archsearch.study.confirmation import Confirmation
    from archsearch.training.recipe import Recipe
    from archsearch.training.wanted import Wanted


@click.command(cls=Verb)
@click.argument("names", metavar="STUDY", nargs=-1, required=True)
@click.option(
    "--top",
    metavar="N",
    type=Number(1, MOST),
    default=TOP,
    show_default=True,
    help="Confirm the best N networks: by the longest recipe, then the lowest validation loss.",
)
@click.option(
    "--seeds",
    metavar="N",
    type=Number(1, 1000),
    default=SEEDS,
    show_default=True,
    help="Train each network N times, with the seeds 0 to N - 1.",
)
@partial(training_options, recipe="long")
@device_options
@output_options
@examples("confirm era_s9 --top 3 --seeds 3", "confirm era_s9#12 era_s9#15 --recipe long --epochs 30")
def confirm(
    names: Sequence[str],
    vocabulary: Vocabulary,
    storage: str,
    data: str | None,
    size: tuple[int, int] | None,
    top: int,
    seeds: int,
    recipe: Recipe,
    wanted: Wanted,
    output: Output,
) -> None:
    """Test the chosen networks of a search, once each.

    STUDY is the name of a study, or rows of one, each written STUDY#NUMBER. Each network is trained anew on all
    training images and measured on the test images after its last epoch only, over several seeds: the table has
    the mean and the standard deviation (sd) of the accuracies in percent. Its rows belong to the study `STUDY
    confirmed`, from which no search learns. The same command resumes what was interrupted, and repeats nothing.
    Run it once at a time: what two runs train at the same moment is trained twice.
    The exit status is 1 if no training ended.
    """
    from archsearch.cli.progress import shown
    from archsearch.study.confirm import confirm as run

    study, numbers = _rows_of_one(names)
    if numbers:
        refuse_without_effect("the rows are named", "--top")
    # The study's own words, unless others are given.
    words = None if vocabulary is VOCABULARY else vocabulary
    testing = partial(run, study, load(data, size), numbers=numbers, top=top, seeds=seeds, vocabulary=words)
    with shown(output, kept="what was finished is kept; the same command goes on", numbered=False) as progress:
        found = testing(recipe=recipe, wanted=wanted, storage=storage, watch=progress)
    _show(found, output)
    if found.best is None:
        click.get_current_context().exit(1)


def _rows_of_one(names: Sequence[str]) -> tuple[str, list[int]]:
    """Return the study that is named, and the numbers of its rows; none for the study as a whole."""
    found = [named_row(name) for name in names]
    numbers = [number for _, number in found if number is not None]
    studies = list(dict.fromkeys(study for study, _ in found))
    if len(studies) > 1 or (len(names) > 1 and len(numbers) < len(names)):
        message = f"`{'` and `'.join(names[:2])}` are not rows of one study"
        raise UsageError(message, remedy="give one STUDY, or STUDY#NUMBER for each of its rows")
    return studies[0], numbers


def _show(found: Confirmation, output: Output) -> None:
    """Write a line for each network; for people, then what is to be said of the best."""
    best, simplest = found.best, found.simplest
    lines = [
        {
            **one.values,
            "best": one is best,
            "simplest": one is simplest,
            "class_accuracy": {name: spread.mean for name, spread in one.by_class.items()},
        }
        for one in found.networks
    ]
    hidden = {"digest", "sentence", "best", "simplest", "class_accuracy"}
    output.rows(list(lines[0]), lines, [name for name in lines[0] if name not in hidden])
    if not output.is_text or best is None:
        return
    classes = [{"class": name, "accuracy": one.mean, "sd": one.sd} for name, one in best.by_class.items()]
    write(f"\nbest: {best.name}, by class\n")
    output.rows(("class", "accuracy", "sd"), classes)
    write(f"\n{best.sentence}\n")
    if simplest is None:
        write("one result for a network has no spread: --seeds 2 or more says how far the seeds move it")
    elif simplest is best:
        write("it is also the simplest: none with fewer parameters is within one standard error of it")
    else:
        write(f"the simplest within one standard error of it: {simplest.name}\n{simplest.sentence}")
