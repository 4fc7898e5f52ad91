"""Conditions on named values, read from text: limits on figures, and filters of a table of results.

`rf > 44, params < 200k`: a comma means `and` and binds loosest, `or` comes next, `and` binds tightest; brackets
group. Numbers may carry `_`, a fraction, `k` (thousand) or `M` (million); words are quoted.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from archsearch.errors import NotationError, suggest
from archsearch.notation.parser import read_condition
from archsearch.notation.syntax import Clauses, Comparison

if TYPE_CHECKING:
    from collections.abc import Collection

    from archsearch.errors import Place
    from archsearch.notation.syntax import Clause

ColumnValue: TypeAlias = int | float | str | None


@dataclass(frozen=True)
class Condition:
    """Comparisons over named values; without any, it always holds. Nothing in its text is evaluated as code."""

    text: str = ""
    clauses: tuple[Clause, ...] = ()

    @staticmethod
    def of(
        text: str,
        names: Collection[str],
        words: Collection[str] = (),
        *,
        kind: str = "column",
        source: str = "condition",
        place: Place | None = None,
    ) -> Condition:
        """Read a condition over `names`, called a `kind` in messages; a blank text always holds.

        The names in `words` hold words, the others numbers. `place` says where the text begins in a larger one.
        Raises NotationError, with a caret, for a text that is not a condition and for an unknown name.

        >>> Condition.of("a > 1, b < 2k or c < 1M", "abc").holds({"a": 2, "b": 2_000, "c": 5})
        True
        """
        if not text.strip():
            return ALWAYS
        tree = read_condition(text, source, place)
        for comparison in comparisons(tree):
            if comparison.name not in names:
                message = f"there is no {kind} `{comparison.name}`"
                raise NotationError(message, place=comparison.place, remedy=suggest(comparison.name, names))
            _check_kind_of_value(comparison, holds_words=comparison.name in words)
        return Condition(" ".join(text.split()), tuple(_conjuncts(tree)))

    def __str__(self) -> str:
        return self.text

    def holds(self, values: Mapping[str, ColumnValue]) -> bool:
        """Whether every clause holds; a comparison with a missing value (None) does not."""
        return all(holds(clause, values) for clause in self.clauses)


ALWAYS = Condition()
"""The condition that always holds."""

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


def holds(clause: Clause, values: Mapping[str, ColumnValue]) -> bool:
    """Whether a clause holds for these values."""
    if isinstance(clause, Clauses):
        joined = any if clause.joint == "or" else all
        return joined(holds(item, values) for item in clause.items)
    value = values[clause.name]
    if value is None or isinstance(value, str) != isinstance(clause.bound, str):
        return False
    return _COMPARE[clause.comparator](value, clause.bound)


def comparisons(clause: Clause) -> Iterator[Comparison]:
    """Yield the comparisons in a clause."""
    if isinstance(clause, Comparison):
        yield clause
    else:
        for item in clause.items:
            yield from comparisons(item)


def _check_kind_of_value(comparison: Comparison, *, holds_words: bool) -> None:
    if isinstance(comparison.bound, str) == holds_words:
        return
    if holds_words:
        message = f"`{comparison.name}` is a word, but {comparison.bound} is a number"
        remedy = "write a word in quotes"
    else:
        message = f"`{comparison.name}` is a number, but `{comparison.bound}` is a word"
        remedy = "write a number, without quotes"
    raise NotationError(message, place=comparison.place, remedy=remedy)


def _conjuncts(tree: Clause) -> Iterator[Clause]:
    """Yield the conditions joined by commas and `and`, so that each can be reported on its own."""
    if isinstance(tree, Clauses) and tree.joint == "and":
        for item in tree.items:
            yield from _conjuncts(item)
    else:
        yield tree
