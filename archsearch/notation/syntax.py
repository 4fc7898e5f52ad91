"""The syntax of sentences and grammars, as values; `place` is for messages and is not compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from archsearch.errors import Place


@dataclass(frozen=True)
class Integer:
    """A whole number in a sentence or a rule."""

    value: int
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Name:
    """A name without brackets: a word, a rule, a parameter or a value such as `max`."""

    name: str
    place: Place = field(compare=False)

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """None: a name stands for a call without any."""
        return ()


@dataclass(frozen=True)
class Argument:
    """One of the values in the brackets of a call, with its name if it has one, or the sentence there."""

    name: str | None
    value: Syntax
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Call:
    """A name and its arguments in brackets."""

    name: str
    arguments: tuple[Argument, ...]
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Sequence:
    """One thing after another."""

    items: tuple[Syntax, ...]
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Choice:
    """`a|b`: the alternatives, each with its source text."""

    alternatives: tuple[Syntax, ...]
    texts: tuple[str, ...]
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Repeat:
    """`item*least..most`."""

    item: Syntax
    least: int
    most: int
    place: Place = field(compare=False)


Syntax: TypeAlias = Integer | Name | Call | Sequence | Choice | Repeat


@dataclass(frozen=True)
class Rule:
    """`name(parameters) = body`."""

    name: str
    parameters: tuple[str, ...]
    body: Syntax
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Statement:
    """An unindented line of a grammar and the indented lines under it, which begin at `offset` in the text."""

    text: str
    offset: int
