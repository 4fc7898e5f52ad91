"""Training steps on random images, timed."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from archsearch.errors import TrainingError
from archsearch.pytorch.build import build
from archsearch.training.device import Device
from archsearch.training.memory import is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archsearch.graph.graph import Graph

_STEP = 0.4
"""Seconds that a step by one thread, or on a GPU, shall take at most, as far as batches of two allow."""

_ENOUGH = 0.3
"""Seconds for which steps are timed."""

_LONG = 1.0
"""Seconds from which on a first step is measurement enough: what happens once is little beside it."""

_HOPELESS = 0.2
"""Seconds that any first step may take, as layers prepare their kernels in it."""

_FEWEST = 2
"""Images in a batch: batch norm needs two values of a channel."""


@dataclass(frozen=True)
class Steps:
    """A network's training steps with so many images each."""

    graph: Graph
    batch_size: int

    @staticmethod
    def sized(graph: Graph, device: Device, most: int) -> Steps:
        """Return steps with as many images as take a moment, at most those of a recipe's batch."""
        # One thread: several wait for each other, long if the machine is busy, which says nothing of the network.
        device = replace(device, threads=1)
        steps = Steps(graph, _FEWEST)
        for seconds in (_STEP / 5, _STEP):
            try:
                with device.computing():
                    training = TimedTraining.begin(graph, device, steps.batch_size)
                    needed = training.step()
                    if needed < _LONG:
                        needed = training.step()
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                return Steps(graph, _FEWEST)
            count = int(steps.batch_size * seconds / needed)
            steps = Steps(graph, max(_FEWEST, min(most, count)))
        return steps

    def rate(self, device: Device, to_beat: float | None = None) -> float | None:
        """Return images per second in training, or None if there is no memory for a step of two images.

        If its first step, with an eighth of the images, takes as long as a whole one at the rate `to_beat`, that
        is all that is measured.
        """
        with device.computing():
            for batch_size in self._sizes():
                try:
                    few = max(_FEWEST, batch_size // 8)
                    if to_beat is not None:
                        seconds = TimedTraining.begin(self.graph, device, few).step()
                        if seconds > max(_HOPELESS, batch_size / to_beat):
                            return few / seconds
                    return TimedTraining.begin(self.graph, device, batch_size).rate()
                except RuntimeError as error:
                    if not is_out_of_memory(error):
                        raise
        return None

    def rate_of_two(self, device: Device) -> float | None:
        """Return images per second of two networks that are trained at once, or None if there is no memory."""
        # Each Python thread has its own number of threads, and torch lets go of Python's lock within operations.
        try:
            trainings = [TimedTraining.begin(self.graph, device, self.batch_size) for _ in range(2)]
            with ThreadPoolExecutor(2, "archsearch-probe") as pool:
                return sum(pool.map(_rate_on, trainings))
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            return None

    def compiled_rate(self, device: Device) -> tuple[float, float]:
        """Return images per second of a compiled network, and the seconds that compiling took.

        Raises one of `compile_errors()`.
        """
        with device.computing():
            training = TimedTraining.begin(self.graph, device, self.batch_size)
            seconds = training.step()
            return training.rate(), seconds

    def _sizes(self) -> Iterator[int]:
        size = self.batch_size
        while size >= _FEWEST:
            yield size
            size //= 2


@dataclass(frozen=True, eq=False)
class TimedTraining:
    """A network of its own on a device, with the images of a step."""

    device: Device
    module: nn.Module
    optimizer: torch.optim.Optimizer
    pixels: Tensor
    labels: Tensor

    @staticmethod
    def begin(graph: Graph, device: Device, batch_size: int) -> TimedTraining:
        with torch.random.fork_rng(devices=[]):
            module = device.place(build(graph))
        optimizer = torch.optim.SGD(module.parameters(), lr=1e-3, momentum=0.9, nesterov=True)
        generator = torch.Generator().manual_seed(0)
        pixels = torch.randn(batch_size, *graph.input, generator=generator)
        labels = torch.randint(graph.classes, (batch_size,), generator=generator)
        place = device.torch_device
        return TimedTraining(device, module, optimizer, pixels.to(place), labels.to(place))

    def step(self) -> float:
        """Train for one step, and return the seconds that it took."""
        started = time.perf_counter()
        loss = cross_entropy(self.device.logits(self.module, self.pixels), self.labels)
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        self.optimizer.step()
        if self.device.kind != "cpu":
            torch.accelerator.synchronize()
        return time.perf_counter() - started

    def rate(self) -> float:
        """Return images per second: of the median of some steps, after a first one."""
        first = self.step()
        seconds = [first] if first > _LONG else []
        while sum(seconds) < _ENOUGH:
            seconds.append(self.step())
        return len(self.labels) / median(seconds)


def compile_errors() -> tuple[type[Exception], ...]:
    """Return what is raised at the first call of a module that cannot be compiled."""
    # Slow to import: more than a second.
    from torch._dynamo.exc import TorchDynamoException  # noqa: PLC0415
    from torch._inductor.exc import CppCompileError, InvalidCxxCompiler  # noqa: PLC0415

    return TorchDynamoException, CppCompileError, InvalidCxxCompiler


def compile_failure(error: Exception) -> str:
    """Return in a few words why compiling failed."""
    text = f"{error}"
    if "InvalidCxxCompiler" in text or "No working C++ compiler" in text:
        return "there is no C++ compiler"
    return next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)[:100]


@contextmanager
def compiling_explained(device: Device) -> Iterator[None]:
    """Turn what is raised for a module that cannot be compiled into a TrainingError; the device says if it is."""
    try:
        yield
    except RuntimeError as error:  # those of compiling are
        if not device.compiled or not isinstance(error, compile_errors()):
            raise
        message = f"the network cannot be compiled: {compile_failure(error)}"
        raise TrainingError(message, remedy="--no-compile may train it") from None


def _rate_on(training: TimedTraining) -> float:
    """Return the rate of a training in a Python thread of its own."""
    with training.device.computing():
        return training.rate()
