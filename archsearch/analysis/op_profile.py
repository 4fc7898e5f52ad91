"""One operation of a network with its figures, and what a reader must know of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from archsearch.analysis.costs import Counts
from archsearch.analysis.receptive.field import AxisField
from archsearch.analysis.receptive.pattern import Pattern
from archsearch.analysis.receptive.tensor import TensorField
from archsearch.graph.graph import Node
from archsearch.graph.ops.operation import Unknown

if TYPE_CHECKING:
    from archsearch.graph.shapes import Shape


@dataclass(frozen=True)
class OpProfile:
    """One operation and its figures.

    `rf`, `stride`, `padding` and `coverage` are None where no path without a global operation leads, and where
    the units follow no pattern. Where axes differ, they are those of the axis with the smaller field; `layout`
    holds all. `image_coverage` is the share of the image that some unit sees, along the axis where it is least.
    """

    path: str
    word: str
    op: str
    shape: Shape
    field: TensorField
    counts: Counts
    params: int
    image_coverage: float
    notes: tuple[str, ...]

    @property
    def axis_fields(self) -> tuple[AxisField, ...] | None:
        """The field of each axis of the image, if each follows a pattern."""
        return regular(self.field)

    @cached_property
    def _pattern(self) -> Pattern | None:
        """The pattern of the axis with the smaller field."""
        return min(self.axis_fields, key=extent).pattern if self.axis_fields else None

    @property
    def rf(self) -> int | None:
        """Unclipped receptive field in pixels."""
        return self._pattern.extent if self._pattern else None

    @property
    def stride(self) -> int | float | None:
        """Distance, in input pixels, between the fields of neighbouring units; below 1 after upsampling."""
        return _number(self._pattern.stride) if self._pattern else None

    @property
    def padding(self) -> int | None:
        """Effective padding in input pixels."""
        return self._pattern.padding if self._pattern else None

    @property
    def coverage(self) -> float | None:
        """Share of the pixels within its field that a unit sees: below 1 where there are holes."""
        return float(self._pattern.coverage) if self._pattern else None

    @property
    def rf_inside(self) -> int | None:
        """The largest part of the field inside the image, clipped at every operation, in pixels."""
        return min(field.extent_inside for field in self.axis_fields) if self.axis_fields else None

    @property
    def figures(self) -> dict[str, object]:
        """The row as plain values, for JSON and data frames."""
        return {
            "path": self.path,
            "word": self.word,
            "op": self.op,
            "shape": list(self.shape),
            "rf": self.rf,
            "rf_inside": self.rf_inside,
            "stride": self.stride,
            "padding": self.padding,
            "coverage": self.coverage,
            "image_coverage": self.image_coverage,
            "params": self.params,
            **vars(self.counts),
            "notes": "; ".join(self.notes),
        }


def regular(layout: TensorField) -> tuple[AxisField, ...] | None:
    """Return the field of each axis, if each follows a pattern."""
    fields = tuple(axis.field for axis in layout.axes)
    return fields if fields and all(field.pattern and field.pattern.is_regular for field in fields) else None


def extent(field: AxisField) -> int:
    """Return the unclipped extent of a field that follows a pattern."""
    assert field.pattern is not None
    return field.pattern.extent


def notes_on(node: Node, layout: TensorField, before: list[TensorField]) -> Iterator[str]:
    """Yield what a reader must know of a node's row."""
    if isinstance(node.op, Unknown):
        yield "not known"
    if layout.bound:
        yield "rf is an upper bound"
    fields = regular(layout)
    if fields and min(field.pattern.coverage for field in fields if field.pattern) < 1:
        yield "holes"
    if len(before) > 1 and fields:
        moved = _misalignment(before)
        if moved:
            yield f"branches misaligned by {_number(moved)}"


def _misalignment(before: list[TensorField]) -> Fraction:
    found = [fields for layout in before if (fields := regular(layout))]
    return max(
        (
            one.pattern.misalignment(other.pattern)
            for fields in found[1:]
            for one, other in zip(found[0], fields, strict=True)
            if one.pattern and other.pattern
        ),
        default=Fraction(0),
    )


def _number(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)
