"""Read pickles that hold arrays of bytes and nothing else; no code that a file names is ever run."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np

from archsearch.data.images import REPLACE
from archsearch.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def unpickle(file: Path) -> dict[Any, Any]:
    """Load a dictionary of numbers, strings, lists and arrays of bytes.

    Raises DataError where the file is damaged, names anything else, or holds no such dictionary.
    """
    try:
        with file.open("rb") as stream:
            # The official files were written by Python 2, whose strings are read as latin-1.
            content = _BytesOnly(stream, encoding="latin1").load()
    # What the standard library's unpickler raises on arbitrary bytes.
    except (
        pickle.UnpicklingError, OSError, EOFError, ValueError, TypeError, LookupError, AttributeError,
        OverflowError, MemoryError,
    ) as error:  # fmt: skip
        raise DataError(f"this pickle cannot be read: {error}", place=str(file), remedy=REPLACE) from error
    if not isinstance(content, dict):
        raise DataError("this pickle does not hold a dictionary", place=str(file), remedy=REPLACE)
    return {key: value.array if isinstance(value, _Array) else value for key, value in content.items()}


class _BytesOnly(pickle.Unpickler):
    """Imports nothing: what a file names is looked up among stand-ins."""

    def find_class(self, module: str, name: str, /) -> Callable[..., object]:
        # numpy.core became numpy._core in numpy 2.
        stand_in = _STAND_INS.get(f"{module.replace('numpy._core', 'numpy.core')}.{name}")
        if stand_in is None:
            raise pickle.UnpicklingError(f"it asks for `{module}.{name}`, which images do not need")
        return stand_in


class _ByteType:
    """Stands in for `numpy.dtype`, for bytes only."""

    def __init__(self, code: object, *_: object) -> None:
        if code != "u1":
            raise pickle.UnpicklingError(f"it holds an array of type {code!r} where bytes were expected")

    def __setstate__(self, _: object) -> None:
        """Ignore the rest: bytes have neither an order nor fields."""


class _Array:
    """Stands in for `numpy.ndarray`, whose own `__setstate__` would trust the file."""

    def __init__(self, *_: object) -> None:
        self.array = np.empty(0, np.uint8)

    def __setstate__(self, state: tuple[int, tuple[int, ...], _ByteType, bool, bytes | str]) -> None:
        _, shape, _, column_major, content = state
        buffer = content.encode("latin1") if isinstance(content, str) else content
        self.array = np.frombuffer(buffer, np.uint8).reshape(shape, order="F" if column_major else "C")


def _from_buffer(buffer: bytes, kind: _ByteType, shape: tuple[int, ...], order: str) -> _Array:
    array = _Array()
    array.__setstate__((1, shape, kind, order == "F", buffer))
    return array


def _encode(text: str, _: str) -> bytes:
    return text.encode("latin1")


# The names by which numpy's pickles of an array refer to its parts, and Python 3's early protocols to bytes.
_STAND_INS: dict[str, Callable[..., object]] = {
    "_codecs.encode": _encode,
    "numpy.dtype": _ByteType,
    "numpy.ndarray": _Array,
    "numpy.core.multiarray._reconstruct": _Array,
    "numpy.core.numeric._frombuffer": _from_buffer,
}
