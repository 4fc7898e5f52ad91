"""How fast this machine trains a network, measured; and the device that is chosen for it.

On processors that have AMX bf16 wins by far, on others it is emulated and ten times slower; the faster layout and
the best number of threads depend on network and machine. So a few real training steps are timed for each. GPUs are
treated in the same way, but that was not measured on one.
"""

from __future__ import annotations

import functools
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import environ
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import torch

from archsearch.errors import TrainingError
from archsearch.training.device import Device, kinds_here
from archsearch.training.steps import Steps, compile_errors, compile_failure
from archsearch.training.wanted import Wanted, cores

if TYPE_CHECKING:
    from archsearch.graph.graph import Graph

_WORTH_COMPILING = 600.0
"""Seconds of training from which on it may make up for compiling, which takes most of a minute."""

_FASTER = 1.1


@dataclass(frozen=True)
class Choice:
    """The device chosen, why in a line for people, and the images per second of each alternative tried.

    The keys of `rates` are short texts, such as "fp32, channels last, 2 threads".
    """

    device: Device
    reason: str
    rates: Mapping[str, float]

    def suits(self, images: int) -> bool:
        """Whether it holds for a training on so many images: compiling was tried, or would not be for so few."""
        return "compil" in self.reason or images / self.rate < _WORTH_COMPILING

    @property
    def rate(self) -> float:
        """Images per second of the device that was chosen."""
        return self.rates[", ".join(words(self.device))]

    def written(self) -> dict[str, Any]:
        """Return plain values, which `of` reads."""
        return {"device": self.device.written(), "reason": self.reason, "rates": dict(self.rates)}

    @staticmethod
    def of(values: Mapping[str, Any]) -> Choice:
        """Return the choice that `written` wrote."""
        return Choice(Device.of(values["device"]), values["reason"], values["rates"])


def machine() -> str:
    """Return what a choice holds for: processor, cores that this process may use, torch, masked features, GPU."""
    masked = environ.get("ONEDNN_MAX_CPU_ISA")
    gpu: str | None
    if torch.cuda.is_available():
        gpu = torch.cuda.get_device_name()
    else:
        gpu = "Apple GPU" if torch.backends.mps.is_available() else None
    mask = f"ONEDNN_MAX_CPU_ISA={masked}" if masked else None
    parts = [_processor(), f"{cores()} cores", f"torch {torch.__version__}", mask, gpu]
    return ", ".join(part for part in parts if part)


def kind_of(wanted: Wanted) -> str:
    """Return the kind of device that trains: the one wanted, or else a GPU if there is one.

    Raises TrainingError where torch finds none of that kind.

    >>> kind_of(Wanted("cpu"))
    'cpu'
    """
    here = kinds_here()
    kind = wanted.kind or here[0]
    if kind not in here:
        remedy = "leave out --device to train on what there is, or install a torch that is built for the GPU"
        raise TrainingError(f"device is `{kind}`; torch finds no such GPU on this machine", remedy=remedy)
    return kind


def choose(graph: Graph, recipe_batch_size: int, wanted: Wanted, images: int) -> Choice:
    """Time training steps of a classifier on random images, and return the fastest way to train it.

    Tried one after the other, each time on the best so far: both memory formats, bf16, other numbers of threads;
    and torch.compile, if training on so many `images` (those of an epoch times the epochs) takes 10 minutes or
    more: it has to save more than compiling takes. What `wanted` states is not varied. Takes a few seconds, more
    for networks of which a step takes seconds. Torch's random numbers and threads are left as they were.

    Raises TrainingError where there is no such GPU as wanted, and where there is no memory for a step.
    """
    first = _first(wanted)
    with first.computing():
        steps = Steps.sized(graph, first, recipe_batch_size)
        rates = _eager_rates(steps, first, wanted)
        device = fastest(rates)
        together: dict[str, float | None] = {}
        if device.kind == "cpu" and wanted.threads is None and cores() > 1:
            single = replace(device, threads=1)
            together = {", ".join([*words(single)[:-1], "two of 1 thread"]): steps.rate_of_two(single)}
        note = ""
        is_long = images / rates[device] >= _WORTH_COMPILING
        if wanted.compiled or (is_long and wanted.compiled is None):
            compiled = replace(device, compiled=True)
            try:
                rates[compiled], seconds = Steps(graph, recipe_batch_size).compiled_rate(compiled)
            except compile_errors() as error:
                note = f"; not compiled: {compile_failure(error)}"
            else:
                note = f"; compiling took {seconds:.0f} s"
                # Each network of a study is compiled anew.
                pays = fastest(rates) == compiled and images / rates[device] - images / rates[compiled] > seconds
                device = compiled if wanted.compiled or pays else device
    tried = {", ".join(words(one)): rate for one, rate in rates.items()}
    tried |= {text: rate for text, rate in together.items() if rate is not None}
    return Choice(device, reason(", ".join(words(device)), tried) + note, tried)


