"""How long a network takes to analyse and to judge, compared with tools that count a module.

`python benchmarks/counting.py` draws distinct networks from the shipped space era_s9 and prints milliseconds per
network, all in one process and one thread. Analysed are its receptive field, parameters and MACs. Judged are the
limits of the space, by what is remembered of words: from nothing, and after many other networks of the space. Ours
starts from the sentence, as text or as a value; the others get the network's graph for free, and their time is
shown with and without building the module. Each round measures every network once with each tool, on new modules
and values; the result is the median of the rounds. Time is processor time, which other work on the machine
disturbs less than wall-clock time. Caches that the package keeps for the life of a process are named, and cleared
before each pass, except for its parser's tables.

At last all networks of the space first are derived and judged, from nothing.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib.metadata import version
from itertools import islice
from statistics import mean, median
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from archsearch import Network, Profile, Space, parse
from archsearch.analysis.profile import profile
from archsearch.pytorch.build import build
from archsearch.table import render

ROUNDS = 5
NETWORKS = 100
OTHERS = (1_000, 10_000)
IMAGE = (1, 3, 32, 32)
FIGURES = ("rf", "params", "macs")
PARSER = "archsearch.notation.parser._parser"
"""The tables that Lark makes from the notation's grammar, once per process, like an import."""

Tool: TypeAlias = Callable[[nn.Module, Tensor], object]
Timed: TypeAlias = Callable[[Network], list[float]]
"""Measures one network: seconds in total and, where a module is built, without building it."""


def foreign_tools() -> dict[str, Tool]:
    """Return how each tool counts a module; exits if one is not installed."""
    try:
        fvcore, torchinfo, thop = map(importlib.import_module, ("fvcore.nn", "torchinfo", "thop"))
    except ImportError as error:
        sys.exit(f"{error}; the benchmark needs: pip install fvcore torchinfo thop")

    def by_fvcore(module: nn.Module, image: Tensor) -> object:
        analysis = fvcore.FlopCountAnalysis(module, image).unsupported_ops_warnings(False)
        return analysis.uncalled_modules_warnings(False).tracer_warnings("none").total()

    def by_torchinfo(module: nn.Module, image: Tensor) -> object:
        return torchinfo.summary(module, input_data=image, device="cpu", verbose=0).total_params

    def by_thop(module: nn.Module, image: Tensor) -> object:
        return thop.profile(module, (image,), verbose=False)

    def by_torch(module: nn.Module, image: Tensor) -> object:
        with FlopCounterMode(display=False) as counter:
            module(image)
        return counter.get_total_flops()

    return {"fvcore": by_fvcore, "torchinfo": by_torchinfo, "thop": by_thop, "FlopCounterMode": by_torch}


def conditions(*more: str) -> str:
    """Return the versions of all that runs, `more` packages too, and the number of threads."""
    names = ("torch", "fvcore", "torchinfo", "thop", *more)
    tools = ", ".join(f"{name} {version(name)}" for name in names)
    return f"Python {sys.version.split()[0]}, {tools}; threads: {torch.get_num_threads()}"


def caches() -> Iterator[tuple[str, Any]]:
    """Yield each cache that a function or method of the package keeps for the life of a process, with its name."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "archsearch"]:
        own = vars(sys.modules[name])
        classes = [value for value in own.values() if inspect.isclass(value) and value.__module__ == name]
        for value in [one for space in (own, *map(vars, classes)) for one in space.values()]:
            if hasattr(value, "cache_clear") and value.__module__ == name:
                yield f"{name}.{value.__qualname__}", value


def from_text(figures: tuple[str, ...], network: Network) -> list[float]:
    """Measure a sentence given as text."""
    text = str(network)
    started = time.process_time()
    read(profile(parse(text).lower()), figures)
    return [time.process_time() - started]


def from_value(figures: tuple[str, ...], network: Network) -> list[float]:
    """Measure a sentence given as a value."""
    value = parse(str(network))
    started = time.process_time()
    read(profile(value.lower()), figures)
    return [time.process_time() - started]


def read(found: Profile, figures: tuple[str, ...]) -> tuple[float, ...]:
    """Return figures of a profile, which computes them when asked."""
    return tuple(found.figures[name] for name in figures)


def judged_from_text(space: Space, network: Network) -> list[float]:
    """Measure whether a sentence given as text keeps the limits of a space."""
    text = str(network)
    started = time.process_time()
    _ = space.check(parse(text)).fits
    return [time.process_time() - started]


def judged_from_value(space: Space, network: Network) -> list[float]:
    """Measure the same of a sentence given as a value."""
    value = parse(str(network))
    started = time.process_time()
    _ = space.check(value).fits
    return [time.process_time() - started]


def judged_all(space: Space) -> tuple[float, float]:
    """Return the seconds that deriving all networks of a space takes, and those of judging them too."""
    started = time.process_time()
    for index in range(space.size):
        space.at(index)
    derived = time.process_time()
    clear_caches()
    begun = time.process_time()
    for index in range(space.size):
        _ = space.check(space.at(index)).fits
    return derived - started, time.process_time() - begun


def from_module(tool: Tool, network: Network) -> list[float]:
    """Measure building a module and counting it with a tool."""
    graph = network.lower()
    image = torch.zeros(IMAGE)
    started = time.process_time()
    module = build(graph).eval()
    built = time.process_time()
    with torch.no_grad():
        tool(module, image)
    ended = time.process_time()
    return [ended - started, ended - built]


def clear_caches() -> None:
    """Forget all but the parser's tables."""
    for name, cache in caches():
        if name != PARSER:
            cache.cache_clear()
    gc.collect()


