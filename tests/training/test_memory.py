"""Memory: what is known before training, what is said when it runs out, and evaluation in batches that fit."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from textwrap import dedent

import numpy as np
import pytest
import torch

from archsearch.data.images import Images
from archsearch.data.load import digits
from archsearch.errors import TrainingError
from archsearch.notation.network import parse
from archsearch.training import learner
from archsearch.training.memory import as_memory_allows, evaluation_batch, out_of_memory_explained, training_bytes
from archsearch.training.recipe import Recipe
from archsearch.training.train import train


@pytest.mark.parametrize(
    ("sentence", "shape", "batch"),
    [
        ("conv(8, stride=2) head()", (3, 32, 32), 1000),
        # Input and norm's output of 64 maps: 4 * (64 + 64) * 256 * 256 bytes are 32 MiB an image.
        ("conv(64) head()", (3, 256, 256), 8),
        ("conv(4096) head()", (3, 512, 512), 1),
    ],
)
def test_so_many_images_are_evaluated_at_once(sentence: str, shape: tuple[int, int, int], batch: int) -> None:
    assert evaluation_batch(parse(sentence).lower(shape)) == batch


def test_what_training_needs_at_least() -> None:
    # Weights 8 * 27 + 8, norm 16, head 8 * 10 + 10; maps of 8 x 32 x 32 after convolution, norm and activation.
    graph = parse("conv(8) head()").lower()
    params, maps = 8 * 27 + 8 + 16 + 90, 3 * 8 * 32 * 32
    assert training_bytes(graph, 10) == pytest.approx(4 * 3 * params + 2 * 10 * maps / 2, rel=0.01)


def test_a_network_that_cannot_fit_is_refused_with_the_memory_that_it_needs() -> None:
    split = digits().split("validation")
    with pytest.raises(TrainingError) as caught:
        train(parse("conv(999999999) head()").lower(), split, Recipe(epochs=1))
    assert caught.value.message.startswith("training needs more than ")
    assert "GiB of memory in batches of 128; " in caught.value.message
    assert caught.value.remedy == "a smaller batch size or a smaller network may help"


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:126] DefaultCPUAllocator: can't allocate memory: you tried ..."
        ),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 108 bytes."),
    ],
)
def test_every_way_to_run_out_of_memory_is_said_in_one(error: Exception) -> None:
    with pytest.raises(TrainingError, match="the device ran out of memory"), out_of_memory_explained():
        raise error


def test_other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match="mat1 and mat2"), out_of_memory_explained():
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")


@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process as Linux does")
def test_a_real_process_without_memory() -> None:
    code = """
        import resource
        from archsearch.data.load import digits
        from archsearch.errors import TrainingError
        from archsearch.notation.network import parse
        from archsearch.training.recipe import Recipe
        from archsearch.training.train import train
        split, graph = digits().split("validation"), parse("conv(256) conv(256) head()").lower()
        train(parse("conv(2, stride=4) head()").lower(), split, Recipe(epochs=1))
        now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + 2**28, now + 2**28))
        try:
            train(graph, split, Recipe(epochs=1, batch_size=1024))
        except TrainingError as error:
            print(error)
    """
    found = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True, check=False)
    assert found.stdout == "the device ran out of memory\n  a smaller batch size may help\n", found.stderr


def test_evaluation_that_does_not_fit_is_done_in_smaller_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    split = digits().split("validation")
    graph, recipe = parse("conv(4, stride=4) head()").lower(), Recipe(epochs=1, augmentation="none")
    whole = train(graph, split, recipe).history[0]
    sizes: list[int] = []
    measure = learner.Learner._measure

    def short_of_memory(self: learner.Learner, batch_size: int) -> object:
        sizes.append(batch_size)
        if batch_size > 100:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return measure(self, batch_size)

    monkeypatch.setattr(learner.Learner, "_measure", short_of_memory)
    small = train(graph, split, recipe).history[0]
    assert sizes == [1000, 500, 250, 125, 62]
    assert small.accuracy == whole.accuracy
    assert small.loss == pytest.approx(whole.loss, rel=1e-5)


def test_the_size_of_evaluation_batches_does_not_follow_the_recipe() -> None:
    images = Images(np.zeros((12, 64, 64, 3), np.uint8), np.arange(12) % 10)
    split = replace(digits().split("validation"), train=images, evaluation=images)
    graph = parse("conv(4, stride=4) head()").lower((3, 64, 64))
    assert len(train(graph, split, Recipe(epochs=1, batch_size=2, augmentation="none")).history) == 1


def test_memory_that_does_not_suffice_for_one_image_is_an_error() -> None:
    sizes: list[int] = []

    def run(batch_size: int) -> None:
        sizes.append(batch_size)
        raise MemoryError

    with pytest.raises(MemoryError):
        as_memory_allows(run, 5)
    assert sizes == [5, 2, 1]
