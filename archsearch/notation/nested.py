"""What the built-in words stand for that take sentences in their brackets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from archsearch.errors import ShapeError
from archsearch.graph.builder import Builder
from archsearch.graph.ops.maps import Convolution, Pool
from archsearch.graph.ops.mixing import Elementwise
from archsearch.graph.ops.moving import Concatenate, Take
from archsearch.graph.ops.norms import Scale

Body: TypeAlias = Callable[[], None]
"""Adds the operations of a sentence after the last node."""


def residual(build: Builder, body: Body, scale: str, shortcut: str) -> None:
    """Add the input to what the sentence makes of it, through a shortcut where their shapes differ."""
    entry, before = build.last, build.channels
    body()
    end, channels = build.last, build.channels
    beside, stride = entry, build.stride_between(entry, end)
    if shortcut == "pool" and stride != (1, 1):
        beside, stride = build.then(Pool("avg", stride, stride, ceil_mode=True), beside), (1, 1)
    if stride != (1, 1) or channels != before:
        beside = build.then(Convolution(channels, (1, 1), stride), beside)
    if scale == "skip":
        beside = build.then(Scale(), beside)
    build.then(Elementwise("add"), end, beside)


def split(build: Builder, *bodies: Body) -> None:
    """Give each sentence an equal group of the channels, in order, and put their channels together again."""
    entry, channels, count = build.last, build.channels, len(bodies)
    if channels % count:
        message = f"{channels} channels cannot be split into {count} equal groups"
        remedy = f"make their number a multiple of {count} before it, as in conv({channels + -channels % count})"
        raise ShapeError(message, remedy=remedy)
    group, ends = channels // count, []
    for number, body in enumerate(bodies):
        build.then(Take(1, number * group, group), entry)
        body()
        ends.append(build.last)
    build.then(Concatenate(), *ends)


def concat(build: Builder, *bodies: Body) -> None:
    """Give each sentence the whole input, and put their channels one after another."""
    entry, ends = build.last, []
    for body in bodies:
        build.last = entry
        body()
        ends.append(build.last)
    build.then(Concatenate(), *ends)


def again(build: Builder, body: Body, times: int) -> None:
    """Repeat the sentence with one set of kernels; norms and factors are those of each time."""
    build.repeat(body, times)


def same(_build: Builder) -> None:
    """Add nothing: what comes in goes out."""
