"""A word of the notation: its name, its parameters with their defaults, and the operations it stands for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from archsearch.errors import NotationError

if TYPE_CHECKING:
    from archsearch.errors import Place


Value: TypeAlias = int | str
Values: TypeAlias = Mapping[str, Any]
"""Values by the names of their parameters: each a whole number or one of the choices."""


@dataclass(frozen=True)
class Derived:
    """A default computed from the arguments before it.

    `text` is how a signature shows it; `value(before)` returns it, or None where there is no default, and then
    `remedy` says what to write.

    >>> Derived("channels/4", lambda before: before["channels"] // 4).value({"channels": 24})
    6
    """

    text: str
    value: Callable[[Values], Value | None]
    remedy: str | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Parameter:
    """A parameter of a word: a whole number of at least `least`, or one of `choices`."""

    name: str
    default: Value | Derived | None = None
    least: int = 1
    choices: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Whether it has no default, so that every sentence must give it."""
        return self.default is None

    def resolve(self, before: Values) -> Value | None:
        """Return the default, which may follow from the arguments before; None if there is none."""
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
    """A word of the notation: its parameters, and a function that adds the operations it stands for.

    `lower(build, **values)` adds the operations to those already built, and is given a value for every parameter.
    A word that `has_body` takes a sentence in its brackets, before the values, and one that `has_bodies` several,
    at least two: `lower(build, *bodies, **values)`, where each `body()` adds the operations of its sentence after
    node `build.last`. A word that `ends` classifies, and may only be the last of a sentence.

    >>> def relu6(build: Builder, times: int) -> None:
    ...     for _ in range(times):
    ...         build.then(Elementwise("relu6"))
    >>> Word("relu6", (Parameter("times", 1),), relu6).signature
    'relu6(times=1)'
    >>> Word("either", (Parameter("of", 2),), print, has_bodies=True).signature
    'either(sentence, sentence, ..., of=2)'
    """

    name: str
    parameters: tuple[Parameter, ...]
    lower: Callable[..., None]
    has_body: bool = False
    ends: bool = False
    has_bodies: bool = False

    def __hash__(self) -> int:
        # Words are looked up by the thousand, and hardly two have one name.
        return hash(self.name)

    @property
    def takes_sentences(self) -> bool:
        """Whether what stands without a name in its brackets is a sentence; values need their names then."""
        return self.has_body or self.has_bodies

    @property
    def signature(self) -> str:
        """The word with its parameters and defaults, as in the README's table.

        >>> Word("blur", (Parameter("kernel"), Parameter("padding", 0, least=0)), print).signature
        'blur(kernel, padding=0)'
        """
        parts = ["sentence"] if self.has_body else ["sentence", "sentence", "..."] if self.has_bodies else []
        parts += [one.name if one.required else f"{one.name}={one.default}" for one in self.parameters]
        return self.written(parts)

    def written(self, arguments: Collection[str]) -> str:
        """Write the word with these arguments; where it could have some, brackets stay without any.

        >>> Word("blur", (Parameter("kernel", 3),), print).written([]), Word("relu6", (), print).written([])
        ('blur()', 'relu6')
        """
        return f"{self.name}({', '.join(arguments)})" if arguments or self.parameters else self.name


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

    def __hash__(self) -> int:
        return hash(self.source)

    def without(self, names: Collection[str]) -> Vocabulary:
        """Return the vocabulary without the words of these names.

        >>> list(Vocabulary((Word("relu6", (), print), Word("blur", (), print))).without({"blur"}))
        ['relu6']
        """
        return replace(self, words=tuple(word for word in self.words if word.name not in names))

    def __getitem__(self, name: str) -> Word:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def _by_name(self) -> dict[str, Word]:
        return {word.name: word for word in self.words}
