"""What trains a network of a study by a recipe, as this machine computes it fastest; and the score that does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from archsearch.study.job import Job, Score
from archsearch.study.study import check_held_out
from archsearch.training.memory import check_memory, out_of_memory_explained
from archsearch.training.mixing import first_images
from archsearch.training.probe import Choice, choose, kind_of, machine
from archsearch.training.signals import signals
from archsearch.training.start import initialised, seeds
from archsearch.training.train import Trained, check_trainable, train
from archsearch.training.wanted import Wanted
from archsearch.training.weights import save_weights

if TYPE_CHECKING:
    from archsearch.data.dataset import Split

_COMPARED = 64
"""So many training images decide the signals."""


def training_score(split: Split, seed: int, wanted: Wanted | None = None) -> Score:
    """Return the score of a search, which trains a network as `training` does.

    Raises StudyError for test images, and TrainingError where there is no such device as wanted.
    """
    check_held_out(split.kind)
    train_network = training(split, seed, wanted)

    def score(job: Job) -> None:
        train_network(job)

    return score


def training(split: Split, seed: int, wanted: Wanted | None = None) -> Callable[[Job], Trained]:
    """Return what trains the network of a job on a split, by the recipe of the job.

    What is not `wanted` of the device is measured. It notes how the network is computed and its cheap signals,
    keeps a checkpoint, and in the end the weights. Raises TrainingError where there is no such device as wanted.
    """
    wanted = wanted or Wanted()
    kind = kind_of(wanted)
    said: set[str] = set()

    def train_network(job: Job) -> Trained:
        recipe = job.recipe
        check_trainable(job.graph, split, recipe)
        # Before a module is built: where memory is promised that is not there, the kernel would kill the search.
        if kind == "cpu":
            check_memory(job.graph, min(recipe.batch_size, len(split.train)))
        with out_of_memory_explained():
            choice = _chosen(job, split, wanted)
            device = choice.device
            if choice.reason not in said:
                said.add(choice.reason)
                job.say(f"trained in {choice.reason}")
            job.note(
                {
                    "precision": str(device),
                    "threads": device.threads if device.kind == "cpu" else None,
                    "device": choice.reason,
                    **_signals(job, split, seed),
                }
            )
        trained = train(
            job.graph, split, recipe, seed, job.report, job.step, device=device, checkpoint=job.weights
        )
        if job.weights is not None:
            save_weights(job.weights, trained, job.network, split, recipe)
        return trained

    return train_network


def _chosen(job: Job, split: Split, wanted: Wanted) -> Choice:
    """Return how this machine computes the networks of a study: chosen once, with its first network.

    Where longer trainings than that come, it is chosen once more for them, if they may be worth compiling.
    """
    images = len(split.train) * job.recipe.epochs

    def choose_now() -> dict[str, Any]:
        job.say("trying how this machine trains it fastest")
        return choose(job.graph, job.recipe.batch_size, wanted, images).written()

    key = f"device of {machine()} for {wanted}"
    choice = Choice.of(job.remember(key, choose_now))
    if wanted.compiled is None and not choice.suits(images):
        choice = Choice.of(job.remember(f"{key}, long", choose_now))
    return choice


def _signals(job: Job, split: Split, seed: int) -> dict[str, float | None]:
    """Return the signals of the network with the weights that its training begins with, but for whitening."""
    images = first_images(split, _COMPARED)
    [initialisation] = seeds(seed, epochs=0)
    found = signals(initialised(job.graph, initialisation), images) if len(images) > 1 else {}
    return dict(found)
