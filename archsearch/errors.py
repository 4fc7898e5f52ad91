"""What a user can get wrong: one kind of exception, whose text says rule, value, place and remedy."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_EXCERPT = 100


@dataclass(frozen=True)
class Place:
    r"""A position in a text that a user wrote: the source of the text, and the offset of a character.

    >>> print(Place("era.net", "conv(24)\nconv(0)", 14))
    era.net, line 2, column 6
        conv(0)
             ^
    """

    source: str
    text: str
    offset: int

    @property
    def line(self) -> int:
        """The line, counted from 1."""
        return self.text.count("\n", 0, self.offset) + 1

    @property
    def column(self) -> int:
        """The column, counted from 1."""
        return self.offset - (self.text.rfind("\n", 0, self.offset) + 1) + 1

    def __str__(self) -> str:
        line = (self.text.split("\n")[self.line - 1]).replace("\t", " ")
        caret = self.column - 1
        start = max(0, caret - _LONGEST_EXCERPT // 2) if len(line) > _LONGEST_EXCERPT else 0
        excerpt = line[start : start + _LONGEST_EXCERPT]
        return (
            f"{self.source}, line {self.line}, column {self.column}\n    {excerpt}\n    {' ' * (caret - start)}^"
        )


class ArchsearchError(Exception):
    """A mistake that the reader can fix: the rule with the value that broke it, the place, the remedy.

    >>> print(ArchsearchError("kernel is 0; it must be at least 1", remedy="write kernel=1 or more"))
    kernel is 0; it must be at least 1
      write kernel=1 or more
    """

    def __init__(self, message: str, *, place: Place | str | None = None, remedy: str | None = None) -> None:
        self.message = message
        self.place = place
        self.remedy = remedy
        parts = [message]
        if place is not None:
            parts.append(f"  at {place}")
        if remedy is not None:
            parts.append(f"  {remedy}")
        super().__init__("\n".join(parts))


class UsageError(ArchsearchError):
    """A command that is called in a way that it cannot be: an unknown option, a missing argument."""


class NotationError(ArchsearchError):
    """A sentence, a space, a condition or a file of words that cannot be read."""


class ShapeError(ArchsearchError):
    """Operations that do not fit together: a map smaller than a window, two shapes that cannot be added."""


class TraceError(ArchsearchError):
    """A torch module that cannot be found, run or traced, or that has an unknown operation."""


class DataError(ArchsearchError):
    """A dataset that is missing, incomplete or damaged."""


class TrainingError(ArchsearchError):
    """A network that cannot be trained, or a training run whose loss is not finite."""


class StudyError(ArchsearchError):
    """A study that cannot be opened, continued or written."""


def suggest(word: str, known: Iterable[str]) -> str:
    """Suggest the known word that was probably meant, or list all of them.

    >>> suggest("kernal", ["kernel", "stride"])
    'did you mean `kernel`?'
    >>> suggest("x", ["b", "a"])
    'known here: a, b'
    """
    words = sorted(known)
    in_any_case = {one.lower(): one for one in words}
    close = get_close_matches(word.lower(), in_any_case, n=1)
    return f"did you mean `{in_any_case[close[0]]}`?" if close else f"known here: {', '.join(words)}"
