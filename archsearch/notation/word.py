"""A word of the notation: its name, its arguments with their defaults, and what it lowers to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from archsearch.errors import NotationError

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

        >>> Word("blur", (Parameter("kernel"), Parameter("padding", 0, least=0)), print).signature
        'blur(kernel, padding=0)'
        """
        parts = ["sentence"] if self.has_body else []
        parts += [one.name if one.required else f"{one.name}={one.default}" for one in self.parameters]
        return f"{self.name}({', '.join(parts)})" if parts else self.name


@dataclass(frozen=True)
class Vocabulary(Mapping[str, Word]):
    """Words by their names.

    `source` is the text of the Python file that adds words to the built-in ones, and empty if none does:
    `user_words.words_from` makes the same vocabulary from it.

    >>> list(Vocabulary((Word("relu6", (), print), Word("blur", (), print))))
    ['relu6', 'blur']
    """

    words: tuple[Word, ...]
    source: str = ""

    def __getitem__(self, name: str) -> Word:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def _by_name(self) -> dict[str, Word]:
        return {word.name: word for word in self.words}
