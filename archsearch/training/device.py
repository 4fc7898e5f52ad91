"""How a network is computed: which device, precision, memory layout and threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format


@dataclass(frozen=True)
class Device:
    kind: str = "cpu"
    precision: str = "fp32"
    channels_last: bool = True
    threads: int = 1
    compiled: bool = False

    @staticmethod
    def default() -> "Device":
        """Return the GPU, if there is one, or the CPU with as many threads as torch uses now."""
        return Device("cuda" if torch.cuda.is_available() else "cpu", threads=torch.get_num_threads())

    def __str__(self) -> str:
        return f"{self.precision} on {self.kind}"

    @property
    def torch_device(self) -> torch.device:
        return torch.device(self.kind)

    def place(self, module: nn.Module) -> nn.Module:
        format_ = torch.channels_last if self.channels_last else torch.contiguous_format
        return convert_conv2d_weight_memory_format(module.to(self.torch_device), format_)

    @contextmanager
    def computing(self) -> Iterator[None]:
        before = torch.get_num_threads()
        torch.set_num_threads(self.threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def logits(self, module: nn.Module, pixels: Tensor) -> Tensor:
        format_ = torch.channels_last if self.channels_last else torch.contiguous_format
        with torch.autocast(self.kind, torch.bfloat16, enabled=self.precision == "bf16"):
            logits: Tensor = module(pixels.contiguous(memory_format=format_))
        return logits.float()

    def written(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def of(values: Mapping[str, Any]) -> Device:
        return Device(**values)
