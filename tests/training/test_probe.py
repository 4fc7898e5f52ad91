"""The device that is chosen by timing training steps: what is tried and said, and that nothing else changes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import torch
from examples.console import ROOT

from archsearch.errors import TrainingError
from archsearch.notation.network import parse
from archsearch.training import probe, steps
from archsearch.training.device import Device
from archsearch.training.probe import Choice, choose, fastest, machine, reason
from archsearch.training.wanted import Wanted, cores

TINY = parse("conv(4, stride=4) head()").lower()
several_cores = pytest.mark.skipif(cores() < 2, reason="needs two cores")


@pytest.fixture(autouse=True)
def briefly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(steps, "_ENOUGH", 0.01)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_a_choice_is_the_fastest_that_was_tried() -> None:
    torch.set_num_threads(1)
    choice = choose(TINY, 16, Wanted("cpu"), images=100)
    text = ", ".join(probe.words(choice.device))
    alone = {key: rate for key, rate in choice.rates.items() if "two of" not in key}
    assert alone[text] >= max(alone.values()) / 1.1
    assert choice.reason.startswith(f"{text}: ")
    assert {key.split(", ")[1] for key in choice.rates} == {"channels last", "contiguous"}
    assert {key.split(", ")[0] for key in choice.rates} == {"fp32", "bf16"}
    assert not choice.device.compiled
    assert "compil" not in choice.reason
    assert Choice.of(choice.written()) == choice


@pytest.mark.parametrize(
    ("note", "images", "suits"),
    [
        ("", 59_999, True),
        ("", 60_000, False),
        ("; compiling took 45 s", 10**9, True),
        ("; not compiled: there is no C++ compiler", 10**9, True),
    ],
)
def test_a_choice_without_compiling_suits_trainings_of_less_than_10_minutes(
    note: str, images: int, suits: bool
) -> None:
    device = Device()
    assert Choice(device, f"as ever{note}", {", ".join(probe.words(device)): 100.0}).suits(images) == suits


@several_cores
def test_one_thread_and_two_of_one_thread_are_tried() -> None:
    tried = {key.split(", ")[2] for key in choose(TINY, 16, Wanted("cpu"), images=100).rates}
    assert {"1 thread", "two of 1 thread"} <= tried


@pytest.mark.parametrize("wanted", [Wanted("cpu", "bf16"), Wanted("cpu", "fp32", 1), Wanted("cpu", threads=1)])
def test_what_is_wanted_is_not_varied(wanted: Wanted) -> None:
    choice = choose(TINY, 16, wanted, images=100)
    for key in choice.rates:
        precision, _layout, threads = key.split(", ")
        assert wanted.precision in {None, precision}
        assert wanted.threads is None or threads == "1 thread"
    assert wanted.threads in {None, choice.device.threads}
    assert wanted.precision in {None, choice.device.precision}


@pytest.mark.parametrize(("compiled", "images"), [(False, 10**9), (None, 100)])
def test_compiling_is_not_tried(compiled: bool | None, images: int) -> None:
    choice = choose(TINY, 16, Wanted("cpu", "fp32", 1, compiled), images)
    assert not choice.device.compiled
    assert "compil" not in choice.reason


@pytest.mark.parametrize(("seconds", "pays"), [(0.1, True), (1e12, False)])
def test_compiling_has_to_save_more_than_it_takes(
    monkeypatch: pytest.MonkeyPatch, seconds: float, pays: bool
) -> None:
    monkeypatch.setattr(steps.Steps, "compiled_rate", lambda *_: (1e9, seconds))
    choice = choose(TINY, 16, Wanted("cpu", "fp32", 1), images=10**9)
    assert choice.device.compiled is pays
    assert "; compiling took " in choice.reason


def test_compiling_that_is_wanted_is_done_however_short_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps.Steps, "compiled_rate", lambda *_: (1e-6, 0.1))
    choice = choose(TINY, 16, Wanted("cpu", "fp32", 1, compiled=True), images=100)
    assert choice.device.compiled
    assert choice.reason.endswith("; compiling took 0 s")


def test_random_numbers_and_threads_are_left_as_they_were() -> None:
    torch.set_num_threads(1)
    before = torch.get_rng_state()
    choose(TINY, 16, Wanted("cpu"), images=100)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == 1


def test_a_batch_of_one_image_is_probed_with_two() -> None:
    # Its batch norm sees one value of each channel in an image.
    graph = parse("conv(4, kernel=32, padding=0) head()").lower()
    assert steps.Steps.sized(graph, Device(), 1).batch_size == 2
    assert choose(graph, 1, Wanted("cpu", threads=1), images=1).rates


@pytest.mark.parametrize("kind", ["cuda", "mps"])
def test_a_gpu_that_is_not_there(kind: str) -> None:
    if {"cuda": torch.cuda, "mps": torch.backends.mps}[kind].is_available():
        pytest.skip("it is there")
    with pytest.raises(
        TrainingError, match=f"device is `{kind}`; torch finds no such GPU on this machine\n  leave out"
    ):
        choose(TINY, 16, Wanted(kind), images=100)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "gpu"}, "device is `gpu`; there is no such device"),
        ({"precision": "fp16"}, "precision is `fp16`; there is no such precision"),
        ({"threads": 1.5}, "threads is 1.5; it must be a whole number from 1 to "),
        ({"threads": 0}, "threads is 0; it must be a whole number from 1 to "),
        ({"threads": cores() + 1}, f"threads is {cores() + 1}; it must be a whole number from 1 to {cores()}, "),
    ],
)
def test_what_cannot_be_wanted(values: dict[str, object], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        Wanted(**values)  # type: ignore[arg-type]


TWO, ONE = Device(threads=2), Device(threads=1)
BF16, CONTIGUOUS = Device(precision="bf16", threads=2), Device(channels_last=False, threads=2)


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ({TWO: 389.0, CONTIGUOUS: 210.0, BF16: 35.0, ONE: 237.0}, TWO),
        ({TWO: 389.0, CONTIGUOUS: 430.0, BF16: 35.0}, CONTIGUOUS),
        ({TWO: 389.0, CONTIGUOUS: 410.0, BF16: 420.0}, TWO),
        ({TWO: 389.0, BF16: 1100.0}, BF16),
        ({TWO: 389.0, ONE: 389.0}, TWO),
    ],
)
def test_the_fastest(rates: dict[Device, float], expected: Device) -> None:
    assert fastest(rates) == expected


@pytest.mark.parametrize(
    ("chosen", "rates", "expected"),
    [
        (
            "fp32, channels last, cuda",
            {"fp32, channels last, cuda": 12345.6},
            "fp32, channels last, cuda: 12,346 images/s",
        ),
        (
            "fp32, channels last, 2 threads",
            {
                "fp32, channels last, 2 threads": 389.4,
                "fp32, contiguous, 2 threads": 210.0,
                "bf16, channels last, 2 threads": 35.2,
                "fp32, channels last, 1 thread": 237.0,
                "fp32, channels last, two of 1 thread": 474.0,
                "fp32, channels last, 2 threads, compiled": 339.0,
            },
            "fp32, channels last, 2 threads: 389 images/s; "
            "contiguous 210, bf16 35, 1 thread 237, two of 1 thread 474, compiled 339",
        ),
        (
            "bf16, contiguous, 1 thread, compiled",
            {"bf16, contiguous, 1 thread": 1.26, "bf16, contiguous, 1 thread, compiled": 10.0},
            "bf16, contiguous, 1 thread, compiled: 10 images/s; not compiled 1.3",
        ),
    ],
)
def test_the_reason(chosen: str, rates: dict[str, float], expected: str) -> None:
    assert reason(chosen, rates) == expected


def test_an_alternative_without_memory_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    step = steps.TimedTraining.step
    sizes: list[int] = []

    def scarce(self: steps.TimedTraining) -> float:
        if not self.device.channels_last:
            sizes.append(len(self.labels))
            raise torch.OutOfMemoryError("CUDA out of memory")
        return step(self)

    monkeypatch.setattr(steps.TimedTraining, "step", scarce)
    choice = choose(TINY, 16, Wanted("cpu", threads=1), images=100)
    assert choice.device.channels_last
    assert all("channels last" in key for key in choice.rates)
    assert len(sizes) == 4
    assert min(sizes) == 2


def test_no_memory_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(_self: steps.TimedTraining) -> float:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(steps.TimedTraining, "step", exhausted)
    with pytest.raises(TrainingError, match="the device ran out of memory\n  the network is too large"):
        choose(TINY, 16, Wanted("cpu"), images=100)


def test_a_hopeless_first_step_is_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []

    def slow(self: steps.TimedTraining) -> float:
        taken.append(len(self.labels))
        return 0.5

    monkeypatch.setattr(steps.TimedTraining, "step", slow)
    assert steps.Steps(TINY, 64).rate(Device(precision="bf16"), to_beat=200.0) == 8 / 0.5
    assert taken == [8]


def run_without_a_compiler(program: str) -> subprocess.CompletedProcess[str]:
    nowhere = {**os.environ, "CXX": "/nowhere/c++", "PATH": "/nowhere"}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, check=False, env=nowhere, cwd=ROOT, capture_output=True, text=True)


def test_without_a_compiler_training_is_eager() -> None:
    program = (
        "from archsearch.notation.network import parse\n"
        "from archsearch.training.probe import choose\n"
        "from archsearch.training.wanted import Wanted\n"
        "graph = parse('conv(4, stride=4) head()').lower()\n"
        "choice = choose(graph, 16, Wanted('cpu', threads=1), images=10**9)\n"
        "assert not choice.device.compiled, choice\n"
        "print(choice.reason)\n"
    )
    done = run_without_a_compiler(program)
    assert done.stdout.endswith("; not compiled: there is no C++ compiler\n"), done.stderr


def test_a_network_that_cannot_be_compiled_is_an_error_of_its_training() -> None:
    program = (
        "from archsearch import Recipe, load_data, parse, train\n"
        "from archsearch.errors import TrainingError\n"
        "from archsearch.training.device import Device\n"
        "graph, recipe = parse('conv(4, stride=4) head()').lower(), Recipe(epochs=1, augmentation='none')\n"
        "try:\n"
        "    train(graph, load_data('digits').split('validation'), recipe, device=Device(compiled=True))\n"
        "except TrainingError as error:\n"
        "    print(error)\n"
    )
    done = run_without_a_compiler(program)
    rule = "the network cannot be compiled: there is no C++ compiler"
    assert done.stdout == f"{rule}\n  --no-compile may train it\n", done.stderr


@pytest.mark.slow
def test_compiling_is_tried_for_a_long_training() -> None:
    choice = choose(TINY, 16, Wanted("cpu", threads=1), images=10**9)
    assert "; compiling took " in choice.reason
    assert any(key.endswith(", compiled") for key in choice.rates)


def test_a_choice_holds_for_the_features_of_the_processor() -> None:
    program = "from archsearch.training.probe import machine; print(machine())"

    def told(**environment: str) -> str:
        given = {name: value for name, value in os.environ.items() if name != "ONEDNN_MAX_CPU_ISA"} | environment
        done = subprocess.run(
            [sys.executable, "-c", program], env=given, cwd=ROOT, check=True, capture_output=True, text=True
        )
        return done.stdout

    assert told(ONEDNN_MAX_CPU_ISA="AVX2") != told()


def test_a_machine_is_told_the_same_twice() -> None:
    assert machine() == machine()
    assert f"{cores()} cores" in machine()
    assert torch.__version__ in machine()