def seconds(timed: Timed, networks: list[Network], others: list[Network]) -> list[float]:
    """Measure each network once, after others that are not measured, and return the means."""
    clear_caches()
    for network in others:
        timed(network)
    return [mean(column) for column in zip(*map(timed, networks), strict=True)]


def check(network: Network, tools: Mapping[str, Tool]) -> None:
    """Make sure that the tools count the same network."""
    rf, params, macs = read(profile(network.lower()), FIGURES)
    module, image = build(network.lower()).eval(), torch.zeros(IMAGE)
    with torch.no_grad():
        assert rf > 1
        assert tools["torchinfo"](module, image) == params
        assert tools["FlopCounterMode"](module, image) == 2 * macs


def table(rounds: list[dict[str, list[float]]], names: Iterable[str]) -> list[tuple[object, ...]]:
    """Return a row for each way of counting: milliseconds, and how many times those of ours."""

    def ratio(name: str, part: int, to: str) -> float:
        return median(one[name][part] / one[to][0] for one in rounds)

    rows: list[tuple[object, ...]] = []
    for name in names:
        parts = [
            (
                1000 * median(one[name][part] for one in rounds),
                ratio(name, part, "ours, from text"),
                ratio(name, part, "ours, from a value"),
            )
            for part in range(len(rounds[0][name]))
        ]
        rows.append((name, *parts[0], *(parts[1] if parts[1:] else (None,) * 3)))
    return rows


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    tools = foreign_tools()
    space = Space.find("era_s9")
    drawn = {str(network): network for network in islice(space.sample(seed=0), 2 * NETWORKS + max(OTHERS))}
    networks, others = [*drawn.values()][:NETWORKS], [*drawn.values()][NETWORKS:]
    check(networks[0], tools)
    every = tuple(profile(networks[0].lower()).figures)
    text, value = partial(judged_from_text, space), partial(judged_from_value, space)
    ours: dict[str, Timed] = {
        "ours, from text": partial(from_text, FIGURES),
        "ours, from a value": partial(from_value, FIGURES),
        "ours, from text, every figure": partial(from_text, every),
        "ours, from a value, every figure": partial(from_value, every),
        "judged, from text": text,
        "judged, from a value": value,
    }
    before = dict[str, list[Network]]()
    for count in OTHERS:
        for start, judge in (("text", text), ("a value", value)):
            ours[name := f"judged, from {start}, after {count:,}"] = judge
            before[name] = others[:count]
    timed = ours | {name: partial(from_module, tool) for name, tool in tools.items()}
    for measure in timed.values():  # a first pass for what is loaded on first use
        seconds(measure, networks[:2], [])
    rounds = [
        {name: seconds(measure, networks, before.get(name, [])) for name, measure in timed.items()}
        for _ in range(ROUNDS)
    ]

    print(f"{len(networks)} distinct networks of era_s9, the median of {ROUNDS} rounds; {conditions()}")
    assert PARSER in dict(caches())
    cached = [name for name, _cache in caches() if name != PARSER]
    print(f"caches of ours, cleared before each pass: {', '.join(cached) or 'none'}; kept: {PARSER}\n")
    columns = ("", "ms", "x text", "x value", "ms without building", "x text", "x value")
    print(render(columns, table(rounds, timed)))
    print()
    for name in ours:
        rates = [1 / one[name][0] for one in rounds]
        peer = median(one["fvcore"][0] / one[name][0] for one in rounds)
        rate = f"{median(rates):,.0f} networks a second ({min(rates):,.0f} to {max(rates):,.0f})"
        print(f"{name}: {rate}, 1/{peer:,.0f} of building it and counting it with fvcore")
    first = Space.find("first")
    derived, judged = judged_all(first)
    peer = judged / median(one["fvcore"][0] for one in rounds)
    print(
        f"all {first.size:,} networks of first: derived in {derived:.2f} s, derived and judged in {judged:.2f} s, "
        f"in which {peer:,.0f} of era_s9 are built and counted with fvcore"
    )


if __name__ == "__main__":
    main()
