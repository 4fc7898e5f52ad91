"""Shapes of tensors, and how they are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from archsearch.errors import ShapeError

Shape: TypeAlias = tuple[int, ...]
Sizes: TypeAlias = tuple[int, ...]
"""A value for each axis: height, width."""

Border: TypeAlias = Literal["zeros", "reflect", "replicate", "circular"]
"""What stands beyond a map, in torch's words for padding; any constant counts as zeros."""


def shape_text(shape: Sequence[int]) -> str:
    """Write a shape as people do.

    >>> shape_text((3, 32, 32))
    '3x32x32'
    """
    return "x".join(map(str, shape))


def map_of(shape: Shape, kind: str, axes: int | None = None) -> Shape:
    """Return the shape if it is that of a map with so many axes; raises ShapeError if not."""
    if len(shape) < 3 or (axes is not None and len(shape) != axes + 2):
        raise ShapeError(f"{kind.replace('_', ' ')} needs a map, and this is {shape_text(shape[1:])}")
    return shape
