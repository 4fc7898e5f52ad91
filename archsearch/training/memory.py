"""What memory a network needs, and what is said when there is not enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING, TypeVar

import psutil
import torch

from archsearch.analysis.figures import count_params, peak_elements
from archsearch.errors import TrainingError
from archsearch.graph.ops.operation import Input

if TYPE_CHECKING:
    from archsearch.graph.graph import Graph

Result = TypeVar("Result")

_FLOAT_BYTES = 4
_EVALUATION_BYTES = 256 * 2**20
_MOST_IMAGES = 1000
_SIGNS = ("not enough memory", "can't allocate memory", "out of memory")


def evaluation_batch(graph: Graph) -> int:
    """Return how many images are evaluated at once: up to 1,000, their tensors alive at once up to 256 MiB.

    >>> from archsearch.notation.network import parse
    >>> evaluation_batch(parse("conv(64) head()").lower((3, 224, 224)))
    10
    """
    return max(1, min(_MOST_IMAGES, _EVALUATION_BYTES // (_FLOAT_BYTES * peak_elements(graph))))


def as_memory_allows(run: Callable[[int], Result], batch_size: int) -> Result:
    """Return what `run` does for a number of images at a time, half as many wherever memory runs out."""
    while True:
        try:
            return run(batch_size)
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if batch_size == 1 or not is_out_of_memory(error):
                raise
            batch_size = max(1, batch_size // 2)


def training_bytes(graph: Graph, batch_size: int) -> int:
    """Return a lower bound of the bytes that a training needs: weights, gradients, momentum, activations.

    Of the tensors, every second one is taken to be kept until the way back, as a norm keeps what it reads and an
    activation what it writes; in two bytes a number, as in bf16.
    """
    tensors = sum(prod(node.shape[1:]) for node in graph.nodes if not isinstance(node.op, Input))
    return 3 * _FLOAT_BYTES * count_params(graph) + batch_size * tensors


def check_memory(graph: Graph, batch_size: int) -> None:
    """Raise TrainingError for a network that cannot be trained in the memory that is free on this machine."""
    needed, free = training_bytes(graph, batch_size), psutil.virtual_memory().available
    if needed > free:
        raise TrainingError(
            f"training needs more than {_gib(needed)} GiB of memory in batches of {batch_size}; "
            f"{_gib(free)} GiB are free",
            remedy="a smaller batch size or a smaller network may help",
        )


@contextmanager
def out_of_memory_explained() -> Iterator[None]:
    """Turn the errors of a device without memory into a TrainingError that says what may help."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingError("the device ran out of memory", remedy="a smaller batch size may help") from None


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory ran out; of torch's devices only CUDA has a type for it.

    >>> is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory")), is_out_of_memory(RuntimeError("a bug"))
    (True, False)
    """
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SIGNS)


def _gib(count: int) -> str:
    return f"{count / 2**30:,.1f}"