def fastest(rates: Mapping[Device, float]) -> Device:
    """Return the device with the most images per second; one tried later has to be a tenth faster.

    A measurement of less than a second is no surer than that, and what is tried first is the usual way.

    >>> fastest({Device(threads=2): 350.0, Device(precision="bf16", threads=2): 370.0}).precision
    'fp32'
    >>> fastest({Device(threads=2): 350.0, Device(precision="bf16", threads=2): 946.0}).precision
    'bf16'
    """
    best, *others = rates
    for other in others:
        if rates[other] > _FASTER * rates[best]:
            best = other
    return best


def words(device: Device) -> list[str]:
    """Return a device in short words.

    >>> words(Device(threads=2))
    ['fp32', 'channels last', '2 threads']
    """
    layout = "channels last" if device.channels_last else "contiguous"
    threads = f"{device.threads} thread{'s' if device.threads > 1 else ''}"
    place = threads if device.kind == "cpu" else device.kind
    return [device.precision, layout, place, *(["compiled"] if device.compiled else [])]


def reason(chosen: str, rates: Mapping[str, float]) -> str:
    """Write the rate of the alternative chosen, then those of the others by what is different in them.

    >>> reason("fp32, channels last", {"fp32, channels last": 389.2, "bf16, channels last": 35})
    'fp32, channels last: 389 images/s; bf16 35'
    """
    others = []
    for text, rate in rates.items():
        if text != chosen:
            ours, theirs = chosen.split(", "), text.split(", ")
            eager = ["not compiled"] if len(ours) > len(theirs) else []
            others.append(f"{' '.join([word for word in theirs if word not in ours] + eager)} {_number(rate)}")
    return "; ".join([f"{chosen}: {_number(rates[chosen])} images/s", *([", ".join(others)] if others else [])])


def _number(rate: float) -> str:
    """Three digits are more than a measurement of a second is good for.

    >>> _number(12345.6), _number(389.2), _number(0.0271)
    ('12,346', '389', '0.027')
    """
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


def _first(wanted: Wanted) -> Device:
    """Return the device to try first: as wanted, else in float32, by as many threads as there are cores."""
    kind = kind_of(wanted)
    # Threads that share a core seldom help: whether they do here is tried later.
    physical = psutil.cpu_count(logical=False) or cores()
    threads = wanted.threads or min(cores(), physical) if kind == "cpu" else 1
    return Device(kind, wanted.precision or "fp32", channels_last=True, threads=threads)


def _eager_rates(steps: Steps, first: Device, wanted: Wanted) -> dict[Device, float]:
    """Return the images per second of each alternative, in the order in which they were tried."""
    changes: list[dict[str, Any]] = [{}, {"channels_last": False}]
    if wanted.precision is None:
        changes.append({"precision": "bf16"})
    if wanted.threads is None and first.kind == "cpu":
        changes += [{"threads": number} for number in (cores(), 1) if number != first.threads]
    rates: dict[Device, float] = {}
    for change in changes:
        best = fastest(rates) if rates else first
        device = replace(best, **change)
        rate = steps.rate(device, rates.get(best))
        if rate is not None:
            rates[device] = rate
    if not rates:
        raise TrainingError("the device ran out of memory", remedy="the network is too large to be trained on it")
    return rates


@functools.cache
def _processor() -> str:
    """Return the name of the processor, with family and model where Linux says them: hosts hide the full name."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    found = [
        re.search(rf"^{name}\s*:\s*(.+)$", text, re.MULTILINE) for name in ("model name", "cpu family", "model")
    ]
    if all(found):
        name, family, model = (one[1].strip() for one in found if one)
        return f"{name} (family {family}, model {model})"
    return platform.processor() or platform.machine()
