"""The vocabulary: each word's arguments with their defaults, and the operations it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from archsearch.errors import NotationError
from archsearch.graph.builder import Builder
from archsearch.graph.ops.maps import BatchNorm, Convolution, GlobalPool, Pool
from archsearch.graph.ops.mixing import Elementwise, Linear
from archsearch.graph.ops.moving import Flatten
from archsearch.graph.shapes import Sizes

if TYPE_CHECKING:
    from archsearch.errors import Place

Value: TypeAlias = int | str
Values: TypeAlias = Mapping[str, Any]
"""Arguments by their names, each a Value: a number, or one of the parameter's choices."""


@dataclass(frozen=True)
class Derived:
    """A default that follows from the arguments before it.

    `text` is how a signature writes it; `value(before)` returns it, or None where the argument must be said, and
    then `remedy` says what to do.

    >>> Derived("channels/4", lambda before: before["channels"] // 4).value({"channels": 24})
    6
    """

    text: str
    value: Callable[[Values], Value | None]
    remedy: str | None = None

    def __str__(self) -> str:
        """Return the text."""
        return self.text


@dataclass(frozen=True)
class Parameter:
    """An argument of a word: a whole number of at least `least`, or one of `choices`."""

    name: str
    default: Value | Derived | None = None
    least: int = 1
    choices: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Whether a sentence must give it."""
        return self.default is None

    def resolve(self, before: Values) -> Value | None:
        """Return the default, given the arguments before this one; None if it must be said."""
        return self.default.value(before) if isinstance(self.default, Derived) else self.default

    def check(self, value: Value, word: str, place: Place | None) -> None:
        """Raise NotationError if `value` is not allowed here."""
        if self.choices:
            allowed = f"one of {', '.join(self.choices)}"
            good = value in self.choices
        else:
            allowed = f"a whole number of at least {self.least}"
            good = isinstance(value, int) and value >= self.least
        if not good:
            raise NotationError(f"{self.name} of `{word}` is {value}; it must be {allowed}", place=place)


@dataclass(frozen=True)
class Word:
    """A word of the notation: what it takes, and how it is lowered to operations.

    `lower(build, **arguments)` adds the operations, after those that are there, and is given every argument by
    its name. A word that `has_body` takes a sentence in its brackets and nothing else: `lower(build, body)`, where
    `body()` adds those of that sentence. A word that `ends` classifies, and may only be a sentence's last.

    >>> def relu6(build: Builder, times: int) -> None:
    ...     for _ in range(times):
    ...         build.then(Elementwise("relu6"))
    >>> Word("relu6", (Parameter("times", 1),), relu6).signature
    'relu6(times=1)'
    """

    name: str
    parameters: tuple[Parameter, ...]
    lower: Callable[..., None]
    has_body: bool = False
    ends: bool = False

    @property
    def signature(self) -> str:
        """The word with its arguments and defaults, as in the README's table.

        >>> VOCABULARY["maxpool"].signature
        'maxpool(kernel, stride=kernel, padding=0)'
        """
        parts = ["sentence"] if self.has_body else []
        parts += [one.name if one.required else f"{one.name}={one.default}" for one in self.parameters]
        return f"{self.name}({', '.join(parts)})" if parts else self.name


Vocabulary: TypeAlias = Mapping[str, Word]
"""Words by their names."""


def _same_padding(before: Values) -> int | None:
    """Keep the size at stride 1, which an even kernel cannot."""
    kernel, dilation = before["kernel"], before["dilation"]
    return dilation * (kernel - 1) // 2 if kernel % 2 else None


def _pairs(window: Mapping[str, int]) -> dict[str, Sizes]:
    """Return the same value for height and width."""
    return {name: (value, value) for name, value in window.items()}


def _around(build: Builder, norm: str, activation: str) -> None:
    if norm == "batch":
        build.then(BatchNorm())
    if activation == "relu":
        build.then(Elementwise("relu"))


def _conv(
    build: Builder, channels: int, groups: int, bias: str, norm: str, activation: str, **window: int
) -> None:
    build.then(Convolution(channels, groups=groups, bias=bias == "on", **_pairs(window)))
    _around(build, norm, activation)


def _sep(
    build: Builder, channels: int, multiplier: int, bias: str, norm: str, activation: str, **window: int
) -> None:
    before = build.channels
    build.then(Convolution(before * multiplier, groups=before, bias=bias == "on", **_pairs(window)))
    build.then(Convolution(channels, (1, 1), bias=bias == "on"))
    _around(build, norm, activation)


def _residual(build: Builder, body: Callable[[], None]) -> None:
    entry, before = build.last, build.channels
    body()
    end, shortcut = build.last, entry
    stride, channels = build.stride_between(entry, end), build.channels
    if stride != (1, 1) or channels != before:
        shortcut = build.then(Convolution(channels, (1, 1), stride), entry)
    build.then(Elementwise("add"), end, shortcut)


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


_SAME = Derived(
    "dilation*(kernel-1)/2",
    _same_padding,
    "an even kernel has no padding that keeps the size; write padding=0, for instance",
)
_WINDOW = (
    Parameter("kernel", 3),
    Parameter("stride", 1),
    Parameter("dilation", 1),
    Parameter("padding", _SAME, least=0),
)
_AROUND = (
    Parameter("bias", "on", choices=("on", "off")),
    Parameter("norm", "batch", choices=("batch", "none")),
    Parameter("activation", "relu", choices=("relu", "none")),
)

VOCABULARY: Vocabulary = {
    word.name: word
    for word in (
        Word("conv", (Parameter("channels"), *_WINDOW, Parameter("groups", 1), *_AROUND), _conv),
        Word("sep", (Parameter("channels"), *_WINDOW, Parameter("multiplier", 1), *_AROUND), _sep),
        Word("residual", (), _residual, has_body=True),
        _pool("max"),
        _pool("avg"),
        Word("relu", (), _relu),
        Word("head", (Parameter("pool", "avg", choices=("avg", "max")),), _head, ends=True),
    )
}
"""Every word of the notation by its name."""
