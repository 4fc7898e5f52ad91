"""Train one network by a recipe, and measure it on the evaluation images after every epoch."""

from __future__ import annotations

import math
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from archsearch.errors import TrainingError
from archsearch.graph.shapes import shape_text
from archsearch.pytorch.build import build
from archsearch.training.augmentation import augmentation, check_size
from archsearch.training.batches import batches
from archsearch.training.device import Device, out_of_memory_explained
from archsearch.training.history import Epoch, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from archsearch.data.dataset import Split
    from archsearch.data.images import Images
    from archsearch.graph.graph import Graph
    from archsearch.training.batches import Batch
    from archsearch.training.recipe import Recipe

_EVALUATION_BATCH = 1000


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network: its epochs, the module in eval mode with float32 weights, and the device it trained on.

    `str(device)` says precision and hardware, as in "bf16 on cpu".
    """

    history: tuple[Epoch, ...]
    module: nn.Module
    device: Device


def train(
    graph: Graph,
    split: Split,
    recipe: Recipe,
    seed: int = 0,
    report: Callable[[Epoch], None] | None = None,
    step: Callable[[int, int], None] | None = None,
) -> Trained:
    """Train a freshly initialised network on `split.train`, measuring it on `split.evaluation`.

    The seed determines weights, order and augmentation: on a CPU, the same arguments and number of threads
    give the same history. `report` is called with each epoch when it ends, and `step` after each batch, with the
    number of batches done and of all batches; what they raise ends the training and is passed on. Images that do
    not fill a batch at the end of an epoch are left out of it, unless there is no other batch.

    Raises TrainingError for a network that is not made for the images, a seed below 0, fewer than two
    training images, images too small for the augmentation, and a loss that is not finite.

    >>> from archsearch.data.load import digits
    >>> from archsearch.notation.network import parse
    >>> from archsearch.training.recipe import Recipe
    >>> graph = parse("conv(8, stride=2) head()").lower()
    >>> trained = train(graph, digits().split("validation"), Recipe(epochs=2, augmentation="none"))
    >>> [epoch.epoch for epoch in trained.history]
    [1, 2]
    """
    check_trainable(graph, split, recipe)
    if seed < 0:
        raise TrainingError(f"seed is {seed}; it must be at least 0")
    initialisation, *orders = np.random.SeedSequence(seed).generate_state(1 + recipe.epochs).tolist()
    run = _Run.begin(graph, split, recipe, seed, initialisation)
    history: list[Epoch] = []
    for number, order in enumerate(orders, start=1):
        with out_of_memory_explained():
            epoch = run.epoch(number, order, step)
        history.append(epoch)
        if report is not None:
            report(epoch)
    return Trained(tuple(history), run.module, run.device)


@dataclass(frozen=True, eq=False)
class _Run:
    """One network in training: all that changes from epoch to epoch is in its module and its optimizer."""

    module: nn.Module
    optimizer: torch.optim.Optimizer
    device: Device
    split: Split
    recipe: Recipe
    seed: int

    @staticmethod
    def begin(graph: Graph, split: Split, recipe: Recipe, seed: int, initialisation: int) -> _Run:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(initialisation)
            module = build(graph)
        device = Device(threads=torch.get_num_threads())
        placed = device.place(module)
        optimizer = torch.optim.SGD(
            placed.parameters(),
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
            nesterov=recipe.momentum > 0,
        )
        return _Run(placed, optimizer, device, split, recipe, seed)

    def epoch(self, number: int, order: int, step: Callable[[int, int], None] | None) -> Epoch:
        """Train for one epoch, with the images in the order of a seed, then measure."""
        started = time.perf_counter()
        seen = self._learn(number, order, step)
        # The test images are looked at once: seen earlier, they could choose the number of epochs.
        is_measured = self.split.kind != "test" or number == self.recipe.epochs
        result = self._evaluate(number) if is_measured else None
        return Epoch(
            epoch=number,
            learning_rate=self.recipe.learning_rate * self.recipe.rate(number / self.recipe.epochs),
            train_loss=seen.loss,
            train_accuracy=seen.accuracy,
            loss=result.loss if result else None,
            accuracy=result.accuracy if result else None,
            seconds=time.perf_counter() - started,
        )

    def _learn(self, number: int, order: int, step: Callable[[int, int], None] | None) -> Tally:
        self.module.train()
        per_epoch = max(1, len(self.split.train) // self.recipe.batch_size)
        before, total = (number - 1) * per_epoch, self.recipe.epochs * per_epoch
        # At the middle of each batch's share: the very ends of the schedule would teach nothing.
        rates = [
            self.recipe.learning_rate * self.recipe.rate((before + batch + 0.5) / total)
            for batch in range(per_epoch)
        ]
        seen = Tally()
        with closing(self._stream(self.split.train, self.recipe.augmentation, order)) as stream:
            for done, (rate, batch) in enumerate(zip(rates, stream, strict=False), start=before + 1):
                for group in self.optimizer.param_groups:
                    group["lr"] = rate
                loss, correct = self._measure(batch)
                self.optimizer.zero_grad()
                torch.autograd.backward(loss)
                self.optimizer.step()
                seen = seen.plus(loss.item(), correct, len(batch[1]))
                _require_finite(seen.loss, number, rate)
                if step is not None:
                    step(done, total)
        return seen

    def _evaluate(self, number: int) -> Tally:
        self.module.eval()
        result = Tally()
        with closing(self._stream(self.split.evaluation, "none", None)) as stream, torch.inference_mode():
            for batch in stream:
                loss, correct = self._measure(batch)
                result = result.plus(loss.item(), correct, len(batch[1]))
        _require_finite(result.loss, number, self.optimizer.param_groups[0]["lr"])
        return result

    def _measure(self, batch: Batch) -> tuple[Tensor, int]:
        """Return the mean loss of a batch and how many of its images are classified correctly."""
        pixels, labels = (torch.from_numpy(array).to(self.device.torch_device) for array in batch)
        logits = self.device.logits(self.module, pixels)
        correct = (logits.argmax(1) == labels).sum().item()
        return cross_entropy(logits, labels), int(correct)

    def _stream(self, images: Images, name: str, order: int | None) -> Generator[Batch, None, None]:
        """Return batches of images: in the order of a seed to train on, or in their own to measure on."""
        height, width = images.pixels.shape[1:3]
        training, split = order is not None, self.split
        seed = self.seed if training else 0
        pipeline = augmentation(name, mean=split.mean, std=split.std, size=(height, width), seed=seed)
        batch_size = self.recipe.batch_size if training else _EVALUATION_BATCH
        return batches(images, pipeline, batch_size=batch_size, seed=order)


def check_trainable(graph: Graph, split: Split, recipe: Recipe) -> None:
    """Raise TrainingError for a network that does not classify these images, for too few or too small ones."""
    if not graph.classifies:
        raise TrainingError(
            f"the network ends in {shape_text(graph.nodes[-1].shape[1:])}; "
            f"to be trained it must end in {graph.classes} numbers, one for each class",
            remedy="end the sentence with head()",
        )
    _, height, width, channels = split.train.pixels.shape
    shape, classes = (channels, height, width), len(split.classes)
    if graph.input != shape or graph.classes != classes:
        raise TrainingError(
            f"the network is made for {shape_text(graph.input)} and {graph.classes} classes; "
            f"{split.data} has {shape_text(shape)} and {classes} classes",
            remedy=f"lower the network with input_shape={shape} and classes={classes}",
        )
    if len(split.train) < 2:
        raise TrainingError(
            f"{split.data} has 1 training image; batch norm needs at least 2", remedy="add training images"
        )
    check_size(recipe.augmentation, (height, width))


def _require_finite(loss: float, epoch: int, rate: float) -> None:
    if not math.isfinite(loss):
        raise TrainingError(
            f"the loss is not finite in epoch {epoch}, at learning rate {rate:.3g}",
            remedy="a lower learning rate may help",
        )


def save(module: nn.Module, path: Path) -> None:
    """Write the weights as a state dict, which `torch.load(path, weights_only=True)` reads.

    Raises TrainingError where the file cannot be written.
    """
    try:
        torch.save({name: tensor.cpu() for name, tensor in module.state_dict().items()}, path)
    except (OSError, RuntimeError) as error:
        raise TrainingError(f"the weights cannot be written to `{path}`: {error}") from None
