"""The vocabulary: each word's arguments with their defaults, and the operations it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from archsearch.errors import NotationError
from archsearch.graph import Builder
from archsearch.ops import BatchNorm, Convolution, Elementwise, Flatten, GlobalPool, Linear, Pool, Sizes

if TYPE_CHECKING:
    from archsearch.errors import Place

Value: TypeAlias = int | str
Values: TypeAlias = Mapping[str, Value]
Derived: TypeAlias = Callable[[Values], int | None]
"""A default that follows from the arguments before it; None where it must be said."""


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
        return self.default(before) if callable(self.default) else self.default

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

    `lower(build, values, body)` adds the operations; `body` adds those of the sentence in its brackets.
    """

    name: str
    parameters: tuple[Parameter, ...]
    lower: Callable[[Builder, Values, Callable[[], None]], None]
    has_body: bool = False
    ends: bool = False

    @property
    def signature(self) -> str:
        """The word with its arguments and defaults, as in the README's table.

        >>> VOCABULARY["maxpool"].signature
        'maxpool(kernel, stride=kernel, padding=0)'
        """
        parts = ["sentence"] if self.has_body else []
        for parameter in self.parameters:
            if parameter.required:
                parts.append(parameter.name)
            elif callable(parameter.default):
                parts.append(f"{parameter.name}={_DERIVED[parameter.default]}")
            else:
                parts.append(f"{parameter.name}={parameter.default}")
        return f"{self.name}({', '.join(parts)})" if parts else self.name


def _same_padding(values: Values) -> int | None:
    """Keep the size at stride 1, which an even kernel cannot."""
    kernel, dilation = cast(int, values["kernel"]), cast(int, values["dilation"])
    return dilation * (kernel - 1) // 2 if kernel % 2 else None


def _kernel(values: Values) -> int:
    return cast(int, values["kernel"])


_DERIVED: Mapping[Derived, str] = {_same_padding: "dilation*(kernel-1)/2", _kernel: "kernel"}


def _pair(values: Values, name: str) -> Sizes:
    value = cast(int, values[name])
    return (value, value)


def _normed(build: Builder, values: Values) -> None:
    if values["norm"] == "batch":
        build.then(BatchNorm())
    if values["activation"] == "relu":
        build.then(Elementwise("relu"))


def _conv(build: Builder, values: Values, _body: Callable[[], None]) -> None:
    build.then(
        Convolution(
            channels=cast(int, values["channels"]),
            kernel=_pair(values, "kernel"),
            stride=_pair(values, "stride"),
            padding=_pair(values, "padding"),
            dilation=_pair(values, "dilation"),
            groups=cast(int, values["groups"]),
            bias=values["bias"] == "on",
        )
    )
    _normed(build, values)


def _sep(build: Builder, values: Values, _body: Callable[[], None]) -> None:
    before = build.shape(build.last)[1]
    build.then(
        Convolution(
            channels=before * cast(int, values["multiplier"]),
            kernel=_pair(values, "kernel"),
            stride=_pair(values, "stride"),
            padding=_pair(values, "padding"),
            dilation=_pair(values, "dilation"),
            groups=before,
            bias=values["bias"] == "on",
        )
    )
    build.then(Convolution(cast(int, values["channels"]), (1, 1), bias=values["bias"] == "on"))
    _normed(build, values)


def _residual(build: Builder, _values: Values, body: Callable[[], None]) -> None:
    entry = build.last
    body()
    end, shortcut = build.last, entry
    stride = build.stride_between(entry, end)
    channels = build.shape(end)[1]
    if stride != (1, 1) or channels != build.shape(entry)[1]:
        shortcut = build.then(Convolution(channels, (1, 1), stride), entry)
    build.then(Elementwise("add"), end, shortcut)


def _pool(mode: Literal["max", "avg"]) -> Word:
    def lower(build: Builder, values: Values, _body: Callable[[], None]) -> None:
        build.then(Pool(mode, _pair(values, "kernel"), _pair(values, "stride"), _pair(values, "padding")))

    parameters = (Parameter("kernel"), Parameter("stride", _kernel), Parameter("padding", 0, least=0))
    return Word(f"{mode}pool", parameters, lower)


def _relu(build: Builder, _values: Values, _body: Callable[[], None]) -> None:
    build.then(Elementwise("relu"))


def _head(build: Builder, values: Values, _body: Callable[[], None]) -> None:
    build.then(GlobalPool("max" if values["pool"] == "max" else "avg"))
    build.then(Flatten())
    build.then(Linear(build.classes))


_WINDOW = (
    Parameter("kernel", 3),
    Parameter("stride", 1),
    Parameter("dilation", 1),
    Parameter("padding", _same_padding, least=0),
)
_AROUND = (
    Parameter("bias", "on", choices=("on", "off")),
    Parameter("norm", "batch", choices=("batch", "none")),
    Parameter("activation", "relu", choices=("relu", "none")),
)

VOCABULARY: Mapping[str, Word] = {
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
