"""Whole numbers of any size in arrays of int64: one row holds them if they are small, else there is a row a digit.

Digits come lowest first, and a sum of several numbers is carried once, when all are added.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Digits: TypeAlias = npt.NDArray[np.int64]
"""Numbers by column: in one row, or their digits."""

Ways: TypeAlias = npt.NDArray[np.int64] | npt.NDArray[np.object_]
"""Numbers of sentences: objects where int64 may not hold them."""

_LARGEST = 2**62
_BITS = 32
_MASK = (1 << _BITS) - 1


def places(largest: int) -> int:
    """Return how many rows numbers up to the largest take.

    >>> places(2**62 - 1), places(2**62)
    (1, 2)
    """
    return 1 if largest < _LARGEST else -(-largest.bit_length() // _BITS)


def nothing(largest: int, count: int) -> Digits:
    """Return so many zeros, to which numbers are added that come to no more than the largest."""
    return np.zeros((places(largest), count), np.int64)


def add(found: Digits, more: Digits, times: int) -> None:
    """Add numbers so many times, and carry nothing yet."""
    if len(more) == 1 < len(found):
        more = np.concatenate((more & _MASK, more >> _BITS))
    found[: len(more)] += more if times == 1 else more * times


def carry(found: Digits) -> None:
    """Leave less than one more of the next digit in each but the last."""
    for place in range(len(found) - 1):
        found[place + 1] += found[place] >> _BITS
        found[place] &= _MASK


def fill(found: Digits, number: int) -> None:
    """Set all to a number."""
    for place, row in enumerate(found):
        row[:] = number if len(found) == 1 else number >> _BITS * place & _MASK


def numbers(found: Digits) -> Ways:
    """Return the numbers.

    >>> many = nothing(2**100, 2)
    >>> fill(many, 2**99)
    >>> add(many, np.array([[1, 2]]), times=3)
    >>> [number - 2**99 for number in numbers(many)]
    [3, 6]
    """
    whole: Ways = found[0]
    for place, row in enumerate(found[1:], 1):
        whole = whole + (row.astype(object) << _BITS * place)
    return whole
