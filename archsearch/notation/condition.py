"""Conditions on named values, read from text: limits on figures, and filters of a table of results.

`rf > 44, params < 200k`: a comma means `and` and binds loosest, `or` comes next, then `and`, and `not` binds
tightest; brackets group. Numbers may carry `_`, a fraction, `k` (thousand) or `M` (million); words are quoted.
`reason is none` asks for missing values; no other comparison holds for them, whether under `not` or without.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from archsearch.errors import NotationError, suggest
from archsearch.notation.clauses import Clauses, Comparison, canonical, comparisons
from archsearch.notation.parser import on_one_line, read_condition

if TYPE_CHECKING:
    from collections.abc import Collection

    from archsearch.errors import Place
    from archsearch.notation.clauses import Clause

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
        words: Mapping[str, Collection[str]] | None = None,
        *,
        kind: str = "column",
        never_missing: Collection[str] = (),
        source: str = "condition",
        place: Place | None = None,
    ) -> Condition:
        """Read a condition over `names`, called a `kind` in messages; a blank text always holds.

        The names in `words` hold words, each one of those given unless none are; the others hold numbers. `place`
        says where the text begins in a larger one. Raises NotationError, with a caret, for a text that is not a
        condition, for an unknown name, and for a comparison that no value could make true.

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
            if comparison.bound is None:
                _check_can_be_missing(comparison, kind, never_missing)
            else:
                _check_bound(comparison, comparison.bound, (words or {}).get(comparison.name))
        return Condition(on_one_line(text), tuple(_conjuncts(tree)))

    def __str__(self) -> str:
        return self.text

    @property
    def canonical(self) -> str:
        """The condition in one way, whatever the spaces, the spelling of numbers, the brackets and the order.

        >>> Condition.of("(b<2_000), a > 1 and a>1", "ab").canonical
        'a > 1, b < 2k'
        """
        return ", ".join(sorted(set(map(canonical, self.clauses))))

    def holds(self, values: Mapping[str, ColumnValue]) -> bool:
        """Whether every clause holds; for a missing value (None), only `is none` does."""
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
    if clause.bound is None:
        return (value is None) == (clause.comparator == "=")
    if value is None or isinstance(value, str) != isinstance(clause.bound, str):
        return False
    return _COMPARE[clause.comparator](value, clause.bound)


def _check_can_be_missing(comparison: Comparison, kind: str, never: Collection[str]) -> None:
    if comparison.name in never:
        message = f"{kind} `{comparison.name}` is never missing"
        raise NotationError(message, place=comparison.place, remedy="compare it with a value")


def _check_bound(comparison: Comparison, bound: float | str, words: Collection[str] | None) -> None:
    """Raise NotationError for a bound that values cannot have: numbers, or with `words`, words."""
    name, place = comparison.name, comparison.place
    if words is None:
        if isinstance(bound, str):
            message = f"`{name}` is a number, but `{bound}` is a word"
            raise NotationError(message, place=place, remedy="write a number, without quotes")
    elif not isinstance(bound, str):
        message = f"`{name}` is a word, but {bound} is a number"
        raise NotationError(message, place=place, remedy="write a word in quotes")
    elif comparison.comparator not in {"=", "!="}:
        message = f"`{name}` is a word, and words have no order for `{comparison.comparator}`"
        raise NotationError(message, place=place, remedy="compare it with = or !=, or with `in`")
    elif words and bound not in words:
        raise NotationError(f"`{name}` is never `{bound}`", place=place, remedy=suggest(bound, words))


def _conjuncts(tree: Clause) -> Iterator[Clause]:
    """Yield the conditions joined by commas and `and`, so that each can be reported on its own."""
    if isinstance(tree, Clauses) and tree.joint == "and":
        for item in tree.items:
            yield from _conjuncts(item)
    else:
        yield tree
