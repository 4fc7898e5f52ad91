"""The built-in words: to add one, write a function that adds its operations, and an entry in VOCABULARY.

The parameters in the entry say which arguments are allowed; `Parameter.check` refuses all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from archsearch.graph.builder import Builder
from archsearch.graph.ops.maps import Convolution, GlobalPool, Pool
from archsearch.graph.ops.mixing import Elementwise, Linear
from archsearch.graph.ops.moving import Flatten
from archsearch.graph.ops.norms import BatchNorm
from archsearch.graph.shapes import Sizes
from archsearch.notation import nested
from archsearch.notation.word import Derived, Parameter, Values, Vocabulary, Word


def _same_padding(before: Values) -> int | None:
    """Return the padding that keeps the size at stride 1; an even kernel has none."""
    kernel, dilation = before["kernel"], before["dilation"]
    return dilation * (kernel - 1) // 2 if kernel % 2 else None


def _pairs(window: Mapping[str, int]) -> dict[str, Sizes]:
    """Return the same value for height and width."""
    return {name: (value, value) for name, value in window.items()}


def _norm_and_activation(build: Builder, norm: str, activation: str) -> None:
    if norm == "batch":
        build.then(BatchNorm())
    if activation == "relu":
        build.then(Elementwise("relu"))


def _conv(
    build: Builder, channels: int, groups: int, bias: str, norm: str, activation: str, **window: int
) -> None:
    build.then(Convolution(channels, groups=groups, bias=bias == "on", **_pairs(window)))
    _norm_and_activation(build, norm, activation)


def _sep(
    build: Builder, channels: int, multiplier: int, bias: str, norm: str, activation: str, **window: int
) -> None:
    before = build.channels
    build.then(Convolution(before * multiplier, groups=before, bias=bias == "on", **_pairs(window)))
    build.then(Convolution(channels, (1, 1), bias=bias == "on"))
    _norm_and_activation(build, norm, activation)


def _pool(mode: Literal["max", "avg"]) -> Word:
    def lower(build: Builder, kernel: int, stride: int, padding: int) -> None:
        build.then(Pool(mode, (kernel, kernel), (stride, stride), (padding, padding)))

    stride = Parameter("stride", Derived("kernel", lambda before: before["kernel"]))
    return Word(f"{mode}pool", (Parameter("kernel"), stride, Parameter("padding", 0, least=0)), lower)


def _relu(build: Builder) -> None:
    build.then(Elementwise("relu"))


def _head(build: Builder, pool: Literal["avg", "max"]) -> None:
    build.then(GlobalPool(pool))
    build.then(Flatten())
    build.then(Linear(build.classes))


_SAME_PADDING = Derived(
    "dilation*(kernel-1)/2",
    _same_padding,
    "an even kernel has no padding that keeps the size; write padding=0, for instance",
)
_WINDOW = (
    Parameter("kernel", 3),
    Parameter("stride", 1),
    Parameter("dilation", 1),
    Parameter("padding", _SAME_PADDING, least=0),
)
_BIAS_NORM_ACTIVATION = (
    Parameter("bias", "on", choices=("on", "off")),
    Parameter("norm", "batch", choices=("batch", "none")),
    Parameter("activation", "relu", choices=("relu", "none")),
)
_SKIP = (
    Parameter("scale", "none", choices=("none", "skip")),
    Parameter("shortcut", "conv", choices=("conv", "pool")),
)

VOCABULARY = Vocabulary(
    (
        Word("conv", (Parameter("channels"), *_WINDOW, Parameter("groups", 1), *_BIAS_NORM_ACTIVATION), _conv),
        Word("sep", (Parameter("channels"), *_WINDOW, Parameter("multiplier", 1), *_BIAS_NORM_ACTIVATION), _sep),
        Word("residual", _SKIP, nested.residual, has_body=True),
        Word("split", (), nested.split, has_bodies=True),
        Word("concat", (), nested.concat, has_bodies=True),
        Word("again", (Parameter("times", 2),), nested.again, has_body=True),
        Word("same", (), nested.same),
        _pool("max"),
        _pool("avg"),
        Word("relu", (), _relu),
        Word("head", (Parameter("pool", "avg", choices=("avg", "max")),), _head, ends=True),
    )
)
"""The built-in words."""
