"""Shapes of tensors, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

from archsearch.errors import NotationError, Place, ShapeError

Shape: TypeAlias = tuple[int, ...]
Sizes: TypeAlias = tuple[int, ...]
"""A value for each axis: height, width."""

Border: TypeAlias = Literal["zeros", "reflect", "replicate", "circular"]
"""What a map is padded with, in torch's terms; any constant counts as zeros."""


def shape_text(shape: Sequence[int]) -> str:
    """Write a shape with an x between its sizes.

    >>> shape_text((3, 32, 32))
    '3x32x32'
    """
    return "x".join(map(str, shape))


def map_of(shape: Shape, kind: str, axes: int | None = None) -> Shape:
    """Return the shape of a map with this number of axes, or any; raises ShapeError for another shape."""
    if len(shape) < 3 or (axes is not None and len(shape) != axes + 2):
        over = "a map" if axes is None else f"a map with {axes} axes" if axes != 1 else "a map with 1 axis"
        remedy = "put it before what flattens the map" if len(shape) < 3 else "give it a size for each axis"
        raise ShapeError(
            f"{kind.replace('_', ' ')} needs {over}, and this is {shape_text(shape[1:])}", remedy=remedy
        )
    return shape


def parse_shape(text: str, place: Place | str | None = None) -> Shape:
    """Read `3x32x32`: channels, height, width; raises NotationError.

    A torch module may take signals (channels x length) or volumes (channels x depth x height x width) as well.

    >>> parse_shape("3x32x32")
    (3, 32, 32)
    """
    if not re.fullmatch(r"[1-9][0-9]{0,8}(x[1-9][0-9]{0,8}){1,3}", text.strip()):
        remedy = "write channels x height x width, as in 3x32x32"
        raise NotationError(f"`{text.strip()}` is not an input shape", place=place, remedy=remedy)
    return tuple(map(int, text.split("x")))
