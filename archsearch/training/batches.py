"""Batches of images as bytes, augmented in the background.

>>> from archsearch.data.images import Images
>>> from archsearch.training.augmentation import augmentation
>>> images = Images(np.zeros((5, 32, 32, 3), np.uint8), np.arange(5))
>>> pipeline = augmentation("flip_crop", mean=(0.5, 0.5, 0.5), size=(32, 32))
>>> [(x.shape, y.shape) for x, y in batches(images, pipeline, batch_size=4, order=1, epoch=0)]
[((4, 32, 32, 3), (4,)), ((1, 32, 32, 3), (1,))]
"""

from __future__ import annotations

import warnings
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from archsearch.training.on_arrays import augmenter

if TYPE_CHECKING:
    from collections.abc import Generator

    from archsearch.data.images import Images
    from archsearch.training.augmentation import Pipeline
    from archsearch.training.on_arrays import Augment

BATCHES_AHEAD = 3
"""Batches that are prepared before they are asked for."""

_FEW_STEPS = 10
_SMALL_BATCH = 16

Batch = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]


def batches(
    images: Images, pipeline: Pipeline, *, batch_size: int, order: int | None, epoch: int
) -> Generator[Batch, None, None]:
    """Yield all images once, as bytes N x H x W x 3, and their labels, the last batch perhaps smaller.

    Augmented and in random order where `order` is a seed; as they are and in their own order where it is None. The
    pipeline, the seed and the epoch decide all random numbers. One background thread is some batches ahead; it
    ends with the iteration, or when the generator is closed. What goes wrong in it is raised here.

    Raises ArchsearchError for images of another size than the pipeline's, and for a batch size below 1.
    """
    pipeline.check(images.shape[1:], batch_size)
    count = len(images)
    positions, augment = np.arange(count), None
    if order is not None:
        generator = np.random.default_rng(np.random.SeedSequence((pipeline.seed, order, epoch)))
        positions = generator.permutation(count)
        augment = augmenter(pipeline, images=count, epoch=epoch, generator=generator)
    parts = [positions[start : start + batch_size] for start in range(0, count, batch_size)]
    return _in_background(images, augment, parts)


class TrainingWarning(UserWarning):
    """Something about a training run that its user should know, though it can go on."""


def warn_of_few_steps(images: int, batch_size: int) -> None:
    """Warn where an epoch over so many images has few steps: batch norm and the optimizer need more."""
    steps = max(1, images // batch_size)
    if steps < _FEW_STEPS and batch_size > _SMALL_BATCH:
        times = "1 step" if steps == 1 else f"{steps} steps"
        epoch = f"{images:,} training images make {times} of {min(images, batch_size)} images an epoch"
        message = f"{epoch}, too few to learn much"
        warnings.warn(f"{message}; give a smaller batch, as in --batch-size {_SMALL_BATCH}", TrainingWarning, 2)


def _in_background(
    images: Images, augment: Augment | None, parts: list[npt.NDArray[np.intp]]
) -> Generator[Batch, None, None]:
    def prepare(part: npt.NDArray[np.intp]) -> Batch:
        chosen = images.take(part)
        return chosen.pixels if augment is None else augment(chosen.pixels, part), chosen.labels

    # A single worker takes the parts in order, so the random numbers do not depend on timing.
    worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archsearch-batches")
    pending: deque[Future[Batch]] = deque()
    try:
        for part in parts:
            pending.append(worker.submit(prepare, part))
            if len(pending) > BATCHES_AHEAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        worker.shutdown(cancel_futures=True)
