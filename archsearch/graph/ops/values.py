"""What the arguments of an operation may be, by the types of its fields."""

from __future__ import annotations

from dataclasses import fields
from fractions import Fraction
from functools import cache
from reprlib import repr as shortened
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args, get_origin, get_type_hints

from archsearch.errors import ShapeError
from archsearch.graph.ops.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping


LARGEST = 10**9 - 1
"""The largest number in a network, as in the text of a sentence."""

_SIZES = tuple[int, ...]
_PAIRS = tuple[tuple[int, int], ...]
_RATIOS = tuple[Fraction, ...]


def check_values(op: object) -> None:
    """Raise ShapeError for no operation, an argument of another type than its field's, a number above LARGEST.

    What equals a whole number but is none (3.0, True, a number of numpy) would have another digest.
    """
    # A subclass of a user's own would have no layer, and no rule for what its units see.
    if not isinstance(op, Operation) or type(op).__module__.rpartition(".")[0] != __package__:
        message = f"`{shown(op)}` is not one of the operations"
        raise ShapeError(message, remedy="import one from archsearch.graph")
    for name, kind in _kinds(type(op)).items():  # type: ignore[arg-type]
        if not kind.holds(value := getattr(op, name)):
            message = f"{name} of `{op.kind}` is {shown(value)}; it must be {kind.meaning}"
            raise ShapeError(message, remedy=f"as in {name}={kind.example}")


def shown(value: object) -> str:
    """Write a value of any type, shortened."""
    try:
        return shortened(value)
    except ValueError:
        return "a number of thousands of digits"


class _Kind(NamedTuple):
    """What the values of a field may be."""

    holds: Callable[[object], bool]
    meaning: str
    example: str


@cache
def _kinds(operation: type[Operation]) -> Mapping[str, _Kind]:
    hints = get_type_hints(operation)
    return {field.name: _kind(hints[field.name]) for field in fields(operation)}


def _kind(hint: Hashable) -> _Kind:
    choices = get_args(hint)
    if get_origin(hint) is Literal:
        one_of = f"one of {', '.join(choices)}"
        return _Kind(lambda value: isinstance(value, str) and value in choices, one_of, f'"{choices[0]}"')
    kinds: Mapping[Hashable, _Kind] = {
        int: _Kind(_is_number, f"a whole number of at most {LARGEST:,}", "1"),
        int | None: _Kind(
            lambda value: value is None or _is_number(value),
            f"a whole number of at most {LARGEST:,}, or None",
            "1",
        ),
        bool: _Kind(lambda value: type(value) is bool, "True or False", "True"),
        str: _Kind(lambda value: type(value) is str, "a text", '"relu"'),
        _SIZES: _Kind(_are_numbers, f"a tuple of whole numbers of at most {LARGEST:,}", "(3, 3)"),
        _PAIRS: _Kind(_are_pairs, "a tuple of pairs of whole numbers", "((0, 0), (0, 0), (1, 1), (1, 1))"),
        _RATIOS: _Kind(_are_ratios, "a tuple of Fractions", "(Fraction(1, 2), Fraction(1, 2))"),
    }
    return kinds[hint]


def _is_number(value: object) -> bool:
    return type(value) is int and -LARGEST <= value <= LARGEST


def _are_numbers(values: object) -> bool:
    return type(values) is tuple and all(map(_is_number, values))


def _are_pairs(values: object) -> bool:
    return type(values) is tuple and all(_are_numbers(pair) and len(pair) == 2 for pair in values)


def _are_ratios(values: object) -> bool:
    return type(values) is tuple and all(
        type(ratio) is Fraction and _are_numbers((ratio.numerator, ratio.denominator)) for ratio in values
    )
