"""How a network is computed: precision, layout, threads; and memory that runs out."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pytest
import torch
from torch import nn

from archsearch.errors import TrainingError
from archsearch.training import device as devices
from archsearch.training.device import Device
from archsearch.training.memory import out_of_memory_explained

PIXELS = torch.arange(2 * 3 * 8 * 8, dtype=torch.float32).reshape(2, 3, 8, 8) / 384


class Seen(nn.Module):
    """A network that keeps what it was given, and what its first layer returned."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3)
        self.pixels = self.features = torch.empty(0)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        self.pixels, self.features = pixels, self.convolution(pixels)
        return self.features.mean((2, 3))


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("device", [Device(), Device("cuda", "bf16", False, 3, True)])
def test_a_device_is_read_as_it_was_written(device: Device) -> None:
    assert Device.of(device.written()) == device
    assert all(type(value) in {str, bool, int} for value in device.written().values())


@pytest.mark.parametrize(("device", "text"), [(Device(), "fp32 on cpu"), (Device("cuda", "bf16"), "bf16 on cuda")])
def test_its_text_is_precision_and_hardware(device: Device, text: str) -> None:
    assert str(device) == text
    assert device.torch_device.type == device.kind


@pytest.mark.parametrize("channels_last", [True, False])
@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_layers_compute_in_precision_and_layout(precision: str, dtype: torch.dtype, channels_last: bool) -> None:
    device = Device(precision=precision, channels_last=channels_last)
    module = Seen()
    with torch.no_grad():
        expected = module(PIXELS)
    placed = device.place(module)
    logits = device.logits(placed, PIXELS)
    assert placed is module
    assert module.features.dtype == dtype
    assert logits.dtype == module.convolution.weight.dtype == torch.float32
    for tensor in (module.pixels, module.convolution.weight):
        assert tensor.is_contiguous(memory_format=torch.channels_last) == channels_last
    torch.testing.assert_close(logits, expected, rtol=0, atol=1e-5 if precision == "fp32" else 1e-2)


def test_threads_hold_while_computing_and_within_each_other() -> None:
    torch.set_num_threads(1)
    with Device(threads=3).computing():
        assert torch.get_num_threads() == 3
        with Device(threads=2).computing():
            assert torch.get_num_threads() == 2
        assert torch.get_num_threads() == 3
        with Device("cuda", threads=2).computing():
            assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == 1


def test_threads_are_given_back_after_an_error() -> None:
    torch.set_num_threads(1)
    with pytest.raises(KeyboardInterrupt), Device(threads=2).computing():
        raise KeyboardInterrupt
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_another_c_library_is_no_mistake(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def without_mallopt(_name: None) -> None:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", without_mallopt)
    devices._keep_freed_memory.cache_clear()
    with Device().computing():
        pass
    devices._keep_freed_memory.cache_clear()


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("MPS backend out of memory (MPS allocated: 1.00 GB)"),
    ],
)
def test_memory_that_ran_out_is_explained(error: RuntimeError) -> None:
    with (
        pytest.raises(TrainingError, match="the device ran out of memory\n  a smaller batch"),
        out_of_memory_explained(),
    ):
        raise error


def test_the_cpu_out_of_memory_is_explained() -> None:
    with pytest.raises(TrainingError, match="the device ran out of memory"), out_of_memory_explained():
        torch.empty(1 << 60)


def test_other_errors_are_passed_on() -> None:
    with pytest.raises(RuntimeError, match="size mismatch"), out_of_memory_explained():
        raise RuntimeError("size mismatch")
