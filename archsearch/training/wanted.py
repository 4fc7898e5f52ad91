"""What is asked of the hardware, as a value that can be checked before torch is loaded."""

from __future__ import annotations

import os
from dataclasses import dataclass

from archsearch.errors import TrainingError, suggest

KINDS = ("cpu", "cuda", "mps")
"""The kinds of devices: the processor, a GPU of NVIDIA or AMD, a GPU of Apple."""

PRECISIONS = ("fp32", "bf16")
"""The precisions in which layers compute; weights are float32 in both."""


def cores() -> int:
    """Return the number of cores that this process may use."""
    # Not on macOS and Windows, where a process may use all.
    usable = getattr(os, "sched_getaffinity", None)
    return (len(usable(0)) if usable else os.cpu_count()) or 1


@dataclass(frozen=True)
class Wanted:
    """What a user wants of the device; what is None is measured and chosen.

    `compiled` says whether networks go through torch.compile. Raises TrainingError for an unknown kind or
    precision, and for threads below 1 or above the cores that this process may use. Whether torch can use a GPU is
    known where torch is loaded, in `archsearch.training.probe`.

    >>> Wanted(precision="fp16")
    Traceback (most recent call last):
    archsearch.errors.TrainingError: precision is `fp16`; there is no such precision
      did you mean `bf16`?
    """

    kind: str | None = None
    precision: str | None = None
    threads: int | None = None
    compiled: bool | None = None

    def __post_init__(self) -> None:
        for what, value, known in (("device", self.kind, KINDS), ("precision", self.precision, PRECISIONS)):
            if value is not None and value not in known:
                message = f"{what} is `{value}`; there is no such {what}"
                raise TrainingError(message, remedy=suggest(value, known))
        if self.threads is not None and (type(self.threads) is not int or not 1 <= self.threads <= cores()):
            raise TrainingError(
                f"threads is {self.threads}; it must be a whole number from 1 to {cores()}, "
                "the cores that this process may use",
                remedy="leave it out to have the fastest number chosen",
            )
