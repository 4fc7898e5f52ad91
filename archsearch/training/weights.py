"""Weights of a trained network as a file that says all it takes to use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archsearch.errors import ArchsearchError, TrainingError
from archsearch.notation.network import Network, parse
from archsearch.notation.vocabulary import VOCABULARY
from archsearch.pytorch.build import GraphModule, build
from archsearch.training.checkpoint import Checkpoint

if TYPE_CHECKING:
    from archsearch.data.dataset import Split
    from archsearch.notation.word import Vocabulary
    from archsearch.training.recipe import Recipe
    from archsearch.training.train import Trained


@dataclass(frozen=True, eq=False)
class Weights:
    """A trained network: its sentence, the module in eval mode, the names of its classes, and its images.

    `input` is the shape of an image; the module takes (value - mean) / std of each channel, on the scale 0..1.
    `about` is all that the file says: data, recipe, seed, history and more.
    """

    network: Network
    module: GraphModule
    classes: tuple[str, ...]
    input: tuple[int, int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    about: Mapping[str, Any]


def save_weights(path: Path, trained: Trained, network: Network, split: Split, recipe: Recipe) -> None:
    """Write the weights of a trained network to a file of safetensors, with all that `load_weights` returns.

    Raises TrainingError where the file cannot be written.
    """
    about = {
        **trained.identity,
        "sentence": str(network),
        "input": split.train.shape,
        "classes": split.classes,
        "mean": tuple(split.mean),
        "std": tuple(split.std),
        "data": split.data,
        "split": split.kind,
        "recipe_text": str(recipe),
        "precision": str(trained.device),
        "history": [asdict(epoch) for epoch in trained.history],
    }
    Checkpoint(trained.module.state_dict(), about).write(path)


def load_weights(path: Path | str, vocabulary: Vocabulary = VOCABULARY) -> Weights:
    """Read the weights that `archsearch train --weights` wrote, or that a search kept.

    No code in the file is run; a network with words of your own needs them as `vocabulary`. Raises TrainingError
    for a file that cannot be read, that holds no whole network, or whose words now mean another.
    """
    checkpoint = Checkpoint.read(Path(path))
    about = checkpoint.values
    if "sentence" not in about:
        message = f"`{path}` is the checkpoint of a training that has not ended"
        raise TrainingError(message, remedy="run the same command again to end it")
    try:
        network = parse(about["sentence"], vocabulary=vocabulary)
        graph = network.lower(tuple(about["input"]), len(about["classes"]))
    except ArchsearchError as error:
        remedy = "give the words that it was trained with, as `vocabulary`"
        raise TrainingError(f"`{path}` cannot be used: {error.message}", remedy=remedy) from None
    if graph.digest != about["graph"]:
        message = f"`{path}` cannot be used: the words of its sentence stand for another network now"
        raise TrainingError(message, remedy="give the words that it was trained with, as `vocabulary`")
    module = build(graph)
    try:
        module.load_state_dict(dict(checkpoint.tensors))
    except RuntimeError:
        message = f"`{path}` cannot be used: its tensors are not the weights of its network"
        raise TrainingError(message, remedy="give a file as `archsearch train --weights` wrote it") from None
    return Weights(
        network,
        module.eval(),
        tuple(about["classes"]),
        tuple(about["input"]),
        tuple(about["mean"]),
        tuple(about["std"]),
        about,
    )
