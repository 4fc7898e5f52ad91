"""By how much a limit is broken: a number for a sampler to learn from."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, ulp

from archsearch.notation.clauses import Clause, Clauses


def excess(clause: Clause, figures: Mapping[str, float]) -> float:
    """Return how far figures are from fitting, in whole numbers but for seconds; 0 or less where they fit."""
    if isinstance(clause, Clauses):
        nearest = min if clause.joint == "or" else max
        return nearest(excess(item, figures) for item in clause.items)
    value, bound = figures[clause.name], clause.bound
    assert isinstance(bound, int | float)
    if isinstance(value, float):
        return _real_excess(value, clause.comparator, bound)
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


def _real_excess(value: float, comparator: str, bound: float) -> float:
    """Return how far a real number is from fitting: where the bound itself does not fit, a hair from it."""
    hair = ulp(1.0)
    match comparator:
        case ">" | ">=":
            away = bound - value
        case "<" | "<=":
            away = value - bound
        case "=":
            return abs(value - bound)
        case _:
            return float(value == bound)
    return hair if away == 0 and comparator in {"<", ">"} else away
