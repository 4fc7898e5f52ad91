"""What is known of a sentence so far: all that decides on what its next word does.

Only the extents of patterns are kept: their holes are filled. A union of filled sets, or one moved along, extends
as far as that of the sets, so `rf` is exact.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from archsearch.analysis.receptive.field import AxisField
from archsearch.analysis.receptive.pattern import Pattern
from archsearch.analysis.receptive.tensor import TensorField
from archsearch.graph.shapes import Shape, Sizes


class LastMap(NamedTuple):
    """What is asked of the last map before an output; `bound`: its units see at most that."""

    rf: int = 0
    rf_inside: int = 0
    bound: bool = False


class State(NamedTuple):
    """What is known of the output of some words, as far as it decides on what other words make of it.

    `blind` are the units along each axis that see nothing of the image, as bit sets. `stride` is the product of
    the strides since the sentence began that is being read, None where it does not read what is before it.
    `last` is the last map where the output is none. `depth` is that of the output, and `deepest` the largest so
    far: 0 unless asked for.
    """

    shape: Shape
    field: TensorField
    blind: tuple[int, ...]
    stride: Sizes | None
    last: LastMap | None = None
    depth: int = 0
    deepest: int = 0


class Step(NamedTuple):
    """The number of the state that a word leaves, and what it adds to each figure that is summed."""

    state: int
    added: tuple[int, ...]


def simplified(field: AxisField, enough: int | None) -> AxisField:
    """Return a field with the holes of its pattern filled; of one larger than `enough` only that is kept."""
    pattern = field.pattern and _extended(field.pattern, enough)
    return field if pattern is field.pattern else replace(field, pattern=pattern)


def field_bytes(field: AxisField, length: int) -> int:
    """Return about how many bytes a field takes, of an image of a length."""
    phases = field.pattern.phases if field.pattern else ()
    inside = 0 if field.local is None else field.units * length
    return (sum(bits.bit_length() for _start, bits in phases) + inside) // 8


@lru_cache(maxsize=4096)
def _extended(pattern: Pattern, enough: int | None) -> Pattern:
    """Return a pattern with its holes filled; one of a single set that is larger than `enough` with one more."""
    # With several sets, a stride may leave out the largest.
    if enough is not None and len(pattern.phases) == 1 and pattern.extent > enough:
        return Pattern(pattern.advance, ((0, (1 << enough + 1) - 1),))
    phases = tuple((start, (1 << bits.bit_length()) - 1) for start, bits in pattern.phases)
    return pattern if phases == pattern.phases else Pattern(pattern.advance, phases)
