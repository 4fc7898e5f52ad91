"""Conditions on figures: which networks may be trained and why not; the same expressions filter results.

`rf > 44, params < 200k` - a comma means `and` and binds loosest, `or` comes next, `and` binds tightest; brackets
group. Numbers may carry `_`, a fraction, `k` (thousand) or `M` (million); words are quoted.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING, Any, TypeAlias

from archsearch.analysis.figures import FIGURES
from archsearch.errors import NotationError, suggest
from archsearch.notation.parser import read_condition
from archsearch.notation.syntax import Clauses, Comparison
from archsearch.table import cell

if TYPE_CHECKING:
    from collections.abc import Collection

    from archsearch.errors import Place
    from archsearch.notation.syntax import Condition as Syntax

Figure: TypeAlias = int | float | str | None

ASSIGNMENT = "rf > 44, params < 200k"
"""The limits of the assignment, used where no others are given."""


@dataclass(frozen=True)
class Broken:
    """A limit that does not hold: its text, and the figures in it."""

    limit: str
    figures: Mapping[str, Figure]

    def __str__(self) -> str:
        """Return the reason, for a person.

        >>> print(Condition.of("rf > 44").broken({"rf": 19})[0])
        rf is 19, not > 44
        """
        values = ", ".join(f"{name} is {cell(value)}" for name, value in self.figures.items())
        wanted = self.limit.removeprefix(next(iter(self.figures))).strip()
        return f"{values}, not {self.limit if len(self.figures) > 1 else wanted}"


@dataclass(frozen=True)
class Condition:
    """Comparisons over named values, parsed by us: nothing in it is ever evaluated as code."""

    text: str
    clauses: tuple[Syntax, ...]

    @staticmethod
    def of(
        text: str,
        names: Collection[str] = FIGURES,
        words: Collection[str] = (),
        source: str = "limits",
        place: Place | None = None,
    ) -> Condition:
        """Read a condition over `names`, those of the analyzer's figures unless others are given.

        Those of `names` that are also in `words` hold words, the others numbers. `place` says where the text
        stands in a larger one. Raises NotationError, with a caret, for what is not a condition and for a name
        that is not known.

        >>> Condition.of("rf > 44, params < 200k or macs < 1M").holds({"rf": 45, "params": 200_000, "macs": 5})
        True
        """
        tree = read_condition(text, source, place)
        for comparison in _comparisons(tree):
            if comparison.name not in names:
                rule = f"there is no {'figure' if names is FIGURES else 'column'} `{comparison.name}`"
                raise NotationError(rule, place=comparison.place, remedy=suggest(comparison.name, names))
            if isinstance(comparison.bound, str) != (comparison.name in words):
                if comparison.name in words:
                    rule = f"`{comparison.name}` holds words, and {comparison.bound} is a number"
                    remedy = "write a word in quotes"
                else:
                    rule = f"`{comparison.name}` holds numbers, and `{comparison.bound}` is a word"
                    remedy = "write a number, without quotes"
                raise NotationError(rule, place=comparison.place, remedy=remedy)
        return Condition(" ".join(text.split()), tuple(_conjuncts(tree)))

    def __str__(self) -> str:
        """Return the text."""
        return self.text

    def holds(self, values: Mapping[str, Figure]) -> bool:
        """Whether every clause holds; a comparison with a value that is missing (None) does not."""
        return all(_holds(clause, values) for clause in self.clauses)

    def broken(self, figures: Mapping[str, Figure]) -> tuple[Broken, ...]:
        """Return each clause that does not hold.

        >>> [str(one) for one in Condition.of("rf > 44, params < 200k").broken({"rf": 44, "params": 200_000})]
        ['rf is 44, not > 44', 'params is 200,000, not < 200k']
        """
        return tuple(
            Broken(clause.text, _figures(clause, figures))
            for clause in self.clauses
            if not _holds(clause, figures)
        )

    def excesses(self, figures: Mapping[str, Figure]) -> dict[str, int]:
        """Return, for each clause, by how much it is broken: 0 or less where it holds.

        >>> Condition.of("rf > 44, params < 200k").excesses({"rf": 44, "params": 200_010})
        {'rf > 44': 1, 'params < 200k': 11}
        """
        return {clause.text: _excess(clause, figures) for clause in self.clauses}


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


def _holds(clause: Syntax, values: Mapping[str, Figure]) -> bool:
    if isinstance(clause, Clauses):
        joined = any if clause.joint == "or" else all
        return joined(_holds(item, values) for item in clause.items)
    value = values[clause.name]
    if value is None or isinstance(value, str) != isinstance(clause.bound, str):
        return False
    return _COMPARE[clause.comparator](value, clause.bound)


def _excess(clause: Syntax, figures: Mapping[str, Figure]) -> int:
    """How far whole-number figures are from the nearest value that fits; 0 or less where they fit."""
    if isinstance(clause, Clauses):
        nearest = min if clause.joint == "or" else max
        return nearest(_excess(item, figures) for item in clause.items)
    value, bound = figures[clause.name], clause.bound
    assert isinstance(value, int)
    assert not isinstance(bound, str)
    match clause.comparator:
        case ">":
            return floor(bound) + 1 - value
        case ">=":
            return -floor(-bound) - value
        case "<":
            return value + floor(-bound) + 1
        case "<=":
            return value - floor(bound)
        case "=":
            return 0 if value == bound else abs(value - floor(bound)) or 1
        case _:
            return int(value == bound)


def _conjuncts(tree: Syntax) -> Iterator[Syntax]:
    """Take apart what is joined by commas and `and`, so that each can be reported alone."""
    if isinstance(tree, Clauses) and tree.joint == "and":
        for item in tree.items:
            yield from _conjuncts(item)
    else:
        yield tree


def _comparisons(clause: Syntax) -> Iterator[Comparison]:
    if isinstance(clause, Comparison):
        yield clause
    else:
        for item in clause.items:
            yield from _comparisons(item)


def _figures(clause: Syntax, figures: Mapping[str, Figure]) -> dict[str, Figure]:
    return {comparison.name: figures[comparison.name] for comparison in _comparisons(clause)}
