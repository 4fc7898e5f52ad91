"""The batches that a background thread makes."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt
import pytest
from examples.pipelines import noise, pipeline_of

from archsearch.data.images import Images
from archsearch.errors import ArchsearchError
from archsearch.training.batches import BATCHES_AHEAD, Batch, TrainingWarning, batches, warn_of_few_steps
from archsearch.training.fields import AUGMENTATIONS


def joined(parts: list[Batch]) -> Batch:
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])


def background_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("archsearch-batches")]


@pytest.mark.parametrize(
    ("name", "size", "cutout"),
    [
        *((name, size, 0) for name in AUGMENTATIONS for size in [(32, 32), (24, 40), (8, 64), (23, 23)]),
        *((name, (32, 24), 5) for name in AUGMENTATIONS),
        *((name, size, 0) for name in ("crop", "alternating_flip_crop") for size in [(5, 5), (5, 64), (64, 5)]),
        *(("none", size, 0) for size in [(1, 1), (1, 64), (4, 4)]),
    ],
)
def test_batches_are_contiguous_bytes(name: str, size: tuple[int, int], cutout: int) -> None:
    content = noise(10, size)
    pipeline = pipeline_of(name, cutout=cutout, size=size)
    parts = list(batches(content, pipeline, batch_size=4, order=5, epoch=0))
    assert [x.shape for x, _ in parts] == [(4, *size, 3), (4, *size, 3), (2, *size, 3)]
    for x, y in parts:
        assert (x.dtype.name, y.dtype.name) == ("uint8", "int64")
        assert x.flags.c_contiguous
        assert x.flags.writeable
    assert sorted(joined(parts)[1]) == list(range(10))
    assert joined(parts)[1].tolist() != list(range(10))


def test_without_a_seed_images_are_as_they_are_and_in_their_order() -> None:
    content = noise(10)
    x, y = joined(list(batches(content, pipeline_of("course", cutout=8), batch_size=3, order=None, epoch=1)))
    assert np.array_equal(x, content.pixels)
    assert y.tolist() == list(range(10))


def test_none_shuffles_and_changes_nothing() -> None:
    content = noise(10)
    x, y = joined(list(batches(content, pipeline_of("none"), batch_size=3, order=0, epoch=1)))
    assert np.array_equal(x, content.pixels[y])
    assert y.tolist() != list(range(10))


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_seeds_say_everything(name: str) -> None:
    content = noise(40)

    def run(*, seed: int = 0, order: int = 0, epoch: int = 0) -> tuple[npt.NDArray[np.uint8], list[int]]:
        pipeline = pipeline_of(name, seed=seed)
        x, y = joined(list(batches(content, pipeline, batch_size=16, order=order, epoch=epoch)))
        return x[np.argsort(y)], y.tolist()

    first, order = run()
    again, same = run()
    assert np.array_equal(first, again)
    assert order == same
    for other, another in (run(seed=1), run(order=1), run(epoch=1)):
        assert np.array_equal(first, other) == (name == "none")
        assert order != another


def test_leaving_early_ends_the_thread_and_changes_nothing_afterwards() -> None:
    content, pipeline = noise(64), pipeline_of("flip_crop")
    whole = list(batches(content, pipeline, batch_size=4, order=1, epoch=0))
    assert background_threads() == []
    early = batches(content, pipeline, batch_size=4, order=1, epoch=0)
    next(early)
    assert len(background_threads()) == 1
    early.close()
    assert background_threads() == []
    again = list(batches(content, pipeline, batch_size=4, order=1, epoch=0))
    assert np.array_equal(joined(whole)[0], joined(again)[0])


def test_the_thread_stays_only_some_batches_ahead() -> None:
    taken: list[int] = []

    class Watched(Images):
        def take(self, index: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> Images:
            taken.append(1)
            return super().take(index)

    content = noise(100)
    watched = Watched(content.pixels, content.labels)
    slow = batches(watched, pipeline_of("none"), batch_size=1, order=None, epoch=0)
    for _ in range(10):
        next(slow)
    slow.close()
    assert 10 <= len(taken) <= 10 + BATCHES_AHEAD


def test_what_goes_wrong_in_the_thread_is_raised_here() -> None:
    content = noise(8)
    broken = Images(content.pixels[:6], content.labels)
    received = batches(broken, pipeline_of("crop"), batch_size=4, order=None, epoch=0)
    assert len(next(received)[1]) == 4
    with pytest.raises(IndexError):
        next(received)
    assert background_threads() == []


def test_wrong_sizes() -> None:
    with pytest.raises(ArchsearchError) as caught:
        batches(noise(2, (28, 20)), pipeline_of("none"), batch_size=4, order=None, epoch=0)
    assert str(caught.value) == (
        "the images are 28x20; the augmentation is made for 32x32 (height x width)\n"
        "  give `augmentation` the size of the images"
    )
    with pytest.raises(ArchsearchError) as caught:
        batches(noise(2), pipeline_of("none"), batch_size=0, order=None, epoch=0)
    assert str(caught.value) == "the batch size is 0; it must be at least 1"


@pytest.mark.parametrize(
    ("images", "batch_size", "message"),
    [
        (1279, 128, "1,279 training images make 9 steps of 128 images an epoch, too few to learn much; give"),
        (20, 128, "20 training images make 1 step of 20 images an epoch, too few to learn much; give"),
        (1280, 128, None),
        (20, 16, None),
    ],
)
def test_few_steps_in_an_epoch_are_worth_a_word(images: int, batch_size: int, message: str | None) -> None:
    if message is None:
        warn_of_few_steps(images, batch_size)
    else:
        with pytest.warns(TrainingWarning, match=message):
            warn_of_few_steps(images, batch_size)
