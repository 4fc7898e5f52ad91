"""The hardware that trains: which device, in which precision, and what to do when its memory runs out."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from archsearch.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True)
class Device:
    """A CPU or a GPU, and whether its layers compute in bf16; weights are float32 either way."""

    torch_device: torch.device
    bf16: bool

    @staticmethod
    def best() -> Device:
        """Return the GPU, if there is one, or else the CPU; in bf16 where the hardware computes in it."""
        if torch.cuda.is_available():
            return Device(torch.device("cuda"), torch.cuda.is_bf16_supported(including_emulation=False))
        return Device(torch.device("cpu"), _cpu_has_bf16())

    def __str__(self) -> str:
        return f"{'bf16' if self.bf16 else 'fp32'} on {self.torch_device.type}"

    def place(self, module: nn.Module) -> nn.Module:
        """Move a module to the device; convolutions are faster with the channels last, in float32 too."""
        return convert_conv2d_weight_memory_format(module.to(self.torch_device), torch.channels_last)

    def logits(
        self, module: nn.Module, batch: tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]
    ) -> tuple[Tensor, Tensor]:
        """Return the module's logits for the images of a batch, in float32, and the labels."""
        pixels, labels = (torch.from_numpy(array).to(self.torch_device) for array in batch)
        with torch.autocast(self.torch_device.type, torch.bfloat16, enabled=self.bf16):
            logits: Tensor = module(pixels.contiguous(memory_format=torch.channels_last))
        return logits.float(), labels


@contextmanager
def out_of_memory_explained() -> Iterator[None]:
    """Turn the device's own error into a TrainingError that says what may help."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise TrainingError("the device ran out of memory", remedy="a smaller batch size may help") from None


def _cpu_has_bf16() -> bool:
    # Elsewhere it would be emulated, slowly. A torch too old for the query is taken not to have it.
    query: Callable[[], Mapping[str, object]] = getattr(torch.cpu, "get_capabilities", dict)
    return query().get("avx512_bf16") is True
