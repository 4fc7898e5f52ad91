"""The hardware that trains: which device, and how it computes."""

from __future__ import annotations

import ctypes
import functools
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


@dataclass(frozen=True)
class Device:
    """How a network is computed: where, in which precision and memory format, by how many threads.

    `kind` is "cpu", "cuda" or "mps"; `precision` is "fp32" or "bf16", and weights are float32 either way.
    `threads` are those of torch within an operation, of no meaning beside a GPU. A `compiled` module goes through
    torch.compile.

    >>> print(Device(precision="bf16", threads=4))
    bf16 on cpu
    """

    kind: str = "cpu"
    precision: str = "fp32"
    channels_last: bool = True
    threads: int = 1
    compiled: bool = False

    def __str__(self) -> str:
        return f"{self.precision} on {self.kind}"

    @staticmethod
    def default() -> Device:
        """Return the GPU, if there is one, or else the CPU with as many threads as torch has now; in float32."""
        return Device(kinds_here()[0], threads=torch.get_num_threads())

    @property
    def torch_device(self) -> torch.device:
        """The device as torch names it."""
        return torch.device(self.kind)

    @property
    def memory_format(self) -> torch.memory_format:
        """Of batches of images and of the weights of convolutions."""
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def place(self, module: nn.Module) -> nn.Module:
        """Move a module to the device, its weights in the memory format; compile it at its first call if asked to.

        The module is changed in place, and its state dict keeps its names. Compiling takes tens of seconds; where
        it fails, `archsearch.training.steps.compiling_explained` says so.
        """
        placed = convert_conv2d_weight_memory_format(module.to(self.torch_device), self.memory_format)
        if self.compiled:
            # All our modules share one `forward`, for which torch would soon give up compiling.
            torch.compiler.reset()
            placed.compile(mode="reduce-overhead" if self.kind == "cuda" else None)
        return placed

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Give the CPU's operations this device's threads meanwhile, in the current Python thread."""
        if self.kind != "cpu":
            yield
            return
        _keep_freed_memory()
        before = torch.get_num_threads()
        torch.set_num_threads(self.threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def logits(self, module: nn.Module, pixels: Tensor) -> Tensor:
        """Return the module's logits, in float32, for images on the device: float, N x C x H x W."""
        with torch.autocast(self.kind, torch.bfloat16, enabled=self.precision == "bf16"):
            logits: Tensor = module(pixels.contiguous(memory_format=self.memory_format))
        return logits.float()

    def written(self) -> dict[str, Any]:
        """Return plain values, which `of` reads.

        >>> Device.of(Device(threads=2).written()) == Device(threads=2)
        True
        """
        return asdict(self)

    @staticmethod
    def of(values: Mapping[str, Any]) -> Device:
        """Return the device that `written` wrote."""
        return Device(**values)


def kinds_here() -> list[str]:
    """Return the kinds of devices that torch finds on this machine: a GPU first, the CPU last."""
    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    return [kind for kind, is_here in found.items() if is_here]


@functools.cache
def _keep_freed_memory() -> None:
    """Let the C library keep the memory of freed tensors, where it is glibc.

    By default glibc hands blocks of more than 32 MiB, and what is free at the end of its heap, back to the
    kernel, which has to clear each page again at the next step. In batches of 128 on a Zen 3 with 2 cores, a step
    of era_s9.net had tens of thousands of page faults, and has hundreds. What that saves of the time was within
    the noise there.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return  # Another C library: musl and macOS have no such function, and Windows no such lookup.
    mallopt(_M_MMAP_THRESHOLD, 1 << 30)
    mallopt(_M_TRIM_THRESHOLD, -1)
