"""The built-in words: to add one, write a function that adds its operations, and an entry in VOCABULARY.

The parameters in the entry say which arguments are allowed; `Parameter.check` refuses all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from archsearch.graph.builder import Builder
from archsearch.graph.ops.maps import Convolution, GlobalPool, Pool
from archsearch.graph.ops.mixing import Elementwise, Linear
from archsearch.graph.ops.moving import Flatten, Take
from archsearch.graph.ops.norms import BatchNorm, LayerNorm
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


def _norm(build: Builder, kind: str) -> None:
    if kind != "none":
        build.then(_NORMS[kind])


def _act(build: Builder, kind: str) -> None:
    if kind != "none":
        build.then(Elementwise(kind))


def _conv(
    build: Builder, channels: int, groups: int, bias: str, norm: str, activation: str, **window: int
) -> None:
    build.then(Convolution(channels, groups=groups, bias=bias == "on", **_pairs(window)))
    _norm(build, norm)
    _act(build, activation)


def _sep(
    build: Builder, channels: int, multiplier: int, bias: str, norm: str, activation: str, **window: int
) -> None:
    before = build.channels
    build.then(Convolution(before * multiplier, groups=before, bias=bias == "on", **_pairs(window)))
    build.then(Convolution(channels, (1, 1), bias=bias == "on"))
    _norm(build, norm)
    _act(build, activation)


def _dw(build: Builder, multiplier: int, bias: str, norm: str, activation: str, **window: int) -> None:
    before = build.channels
    build.then(Convolution(before * multiplier, groups=before, bias=bias == "on", **_pairs(window)))
    _norm(build, norm)
    _act(build, activation)


def _gated(build: Builder, channels: int, hidden: int, activation: str) -> None:
    """Multiply one half of the channels by an activation of the other (Shazeer 2020, arXiv 2002.05202)."""
    both = build.then(Convolution(2 * hidden, (1, 1)))
    build.then(Take(1, 0, hidden), both)
    gate = build.then(Elementwise(activation))
    values = build.then(Take(1, hidden, hidden), both)
    build.then(Elementwise("mul"), gate, values)
    build.then(Convolution(channels, (1, 1)))


def _se(build: Builder, reduction: int) -> None:
    """Multiply each channel by a factor computed from the means of all channels (Hu et al. 2018)."""
    features, channels = build.last, build.channels
    build.then(GlobalPool("avg"))
    build.then(Convolution(max(1, channels // reduction), (1, 1)))
    build.then(Elementwise("relu"))
    build.then(Convolution(channels, (1, 1)))
    factors = build.then(Elementwise("sigmoid"))
    build.then(Elementwise("mul"), features, factors)


def _pool(mode: Literal["max", "avg"]) -> Word:
    def lower(build: Builder, kernel: int, stride: int, padding: int) -> None:
        build.then(Pool(mode, (kernel, kernel), (stride, stride), (padding, padding)))

    stride = Parameter("stride", Derived("kernel", lambda before: before["kernel"]))
    return Word(f"{mode}pool", (Parameter("kernel"), stride, Parameter("padding", 0, least=0)), lower)


def _head(build: Builder, pool: Literal["avg", "max"]) -> None:
    build.then(GlobalPool(pool))
    build.then(Flatten())
    build.then(Linear(build.classes))


_NORMS: Mapping[str, BatchNorm | LayerNorm] = {"batch": BatchNorm(), "layer": LayerNorm()}
_ACTIVATIONS = ("relu", "silu", "gelu")

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
    Parameter("norm", "batch", choices=(*_NORMS, "none")),
    Parameter("activation", "relu", choices=(*_ACTIVATIONS, "none")),
)
_HIDDEN = Parameter("hidden", Derived("channels", lambda before: before["channels"]))
_GATE = Parameter("activation", "silu", choices=(*_ACTIVATIONS, "sigmoid"))
_SKIP = (
    Parameter("scale", "none", choices=("none", "skip")),
    Parameter("shortcut", "conv", choices=("conv", "pool")),
)

VOCABULARY = Vocabulary(
    (
        Word("conv", (Parameter("channels"), *_WINDOW, Parameter("groups", 1), *_BIAS_NORM_ACTIVATION), _conv),
        Word("sep", (Parameter("channels"), *_WINDOW, Parameter("multiplier", 1), *_BIAS_NORM_ACTIVATION), _sep),
        Word("dw", (*_WINDOW, Parameter("multiplier", 1), *_BIAS_NORM_ACTIVATION), _dw),
        Word("gated", (Parameter("channels"), _HIDDEN, _GATE), _gated),
        Word("se", (Parameter("reduction", 4),), _se),
        Word("residual", _SKIP, nested.residual, has_body=True),
        Word("split", (), nested.split, has_bodies=True),
        Word("concat", (), nested.concat, has_bodies=True),
        Word("again", (Parameter("times", 2),), nested.again, has_body=True),
        Word("same", (), nested.same),
        _pool("max"),
        _pool("avg"),
        Word("norm", (Parameter("kind", "batch", choices=(*_NORMS,)),), _norm),
        Word("act", (Parameter("kind", "relu", choices=_ACTIVATIONS),), _act),
        Word("relu", (), lambda build: _act(build, "relu")),
        Word("head", (Parameter("pool", "avg", choices=("avg", "max")),), _head, ends=True),
    )
)
"""The built-in words."""
