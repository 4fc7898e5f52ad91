"""The batches of images that stay on the device; the tests run on tensors of the CPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from examples.pipelines import noise, pipeline_of
from torch import Tensor
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from archsearch.errors import ArchsearchError
from archsearch.training.fields import AUGMENTATIONS
from archsearch.training.on_tensors import augmenter
from archsearch.training.resident import ResidentImages

CPU = torch.device("cpu")


def joined(parts: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    return torch.cat([x for x, _ in parts]), torch.cat([y for _, y in parts])


@pytest.mark.parametrize("order", [5, None])
@pytest.mark.parametrize(
    ("name", "size", "cutout"),
    [
        *((name, size, 0) for name in AUGMENTATIONS for size in [(32, 32), (24, 40), (8, 64), (23, 23)]),
        *((name, (32, 24), 5) for name in AUGMENTATIONS),
        *((name, size, 0) for name in ("crop", "alternating_flip_crop") for size in [(5, 5), (5, 64), (64, 5)]),
        *(("none", size, 0) for size in [(1, 1), (1, 64), (4, 4)]),
    ],
)
def test_batches_are_bytes_with_the_channels_last(
    name: str, size: tuple[int, int], cutout: int, order: int | None
) -> None:
    resident = ResidentImages(noise(10, size), CPU)
    pipeline = pipeline_of(name, cutout=cutout, size=size)
    parts = list(resident.batches(pipeline, batch_size=4, order=order, epoch=0))
    assert [tuple(x.shape) for x, _ in parts] == [(4, 3, *size), (4, 3, *size), (2, 3, *size)]
    for x, y in parts:
        assert (x.dtype, y.dtype) == (torch.uint8, torch.int64)
        assert x.is_contiguous(memory_format=torch.channels_last)
    _, labels = joined(parts)
    assert sorted(labels.tolist()) == list(range(10))
    assert (labels.tolist() == list(range(10))) == (order is None)


def test_without_a_seed_images_are_as_they_are() -> None:
    content = noise(10)
    pipeline = pipeline_of("course", cutout=8)
    x, _ = joined(list(ResidentImages(content, CPU).batches(pipeline, batch_size=3, order=None, epoch=1)))
    assert np.array_equal(x.permute(0, 2, 3, 1).numpy(), content.pixels)


def test_none_shuffles_and_changes_nothing() -> None:
    content = noise(10)
    x, y = joined(list(ResidentImages(content, CPU).batches(pipeline_of("none"), batch_size=3, order=0, epoch=1)))
    assert np.array_equal(x.permute(0, 2, 3, 1).numpy(), content.pixels[y.numpy()])


def test_the_images_of_the_caller_are_not_written_to() -> None:
    content = noise(10)
    content.pixels.flags.writeable = False
    before = content.pixels.copy()
    for x, _ in ResidentImages(content, CPU).batches(pipeline_of("none"), batch_size=4, order=None, epoch=0):
        x.zero_()
    assert np.array_equal(content.pixels, before)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_seeds_say_everything(name: str) -> None:
    resident = ResidentImages(noise(40), CPU)

    def run(*, seed: int = 0, order: int = 0, epoch: int = 0) -> tuple[Tensor, list[int]]:
        pipeline = pipeline_of(name, seed=seed)
        x, y = joined(list(resident.batches(pipeline, batch_size=16, order=order, epoch=epoch)))
        return x[y.argsort()], y.tolist()

    first, order = run()
    again, same = run()
    assert torch.equal(first, again)
    assert order == same
    for other, another in (run(seed=1), run(order=1), run(epoch=1)):
        assert torch.equal(first, other) == (name == "none")
        assert order != another


def test_the_random_state_of_the_caller_is_kept() -> None:
    before = torch.get_rng_state()
    list(ResidentImages(noise(10), CPU).batches(pipeline_of("course"), batch_size=4, order=0, epoch=0))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_no_step_waits_for_the_device(name: str) -> None:
    # Of a fake tensor only shape and type are known: what must look at a value, as .item() does, is an error.
    generator = torch.Generator().manual_seed(0)
    with FakeTensorMode():
        with pytest.raises(DataDependentOutputException):
            torch.ones(1).item()
        augment = augmenter(pipeline_of(name, cutout=8), images=10, epoch=0, generator=generator)
        pixels, positions = torch.zeros(4, 32, 32, 3, dtype=torch.uint8), torch.arange(4)
        assert augment(pixels, positions).shape == (4, 32, 32, 3)


def test_wrong_sizes() -> None:
    resident = ResidentImages(noise(2, (28, 20)), CPU)
    with pytest.raises(ArchsearchError, match="the images are 28x20; the augmentation is made for 32x32"):
        resident.batches(pipeline_of("none"), batch_size=4, order=None, epoch=0)
    with pytest.raises(ArchsearchError, match="the batch size is 0; it must be at least 1"):
        resident.batches(pipeline_of("none", size=(28, 20)), batch_size=0, order=1, epoch=0)
