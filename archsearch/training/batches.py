"""Batches of float images, augmented and normalised in the background.

>>> from archsearch.data.images import Images
>>> from archsearch.training.augmentation import augmentation
>>> images = Images(np.zeros((5, 32, 32, 3), np.uint8), np.arange(5))
>>> half = (0.5, 0.5, 0.5)
>>> pipeline = augmentation("flip_crop", mean=half, std=half, size=(32, 32), seed=0)
>>> [(x.shape, y.shape) for x, y in batches(images, pipeline, batch_size=4, seed=1)]
[((4, 3, 32, 32), (4,)), ((1, 3, 32, 32), (1,))]
"""

from __future__ import annotations

import warnings
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from archsearch.errors import ArchsearchError

if TYPE_CHECKING:
    from collections.abc import Generator

    from albumentations import Compose

    from archsearch.data.images import Images
    from archsearch.training.augmentation import Pipeline

BATCHES_AHEAD = 3
"""Batches that are prepared before they are asked for."""

_FEW_STEPS = 10
_SMALL_BATCH = 16

Batch = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]


def batches(
    images: Images, pipeline: Pipeline, *, batch_size: int, seed: int | None
) -> Generator[Batch, None, None]:
    """Yield all images once, augmented and normalised: (N x 3 x H x W, N), the last batch perhaps smaller.

    In random order where a seed is given, else in their own. The same images, pipeline and seed give the
    same batches. One background thread is some batches ahead; it ends with the iteration, or when the
    generator is closed. What goes wrong in it is raised here.

    Raises ArchsearchError for images of another size than the pipeline's, and for a batch size below 1.
    """
    if batch_size < 1:
        raise ArchsearchError(f"the batch size is {batch_size}; it must be at least 1")
    height, width = images.pixels.shape[1:3]
    if (height, width) != pipeline.size:
        raise ArchsearchError(
            f"the images are {height}x{width}; the augmentation is made for "
            f"{pipeline.size[0]}x{pipeline.size[1]} (height x width)",
            remedy="give `augmentation` the size of the images",
        )
    count = len(images)
    order = np.arange(count) if seed is None else np.random.default_rng(seed).permutation(count)
    parts = [order[start : start + batch_size] for start in range(0, count, batch_size)]
    return _in_background(images, pipeline, pipeline.compose(seed), parts)


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
    images: Images, pipeline: Pipeline, compose: Compose | None, parts: list[npt.NDArray[np.intp]]
) -> Generator[Batch, None, None]:
    def prepare(part: npt.NDArray[np.intp]) -> Batch:
        chosen = images.take(part)
        pixels = chosen.pixels
        if compose is not None:
            pixels = np.stack([compose(image=image)["image"] for image in pixels])
        return pixels, chosen.labels

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
