"""The arguments of a torch operation that is replaced, and the tensors in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from torch import Tensor

from archsearch.pytorch.program import StepValue

Arguments: TypeAlias = dict[str, StepValue]
"""The arguments of an operation by torch's names for them, defaults included."""

TorchFunction: TypeAlias = Callable[..., StepValue]


def tensors_in(value: StepValue) -> Iterator[Tensor]:
    """Yield all tensors among the arguments or the results of an operation."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from tensors_in(part)
    elif isinstance(value, Mapping):
        yield from tensors_in(tuple(value.values()))


def count_results(operation: TorchFunction) -> int:
    """Count the results of a torch operation."""
    return len(operation._schema.returns)  # type: ignore[attr-defined]
