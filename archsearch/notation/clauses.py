"""What a condition is made of: comparisons joined by `and` and `or`, as values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from archsearch.errors import Place

_OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "=": "!=", "!=": "="}


@dataclass(frozen=True)
class Comparison:
    """`name comparator bound`: a number, a word, or None for `is none` (=) and `is not none` (!=)."""

    name: str
    comparator: str
    bound: int | float | str | None
    text: str
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Clauses:
    """Conditions joined by `and` (every one must hold) or `or` (one is enough)."""

    joint: str
    items: tuple[Clause, ...]
    text: str


Clause: TypeAlias = Comparison | Clauses


def comparisons(clause: Clause) -> Iterator[Comparison]:
    """Yield the comparisons in a clause."""
    if isinstance(clause, Comparison):
        yield clause
    else:
        for item in clause.items:
            yield from comparisons(item)


def negated(clause: Clause) -> Clause:
    """Return the opposite of a clause, in canonical text; neither holds for values that are missing.

    `not (a > 1, b is none)` is `a <= 1 or b is not none`.
    """
    opposite: Clause
    if isinstance(clause, Comparison):
        opposite = replace(clause, comparator=_OPPOSITE[clause.comparator])
    else:
        opposite = replace(
            clause, joint="and" if clause.joint == "or" else "or", items=tuple(map(negated, clause.items))
        )
    return replace(opposite, text=canonical(opposite))


def canonical(clause: Clause) -> str:
    """Write a clause in one way, whatever the spaces, the spelling of numbers, the brackets and the order."""
    joint, texts = _joined(clause)
    return f" {joint} ".join(sorted(texts))


def number_text(value: float) -> str:
    """Write a number as a condition may hold it, a whole one in the shortest way.

    >>> number_text(200_000), number_text(1_500_000), number_text(44), number_text(85.5)
    ('200k', '1500k', '44', '85.5')
    """
    for scale, suffix in ((1_000_000, "M"), (1_000, "k")):
        if isinstance(value, int) and value and value % scale == 0:
            return f"{value // scale}{suffix}"
    return format(Decimal(repr(value)), "f")


def _bound_text(bound: float | str) -> str:
    if isinstance(bound, str):
        return f'"{bound}"' if "'" in bound else f"'{bound}'"
    return number_text(bound)


def _comparison_text(comparison: Comparison) -> str:
    if comparison.bound is None:
        return f"{comparison.name} is {'none' if comparison.comparator == '=' else 'not none'}"
    return f"{comparison.name} {comparison.comparator} {_bound_text(comparison.bound)}"


def _joined(clause: Clause) -> tuple[str, frozenset[str]]:
    """Return what joins a clause, and the texts that it joins: what is joined alike is one, without brackets."""
    if isinstance(clause, Comparison):
        return "", frozenset({_comparison_text(clause)})
    items = {_joined(item) for item in clause.items}
    if len(items) == 1:
        return items.pop()
    texts: set[str] = set()
    for joint, inner in items:
        # `and` binds tighter than `or`.
        text = f" {joint} ".join(sorted(inner))
        texts |= inner if joint in {"", clause.joint} else {f"({text})" if joint == "or" else text}
    return clause.joint, frozenset(texts)
