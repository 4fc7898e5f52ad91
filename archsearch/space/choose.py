"""Who chooses among the alternatives of a grammar: a number, texts, or a recorder around another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

Choose: TypeAlias = Callable[[str, tuple[str, ...], tuple[int, ...]], int]
"""`choose(slot, options, counts)` returns the index of an option.

A slot is a path in the derivation that includes the alternatives taken, so it always has the same options: the
source texts of its alternatives. `counts` says how many derivations each option leads to.
"""


def by_index(index: int) -> Choose:
    """Return the choices that lead to derivation `index`: its digits in the mixed radix of the counts."""
    rest = index

    def choose(_slot: str, _options: tuple[str, ...], counts: tuple[int, ...]) -> int:
        nonlocal rest
        rest, here = divmod(rest, sum(counts))
        for number, count in enumerate(counts):
            if here < count:
                rest = rest * count + here
                return number
            here -= count
        raise AssertionError("a remainder is below the sum of the counts")

    return choose


def by_option(options: Mapping[str, str]) -> Choose:
    """Return the choices that take, at each slot, the option with this text."""

    def choose(slot: str, texts: tuple[str, ...], _counts: tuple[int, ...]) -> int:
        return texts.index(options[slot])

    return choose


def recording(choose: Choose, record: dict[str, str]) -> Choose:
    """Return the same choices, which also write the option taken at each slot to `record`."""

    def choose_and_record(slot: str, options: tuple[str, ...], counts: tuple[int, ...]) -> int:
        number = choose(slot, options, counts)
        record[slot] = options[number]
        return number

    return choose_and_record
