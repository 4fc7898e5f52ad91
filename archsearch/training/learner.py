"""A network in training: what changes from step to step, and what one epoch does to it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from archsearch.errors import TrainingError
from archsearch.graph.graph import Graph
from archsearch.graph.shapes import shape_text
from archsearch.training.average import Average
from archsearch.training.device import Device
from archsearch.training.evaluate import evaluate
from archsearch.training.feed import Feed
from archsearch.training.history import Epoch, Tally
from archsearch.training.memory import as_memory_allows, evaluation_batch, is_out_of_memory
from archsearch.training.mixing import Labelled, Normalisation, first_images, scaled
from archsearch.training.optimizers import Optimizers
from archsearch.training.start import initialised, seeded, whiten

_PATCHED = 2000 * 32 * 32
"""Pixels of training images that decide the kernels that whiten: the patches of all are in memory at once."""


@dataclass(frozen=True, eq=False)
class Learner:
    """One network in training: all that changes is in module, average and optimizers."""

    graph: Graph
    module: nn.Module
    average: Average | None
    optimizers: Optimizers
    device: Device
    feed: Feed
    normalise: Normalisation

    @staticmethod
    def begin(graph: Graph, feed: Feed, device: Device, initialisation: int) -> Learner:
        """Make the network as it is before its first step."""
        recipe, split = feed.recipe, feed.split
        module: nn.Module = initialised(graph, initialisation, recipe.dropout)
        normalise = Normalisation.of(split.mean, split.std, device.torch_device)
        if recipe.whitening:
            _, height, width = graph.input
            whiten(module, first_images(split, max(1, _PATCHED // (height * width))))
        module = device.place(module)
        average = Average(module, recipe.ema_decay) if recipe.ema_decay else None
        return Learner(graph, module, average, Optimizers.of(module, recipe), device, feed, normalise)

    @property
    def measured(self) -> nn.Module:
        """The module that is measured and kept: the average, where there is one."""
        return self.module if self.average is None else self.average.module

    def tensors(self) -> dict[str, Tensor]:
        """Return all that changes, which `load` takes."""
        parts = {"module": self.module.state_dict(), "optimizer": self.optimizers.tensors()}
        if self.average is not None:
            parts["average"] = self.average.tensors()
        return {f"{part}.{name}": tensor for part, tensors in parts.items() for name, tensor in tensors.items()}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from what `tensors` returned, or take the weights of a training that has ended."""
        if tensors.keys() == self.measured.state_dict().keys():
            self.measured.load_state_dict(dict(tensors))
            return

        def part(name: str) -> dict[str, Tensor]:
            start = f"{name}."
            return {key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)}

        self.module.load_state_dict(part("module"))
        self.optimizers.load(part("optimizer"))
        if self.average is not None:
            self.average.load(part("average"))

    def check_early_images(self) -> None:
        """Raise TrainingError for a network that has no place for the smaller images of the first epochs."""
        if not self._early_epochs:
            return
        images = torch.zeros(1, *self.graph.input, device=self.device.torch_device)
        images = scaled(images, self.feed.recipe.early_scale)
        try:
            # Compiling for one image would be in vain.
            with torch.inference_mode(), torch.compiler.set_stance("force_eager"):
                self.measured.eval()(images)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            size = shape_text(tuple(images.shape[2:]))
            message = f"the network cannot take the smaller images of the first epochs, {size}"
            raise TrainingError(message, remedy="take an early_scale nearer to 1, or 1 for none") from None

    @property
    def _early_epochs(self) -> int:
        """So many epochs, at the start, have smaller images."""
        recipe = self.feed.recipe
        return round(recipe.early_share * recipe.epochs) if recipe.early_scale < 1 else 0

    def epoch(self, number: int, order: int, step: Callable[[int, int], None] | None) -> Epoch:
        """Train for one epoch, with all random numbers from a seed, then measure."""
        recipe = self.feed.recipe
        started = time.perf_counter()
        with seeded(order, self.device.torch_device):
            seen = self._learn(number, order, step)
        learnt = time.perf_counter()
        # The test images are looked at once: seen earlier, they could choose the number of epochs.
        is_measured = self.feed.split.kind != "test" or number == recipe.epochs
        result = self._evaluate(number) if is_measured else None
        return Epoch(
            epoch=number,
            learning_rate=recipe.learning_rate * recipe.rate(number / recipe.epochs),
            train_loss=seen.loss,
            train_accuracy=seen.accuracy,
            loss=result.loss if result else None,
            accuracy=result.accuracy if result else None,
            seconds=time.perf_counter() - started,
            images_per_second=seen.images / (learnt - started),
        )

    def _learn(self, number: int, order: int, step: Callable[[int, int], None] | None) -> Tally:
        recipe = self.feed.recipe
        self.module.train()
        per_epoch = max(1, len(self.feed.split.train) // recipe.batch_size)
        before, total = (number - 1) * per_epoch, recipe.epochs * per_epoch
        random = np.random.default_rng((order, 1))
        seen = _Seen()
        with closing(self.feed.training(number, order)) as stream:
            for done, (pixels, labels) in zip(range(before, before + per_epoch), stream, strict=False):
                batch = Labelled(self.normalise(pixels), labels)
                if number <= self._early_epochs:
                    batch = Labelled(scaled(batch.images, recipe.early_scale), labels)
                if recipe.mixup:
                    batch = batch.mixed(recipe.mixup, random)
                # At the middle of each batch's share: the very ends of the schedule would teach nothing.
                rate = recipe.rate((done + 0.5) / total)
                logits = self.device.logits(self.module, batch.images)
                loss = batch.loss(logits, recipe.label_smoothing)
                self.optimizers.descend(loss, rate)
                if self.average is not None:
                    self.average.follow(self.module)
                seen.add(loss, batch.correct(logits), len(labels))
                if self.device.kind == "cpu":  # elsewhere it would make the host wait for the device
                    _require_finite(loss.item(), number, rate * recipe.learning_rate)
                if step is not None:
                    step(done + 1, total)
        tally = seen.tally()
        _require_finite(tally.loss, number, recipe.learning_rate)
        return tally

    def _evaluate(self, number: int) -> Tally:
        result = as_memory_allows(self._measure, evaluation_batch(self.graph))
        _require_finite(result.loss, number, self.feed.recipe.learning_rate)
        return result

    def _measure(self, batch_size: int) -> Tally:
        seen = _Seen()

        def take(batch: Labelled, logits: Tensor) -> None:
            seen.add(batch.loss(logits, 0.0), batch.correct(logits), len(batch.labels))

        evaluate(self.measured, self.feed, self.normalise, self.device, batch_size, take)
        return seen.tally()


class _Seen:
    """Losses and correct answers of batches, which stay on the device until they are asked for."""

    def __init__(self) -> None:
        self._sums: list[Tensor] = []
        self._images: list[int] = []

    def add(self, loss: Tensor, correct: Tensor, images: int) -> None:
        self._sums.append(torch.stack([loss.detach() * images, correct.detach()]))
        self._images.append(images)

    def tally(self) -> Tally:
        loss, correct = torch.stack(self._sums).cpu().double().sum(0).tolist()
        return Tally(loss, correct, sum(self._images))


def _require_finite(loss: float, epoch: int, rate: float) -> None:
    if not math.isfinite(loss):
        raise TrainingError(
            f"the loss is not finite in epoch {epoch}, at learning rate {rate:.3g}",
            remedy="a lower learning rate may help",
        )
