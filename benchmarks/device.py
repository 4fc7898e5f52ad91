"""What this machine can compute, what the probe chooses on it, and where the time of a training step goes.

Run it with `python benchmarks/device.py`. The probe runs again in processes that must do without some instructions
(ONEDNN_MAX_CPU_ISA): those of AMX and bf16, then those of AVX-512. While something else computes, all is slower,
and the choice may be another.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

from archsearch.analysis.profile import Profile
from archsearch.data.dataset import RGB, Split
from archsearch.data.images import Images
from archsearch.graph.graph import Graph
from archsearch.notation.network import parse
from archsearch.table import render
from archsearch.training.checkpoint import Checkpoint
from archsearch.training.device import Device
from archsearch.training.feed import Feed
from archsearch.training.learner import Learner
from archsearch.training.probe import Choice, choose, machine, words
from archsearch.training.recipe import Recipe
from archsearch.training.steps import TimedTraining
from archsearch.training.wanted import Wanted, cores

NETWORK = Path(__file__).resolve().parents[1] / "search_spaces" / "era_s9.net"
BATCH_SIZE = 128
TRAINING, EVALUATION = 9_000, 1_000
"""Images of an epoch, in the proportion of CIFAR-10's split."""

IMAGES = 100_000
"""Few enough that compiling is not tried."""

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
MASKS = ("", "AVX512_CORE", "AVX2")
SIDE = 1024
FLOATS = 1 << 26

PARTS = {
    "convolutions, forward": (
        "aten::mkldnn_convolution",
        "aten::_slow_conv",
        "aten::thnn_conv",
        "aten::cudnn_conv",
    ),
    "convolutions, backward": ("aten::convolution_backward",),
    "batch norm": ("aten::native_batch_norm", "aten::native_batch_norm_backward", "aten::cudnn_batch_norm"),
    "activations": ("aten::clamp_min", "aten::relu", "aten::threshold_backward"),
    "sums": ("aten::add", "aten::add_"),
    "optimizer": ("Optimizer.step", "Optimizer.zero_grad", "aten::_foreach"),
}
"""The calls of torch in each part of a step, by how their names begin."""


def main() -> None:
    """Print the tables."""
    if sys.argv[1:] == ["--probe"]:
        sys.stdout.write(json.dumps(choose(graph(), BATCH_SIZE, Wanted(), IMAGES).written()))
        return
    limits = {precision: matrix_rate(dtype) for precision, dtype in DTYPES.items()}
    show(machine())
    rows: list[tuple[str, object, str]] = [
        ("matrix product, fp32", limits["fp32"], "GFLOP/s"),
        ("matrix product, bf16", limits["bf16"], "GFLOP/s"),
        ("copy", copy_rate(), "GB/s read and written"),
    ]
    show(render(("limit", "value", "unit"), rows))
    choices = {mask: probed(mask) for mask in MASKS}
    show(render(("ONEDNN_MAX_CPU_ISA", "alternative", "images/s", ""), alternatives(choices)))
    show_step(choices[""].device, limits)
    show_epoch(choices[""].device)


def graph() -> Graph:
    """Return the graph of the reference network."""
    return parse(NETWORK.read_text(encoding="utf-8")).lower()


def seconds(work: Callable[[], object]) -> float:
    """Return the median seconds of at most five calls, after a first one; of fewer if they are slow."""
    work()
    times: list[float] = []
    while not times or (len(times) < 5 and sum(times) < 2):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return median(times)


def matrix_rate(dtype: torch.dtype) -> float:
    """Return the GFLOP/s of a large matrix product by all cores."""
    left, right = torch.randn(2, SIDE, SIDE).to(dtype)
    with Device(threads=cores()).computing():
        return 2 * SIDE**3 / seconds(lambda: left @ right) / 1e9


def copy_rate() -> float:
    """Return the GB/s, read and written, of a copy that no cache holds, by all cores."""
    source, target = torch.ones(2, FLOATS)
    with Device(threads=cores()).computing():
        return 2 * 4 * FLOATS / seconds(lambda: target.copy_(source)) / 1e9


