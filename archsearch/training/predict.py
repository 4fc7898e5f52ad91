"""What a trained network says of the evaluation images: its logits, and how much of each class is right."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from archsearch.pytorch.build import GraphModule
from archsearch.training.checkpoint import write_whole
from archsearch.training.evaluate import evaluate
from archsearch.training.feed import Feed
from archsearch.training.memory import as_memory_allows, evaluation_batch, out_of_memory_explained
from archsearch.training.mixing import Normalisation
from archsearch.training.recipe import Recipe

if TYPE_CHECKING:
    from archsearch.data.dataset import Split
    from archsearch.training.device import Device
    from archsearch.training.train import Trained

Logits = npt.NDArray[np.float32]
"""N x classes."""


def predict(trained: Trained, split: Split, device: Device | None = None) -> Logits:
    """Return the logits of the evaluation images of a split, in float32 and in the order of the images.

    They are computed as the network was measured in training, so that on a CPU its accuracy follows from them to
    the last digit; or as another `device` says. Raises TrainingError where memory runs out.

    >>> from archsearch.data.load import digits
    >>> from archsearch.notation.network import parse
    >>> from archsearch.training.train import train
    >>> split = digits().split("validation")
    >>> trained = train(parse("conv(8, stride=8) head()").lower(), split, Recipe(epochs=1, augmentation="none"))
    >>> logits = predict(trained, split)
    >>> right = int((logits.argmax(1) == split.evaluation.labels).sum())
    >>> logits.shape, 100 * right / 143 == trained.history[-1].accuracy
    ((143, 10), True)
    """
    device = device or trained.device
    module = trained.module
    assert isinstance(module, GraphModule)
    place = device.torch_device
    feed = Feed(split, Recipe(), 0, place, resident=device.kind != "cpu")
    normalise = Normalisation.of(split.mean, split.std, place)

    def logits(batch_size: int) -> Logits:
        parts: list[Tensor] = []
        evaluate(module, feed, normalise, device, batch_size, lambda _, found: parts.append(found.cpu()))
        found: Logits = torch.cat(parts).numpy()
        return found

    with device.computing(), out_of_memory_explained():
        return as_memory_allows(logits, evaluation_batch(module.graph))


def class_accuracy(
    logits: Logits, labels: npt.NDArray[np.int64], classes: Sequence[str]
) -> Mapping[str, float | None]:
    """Return the percent of each class's images that are classified correctly; None for one without images.

    >>> logits = np.array([[2, 1], [3, 0], [1, 0]], np.float32)
    >>> class_accuracy(logits, np.array([0, 0, 1]), ("cat", "dog"))
    {'cat': 100.0, 'dog': 0.0}
    """
    right = logits.argmax(1) == labels
    of_class = [right[labels == label] for label in range(len(classes))]
    return {
        name: 100 * float(part.mean()) if len(part) else None for name, part in zip(classes, of_class, strict=True)
    }


def save_predictions(path: Path, logits: Logits, labels: npt.NDArray[np.int64]) -> None:
    """Write a compressed .npz with `labels` (N) and `logits` (N x classes), which `numpy.load` reads.

    Raises TrainingError where the file cannot be written.
    """
    content = io.BytesIO()
    np.savez_compressed(content, labels=labels, logits=logits)
    write_whole(path, content.getvalue())
