"""Train one network by a recipe, and measure it on the evaluation images after every epoch."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from archsearch.analysis.figures import count_params
from archsearch.errors import TrainingError
from archsearch.graph.shapes import shape_text
from archsearch.training.augmentation import check_size
from archsearch.training.batches import TrainingWarning
from archsearch.training.checkpoint import Checkpoint
from archsearch.training.device import Device
from archsearch.training.feed import Feed
from archsearch.training.history import Epoch
from archsearch.training.learner import Learner
from archsearch.training.memory import check_memory, out_of_memory_explained
from archsearch.training.seed import check_seed
from archsearch.training.start import seeds
from archsearch.training.steps import compiling_explained

if TYPE_CHECKING:
    from archsearch.data.dataset import Split
    from archsearch.graph.graph import Graph
    from archsearch.training.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network: its epochs, the module in eval mode with float32 weights, and the device it trained on.

    `str(device)` says precision and hardware, as in "bf16 on cpu". `identity` is what tells this training from
    others: the digests of graph and recipe, the images, the seed.
    """

    history: tuple[Epoch, ...]
    module: nn.Module
    device: Device
    identity: Mapping[str, Any]


def train(
    graph: Graph,
    split: Split,
    recipe: Recipe,
    seed: int = 0,
    report: Callable[[Epoch], None] | None = None,
    step: Callable[[int, int], None] | None = None,
    *,
    device: Device | None = None,
    checkpoint: Path | None = None,
) -> Trained:
    """Train a freshly initialised network on `split.train`, measuring it on `split.evaluation`.

    The seed determines weights, order and augmentation: on a CPU, the same arguments and number of threads
    give the same history. `report` is called with each epoch when it ends, and `step` after each batch, with the
    number of batches done and of all batches; what they raise ends the training and is passed on. Images that do
    not fill a batch at the end of an epoch are left out of it, unless there is no other batch.

    After each epoch all that the training has reached is written to the file `checkpoint`. Where the same training
    has left that file, it goes on from it: `report` is called with the epochs that it had reached, and on the same
    machine, device and threads the history is the same as if it had not been interrupted. A checkpoint that cannot
    be used costs the epochs in it, with a TrainingWarning, and not the network.

    `device` says how it is computed, as `archsearch.training.probe.choose` finds it for this machine; by default
    the GPU, if there is one, or the CPU with torch's threads, in float32.

    Raises TrainingError for a network that is not made for the images or has no weights, what is no seed, fewer
    than two training images, images too small for the augmentation, a loss that is not finite, a network that
    cannot be compiled though the device says so, and where memory runs out.

    >>> from archsearch.data.load import digits
    >>> from archsearch.notation.network import parse
    >>> from archsearch.training.recipe import Recipe
    >>> graph = parse("conv(8, stride=2) head()").lower()
    >>> trained = train(graph, digits().split("validation"), Recipe(epochs=2, augmentation="none"))
    >>> [epoch.epoch for epoch in trained.history]
    [1, 2]
    """
    check_trainable(graph, split, recipe)
    check_seed(seed)
    device = device or Device.default()
    if device.kind == "cpu":
        check_memory(graph, min(recipe.batch_size, len(split.train)))
    initialisation, *orders = seeds(seed, recipe.epochs)
    feed = Feed(split, recipe, seed, device.torch_device, resident=device.kind != "cpu")
    reached = _Reached(checkpoint, _identity(graph, split, recipe, seed))
    begin = partial(Learner.begin, graph, feed, device, initialisation)
    with device.computing(), out_of_memory_explained(), compiling_explained(device):
        learner, history = reached.taken_up(begin)
        learner.check_early_images()
        for number, order in enumerate(orders, start=1):
            if number > len(history):
                history.append(learner.epoch(number, order, step))
                reached.keep(learner, history)
            if report is not None:
                report(history[number - 1])
    return Trained(tuple(history), learner.measured.eval(), device, reached.identity)


def _identity(graph: Graph, split: Split, recipe: Recipe, seed: int) -> Mapping[str, Any]:
    return {
        "graph": graph.digest,
        "images": f"{split.data} {split.kind} {len(split.train)}",
        "data_digest": split.digest,
        "recipe": recipe.digest,
        "seed": seed,
    }


@dataclass(frozen=True)
class _Reached:
    """The file that keeps what a training has reached, from which the same training goes on; None for no file."""

    path: Path | None
    identity: Mapping[str, Any]

    def taken_up(self, begin: Callable[[], Learner]) -> tuple[Learner, list[Epoch]]:
        """Return the network as the same training has left it, with the epochs that it had, or as it begins."""
        learner = begin()
        if self.path is None or not self.path.exists():
            return learner, []
        try:
            checkpoint = Checkpoint.read(self.path)
            # Files of earlier versions do not have the digest of the data.
            written = {"data_digest": self.identity["data_digest"], **checkpoint.values}
            if {name: written.get(name) for name in self.identity} != self.identity:
                return learner, []
            history = [Epoch(**epoch) for epoch in checkpoint.values["history"]]
            learner.load(checkpoint.tensors)
        except (TrainingError, LookupError, TypeError, ValueError, RuntimeError) as error:
            reason = error.message if isinstance(error, TrainingError) else f"`{self.path}` is damaged"
            warnings.warn(f"{reason}; the training begins anew", TrainingWarning, stacklevel=3)
            return begin(), []
        return learner, history

    def keep(self, learner: Learner, history: Sequence[Epoch]) -> None:
        if self.path is not None:
            values = {**self.identity, "history": [asdict(epoch) for epoch in history]}
            Checkpoint(learner.tensors(), values).write(self.path)


def check_trainable(graph: Graph, split: Split, recipe: Recipe) -> None:
    """Raise TrainingError for a network that cannot learn these images, and for too few or too small ones."""
    if not graph.classifies:
        raise TrainingError(
            f"the network ends in {shape_text(graph.nodes[-1].shape[1:])}; "
            f"to be trained it must end in {graph.classes} numbers, one for each class",
            remedy="end the sentence with head()",
        )
    shape, classes = split.train.shape, len(split.classes)
    if graph.input != shape or graph.classes != classes:
        raise TrainingError(
            f"the network is made for {shape_text(graph.input)} and {graph.classes} classes; "
            f"{split.data} has {shape_text(shape)} and {classes} classes",
            remedy=f"lower the network with input_shape={shape} and classes={classes}",
        )
    if not count_params(graph):
        remedy = "add a word that has some, such as head()"
        raise TrainingError("the network has no weights to train", remedy=remedy)
    if len(split.train) < 2:
        raise TrainingError(
            f"{split.data} has 1 training image; batch norm needs at least 2", remedy="add training images"
        )
    check_size(recipe.augmentation, shape[1:], recipe.cutout)
