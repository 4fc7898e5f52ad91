"""The verb that trains one network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archsearch.cli.data import load
from archsearch.cli.device import device_options
from archsearch.cli.options import examples, seed_option, training_options
from archsearch.cli.output import Output, output_options
from archsearch.cli.streams import say
from archsearch.cli.targets import network_at, refuse_other_words
from archsearch.cli.usage import Verb
from archsearch.errors import ArchsearchError

if TYPE_CHECKING:
    from archsearch.data.dataset import Dataset
    from archsearch.notation.network import Network
    from archsearch.notation.word import Vocabulary
    from archsearch.training.recipe import Recipe
    from archsearch.training.wanted import Wanted

_KEPT = "the epochs that were finished are kept; the same command resumes the training"


@click.command(cls=Verb)
@click.argument("target")
@training_options
@click.option(
    "--split",
    type=click.Choice(["validation", "test"]),
    default="validation",
    show_default=True,
    help="Measure on images held out of the training set; or train on all of it and measure on the test images.",
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write the trained weights to this file of safetensors, which `load_weights` reads.",
)
@device_options
@seed_option
@output_options
@examples(
    "train search_spaces/era_s9.net --recipe assignment --split test",
    "train 'conv(24, stride=2) sep(44) head()' --data digits --augmentation crop",
)
def train(
    target: str,
    vocabulary: Vocabulary,
    storage: str,
    data: str | None,
    size: tuple[int, int] | None,
    split: str,
    weights: Path | None,
    seed: int,
    recipe: Recipe,
    wanted: Wanted,
    output: Output,
) -> None:
    """Train one network and add it to the results.

    TARGET is a sentence, a .net file or a row of the results as STUDY#NUMBER; its row belongs to the study
    `train`. A network that was already trained with the same recipe, data, split and seed is not trained again,
    unless --weights asks for its weights. The same command resumes a training that was interrupted. Use --split
    test only once, for the network that you have chosen.
    """
    refuse_other_words(target)
    network = network_at(target, vocabulary, storage)
    if weights is not None and not weights.parent.is_dir():
        message = f"the weights cannot be written to `{weights}`: there is no folder `{weights.parent}`"
        raise ArchsearchError(message, remedy="create the folder first")
    _train(network, load(data, size), split, recipe, seed, storage, weights, wanted, output)


def _train(
    network: Network,
    dataset: Dataset,
    split: str,
    recipe: Recipe,
    seed: int,
    storage: str,
    weights: Path | None,
    wanted: Wanted,
    output: Output,
) -> None:
    from archsearch.analysis.limits import check
    from archsearch.cli.progress import shown
    from archsearch.storage.database import opened
    from archsearch.study.results import rows
    from archsearch.study.single import Single
    from archsearch.study.study import Measurement
    from archsearch.training.batches import warn_of_few_steps
    from archsearch.training.train import check_trainable

    verdict = check(network, input_shape=dataset.shape, classes=len(dataset.classes))
    images = dataset.split(split)
    graph = network.lower(dataset.shape, len(dataset.classes))
    check_trainable(graph, images, recipe)
    with opened(storage) as results:
        single = Single(results, storage, network, verdict, Measurement.on(dataset, images, recipe, seed))
        before = single.known()
        if before is not None and weights is None:
            say("this network was trained before, with the same settings; another --seed trains it again\n")
            output.results(rows(before[0], [before[1]]))
            return
        single.check(weights)
        warn_of_few_steps(len(images.train), recipe.batch_size)
        with shown(output, kept=_KEPT, numbered=False) as progress:
            progress.training(0, network, verdict, recipe.epochs)
            study, trial = single.train(images, wanted, progress)
        single.hand_over(weights)
        if weights is not None:
            say(f"the weights are in {weights}")
        output.results(rows(study, [trial]))