def probed(mask: str) -> Choice:
    """Return the choice of a process of its own, with a mask of the processor's instructions."""
    environment = {**os.environ, **({"ONEDNN_MAX_CPU_ISA": mask} if mask else {})}
    command = [sys.executable, __file__, "--probe"]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return Choice.of(json.loads(done.stdout))


def alternatives(choices: dict[str, Choice]) -> list[tuple[str, str, float, str]]:
    """Return a row for each alternative that was tried."""
    return [
        (mask or "not set", text, rate, "chosen" if choice.reason.startswith(f"{text}:") else "")
        for mask, choice in choices.items()
        for text, rate in choice.rates.items()
    ]


def show_step(device: Device, limits: dict[str, float]) -> None:
    """Print which part of a training step takes how long, and how near to its limit the machine computes."""
    with device.computing():
        training = TimedTraining.begin(graph(), device, BATCH_SIZE)
        step = seconds(training.step)
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        training.step()
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults
        with profile(activities=[ProfilerActivity.CPU]) as profiled:
            training.step()
    times = dict.fromkeys([*PARTS, "rest"], 0.0)
    for event in profiled.key_averages():
        times[part(event.key)] += event.self_cpu_time_total
    whole = sum(times.values())
    show(
        f"A step on {BATCH_SIZE} images, {', '.join(words(device))}: {1000 * step:.0f} ms, {faults:,} page faults"
    )
    show(render(("part", "percent of the step"), [(name, 100 * spent / whole) for name, spent in times.items()]))
    # Forward, and gradients of inputs and of weights; two operations in each multiply-accumulate.
    reached = 6 * Profile(graph()).figures["macs"] * BATCH_SIZE / step / 1e9
    shares = ", ".join(f"{100 * reached / limit:.0f} % of {name}" for name, limit in limits.items())
    show(f"Its multiplications and additions: {reached:.0f} GFLOP/s, {shares}")


def show_epoch(device: Device) -> None:
    """Print what the parts of an epoch take, each alone, and the epoch with its data prepared behind the steps."""
    random = np.random.default_rng(0)
    train, evaluation = (
        Images(random.integers(0, 256, (count, 32, 32, 3), np.uint8), random.integers(10, size=count))
        for count in (TRAINING, EVALUATION)
    )
    split = Split(
        "noise", "validation", train, evaluation, tuple("0123456789"), RGB(0.5, 0.5, 0.5), RGB(0.3, 0.3, 0.3)
    )
    feed = Feed(split, Recipe.find("fast"), 0, device.torch_device)
    learner = Learner.begin(graph(), feed, device, 0)
    with device.computing():
        data = seconds(lambda: [None for _ in feed.training(1, 1)])
        training = TimedTraining.begin(graph(), device, feed.recipe.batch_size)
        steps = TRAINING / feed.recipe.batch_size * seconds(training.step)
        epoch = learner.epoch(1, 1, None)
        with TemporaryDirectory() as folder:
            kept = Checkpoint(learner.tensors(), {})
            written = seconds(lambda: kept.write(Path(folder) / "checkpoint.safetensors"))
    together = TRAINING / (epoch.images_per_second or 1)
    rows = [
        ("images read and augmented, alone", data),
        ("steps of SGD on images that lie ready", steps),
        ("both, as they are done: data behind the steps, and Muon", together),
        (f"evaluation of {EVALUATION:,} images", epoch.seconds - together),
        ("checkpoint", written),
    ]
    show(f"An epoch of `fast` on {TRAINING:,} images")
    show(
        render(
            ("part", "seconds", "percent of the epoch"),
            [(name, spent, 100 * spent / (epoch.seconds + written)) for name, spent in rows],
        )
    )


def part(name: str) -> str:
    """Return the part of a step that a call belongs to."""
    found = [part for part, beginnings in PARTS.items() if name.startswith(beginnings)]
    return found[0] if found else "rest"


def show(text: str) -> None:
    """Print a text and an empty line."""
    sys.stdout.write(f"{text}\n\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
