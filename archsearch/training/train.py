"""Train one network by a recipe, and measure it on the evaluation images after every epoch."""

from __future__ import annotations

import math
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import convert_conv2d_weight_memory_format

from archsearch.errors import TrainingError
from archsearch.graph.shapes import shape_text
from archsearch.pytorch.build import build
from archsearch.training.augmentation import augmentation
from archsearch.training.batches import batches
from archsearch.training.history import Epoch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from pathlib import Path

    from archsearch.data.dataset import Split
    from archsearch.data.images import Images
    from archsearch.graph.graph import Graph
    from archsearch.training.batches import Batch
    from archsearch.training.recipe import Recipe


_EVALUATION_BATCH = 1000


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network: its epochs, the module in eval mode with float32 weights, and what trained it.

    `device` is "cpu" or "cuda"; `precision` is that of the arithmetic in its layers, "bf16" or "fp32".
    """

    history: tuple[Epoch, ...]
    module: nn.Module
    device: str
    precision: str


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
    give the same history. `report` gets each epoch when it ends, and `step` the number of batches done and
    of all batches, after each; what they raise ends the training and is passed on. Images that do not fill a
    batch at the end of an epoch are left out of it, unless there is no other batch. Trains on a GPU if there
    is one, and in bf16 if the hardware computes in it.

    Raises TrainingError for a network that is not made for the images, a seed below 0, fewer than two
    training images, and a loss that is not finite.

    >>> from archsearch.data.load import digits
    >>> from archsearch.notation.network import parse
    >>> from archsearch.training.recipe import Recipe
    >>> graph = parse("conv(8, stride=2) head()").lower()
    >>> trained = train(graph, digits().split("validation"), Recipe(epochs=2, augmentation="none"))
    >>> [epoch.epoch for epoch in trained.history]
    [1, 2]
    """
    check_trainable(graph, split)
    if seed < 0:
        raise TrainingError(f"seed is {seed}; it must be at least 0")
    initialisation, *orders = np.random.SeedSequence(seed).generate_state(1 + recipe.epochs).tolist()
    run = _Run.of(graph, initialisation)
    optimizer = torch.optim.SGD(
        run.module.parameters(),
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=recipe.momentum > 0,
    )
    per_epoch = max(1, len(split.train) // recipe.batch_size)
    history: list[Epoch] = []
    for number, order in enumerate(orders, start=1):
        started = time.perf_counter()
        before, total = (number - 1) * per_epoch, recipe.epochs * per_epoch
        # At the middle of each batch's share: the very ends of the schedule would teach nothing.
        rates = [recipe.rate((before + batch + 0.5) / total) for batch in range(per_epoch)]
        stream = _stream(split, split.train, recipe.augmentation, recipe.batch_size, seed, order)
        with _memory_explained(), closing(stream):
            seen = _Tally()
            for done, (rate, batch) in enumerate(zip(rates, stream, strict=False), start=before + 1):
                loss, correct = run.learn(batch, optimizer, rate)
                seen = seen.plus(loss, correct, len(batch[1]))
                _require_finite(seen.loss, number, rate)
                if step is not None:
                    step(done, total)
            # The test images are looked at once: seen earlier, they could choose the number of epochs.
            result = _evaluate(run, split) if split.kind != "test" or number == recipe.epochs else None
        if result is not None:
            _require_finite(result.loss, number, rates[-1])
        epoch = Epoch(
            epoch=number,
            learning_rate=recipe.rate(number / recipe.epochs),
            train_loss=seen.loss,
            train_accuracy=seen.accuracy,
            loss=result.loss if result else None,
            accuracy=result.accuracy if result else None,
            seconds=time.perf_counter() - started,
        )
        history.append(epoch)
        if report is not None:
            report(epoch)
    return Trained(tuple(history), run.module, run.device.type, "bf16" if run.bf16 else "fp32")


@contextmanager
def _memory_explained() -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError:
        raise TrainingError("the device ran out of memory", remedy="a smaller batch size may help") from None


@dataclass(frozen=True, eq=False)
class _Run:
    """A module on the device that computes it."""

    module: nn.Module
    device: torch.device
    bf16: bool

    @staticmethod
    def of(graph: Graph, seed: int) -> _Run:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            module = build(graph)
        if torch.cuda.is_available():
            device, bf16 = torch.device("cuda"), torch.cuda.is_bf16_supported(including_emulation=False)
        else:
            device, bf16 = torch.device("cpu"), _cpu_has_bf16()
        module = convert_conv2d_weight_memory_format(module.to(device), torch.channels_last)
        return _Run(module, device, bf16)

    def learn(self, batch: Batch, optimizer: torch.optim.Optimizer, rate: float) -> tuple[float, int]:
        """Take one step; return the loss and the hits of the batch before it."""
        self.module.train()
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss, correct = self.measure(batch)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        return loss.item(), correct

    def measure(self, batch: Batch) -> tuple[Tensor, int]:
        """Return the mean loss of a batch and how many of its images are classified correctly."""
        pixels, labels = (torch.from_numpy(array).to(self.device) for array in batch)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            # Convolutions are faster with the channels last, in fp32 too.
            logits = self.module(pixels.contiguous(memory_format=torch.channels_last)).float()
        correct = (logits.argmax(1) == labels).sum().item()
        return cross_entropy(logits, labels), int(correct)


def _cpu_has_bf16() -> bool:
    # Elsewhere it would be emulated, slowly. A torch too old for the query is taken not to have it.
    query: Callable[[], Mapping[str, object]] = getattr(torch.cpu, "get_capabilities", dict)
    return query().get("avx512_bf16") is True


@dataclass(frozen=True)
class _Tally:
    """Loss and hits, summed over so many images."""

    loss_sum: float = 0.0
    correct: int = 0
    images: int = 0

    @property
    def loss(self) -> float:
        return self.loss_sum / self.images

    @property
    def accuracy(self) -> float:
        return 100 * self.correct / self.images

    def plus(self, mean_loss: float, correct: int, images: int) -> _Tally:
        return _Tally(self.loss_sum + mean_loss * images, self.correct + correct, self.images + images)


def _evaluate(run: _Run, split: Split) -> _Tally:
    run.module.eval()
    result = _Tally()
    stream = _stream(split, split.evaluation, "none", _EVALUATION_BATCH, 0, None)
    with closing(stream), torch.inference_mode():
        for batch in stream:
            loss, correct = run.measure(batch)
            result = result.plus(loss.item(), correct, len(batch[1]))
    return result


def _stream(
    split: Split, images: Images, name: str, batch_size: int, seed: int, order: int | None
) -> Generator[Batch, None, None]:
    height, width = images.pixels.shape[1:3]
    pipeline = augmentation(name, mean=split.mean, std=split.std, size=(height, width), seed=seed)
    return batches(images, pipeline, batch_size=batch_size, seed=order)


def check_trainable(graph: Graph, split: Split) -> None:
    """Raise TrainingError for a network that does not classify these images, or too few of them."""
    if not graph.classifies:
        raise TrainingError(
            f"the network ends in {shape_text(graph.nodes[-1].shape[1:])}; "
            f"to be trained it must end in {graph.classes} numbers, one a class",
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
            f"{split.data} has {len(split.train)} to train on; batch norm needs at least 2 images",
        )


def _require_finite(loss: float, epoch: int, rate: float) -> None:
    if not math.isfinite(loss):
        raise TrainingError(
            f"the loss left the finite numbers in epoch {epoch} at learning rate {rate:.3g}",
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
