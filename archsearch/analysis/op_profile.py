"""One operation of a network with its figures, and notes on what to know of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from archsearch.analysis.receptive.field import AxisField
from archsearch.analysis.receptive.pattern import Pattern
from archsearch.analysis.receptive.tensor import TensorField
from archsearch.graph.graph import Node
from archsearch.graph.ops.counts import Counts
from archsearch.graph.ops.operation import Unknown

if TYPE_CHECKING:
    from archsearch.analysis.seen import Seen
    from archsearch.graph.shapes import Shape


@dataclass(frozen=True)
class OpProfile:
    """One operation, the node `number` of its graph, and its figures.

    `rf`, `stride`, `padding` and `coverage` are None where every path has a global operation, where the units
    follow no pattern, and where they see nothing of the image, as they read padding alone. Where the axes differ,
    they are those of the axis with the smaller receptive field; `field` holds all axes.
    """

    path: str
    word: str
    op: str
    shape: Shape
    number: int
    counts: Counts
    params: int
    notes: tuple[str, ...]
    seen: Seen = dataclass_field(repr=False, compare=False)

    @property
    def field(self) -> TensorField:
        """What its units see, with their sets; raises ArchsearchError for an image too long for them."""
        return self.seen.fields[self.number]

    @property
    def axis_fields(self) -> tuple[AxisField, ...] | None:
        """The field of each axis of the image, if each follows a pattern."""
        return regular(self.field)

    @cached_property
    def _pattern(self) -> Pattern | None:
        return _smallest(self.seen.patterns[self.number])

    @property
    def rf(self) -> int | None:
        """Unclipped receptive field in pixels."""
        return rf(self.seen.patterns[self.number])

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
        return rf_inside(self.seen.within[self.number]) if self._pattern else None

    @property
    def image_coverage(self) -> float | None:
        """Share of the image that some unit sees, along the axis where it is least.

        None for an image too long for sets.
        """
        if not self.seen.has_sets:
            return None
        reached = [axis.field.reached.bit_count() for axis in self.field.axes]
        shares = [count / length for count, length in zip(reached, self.seen.graph.sides, strict=False)]
        return min(shares, default=0.0)

    @property
    def figures(self) -> dict[str, object]:
        """The row as plain values, for JSON and for pandas."""
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


@dataclass(frozen=True)
class OutputProfile:
    """An output of a network, its receptive field in pixels, and the last map that it is computed from."""

    name: str
    shape: Shape
    rf: int
    map: OpProfile

    @property
    def rf_inside(self) -> int:
        """The largest part of its receptive field inside the image, in pixels."""
        return rf_inside(self._field)

    @property
    def _field(self) -> TensorField:
        return self.map.seen.within[self.map.number]

    @property
    def place(self) -> str:
        """Where the last map is: its submodule, or else the operation."""
        return self.map.path or self.map.op

    @property
    def figures(self) -> dict[str, object]:
        """The output as plain values, for JSON."""
        return {
            "output": self.name,
            "shape": list(self.shape),
            "rf": self.rf,
            "rf_inside": self.rf_inside,
            "stride": self.map.stride,
            "padding": self.map.padding,
            "bound": self._field.bound,
            "last_map": self.place,
        }


def regular(field: TensorField) -> tuple[AxisField, ...] | None:
    """Return the field of each axis, if each follows a pattern."""
    fields = tuple(axis.field for axis in field.axes)
    return fields if fields and all(one.pattern and one.pattern.is_regular for one in fields) else None


def rf(field: TensorField) -> int | None:
    """Return the unclipped receptive field of a tensor's units in pixels, along the axis where it is smaller.

    None where every path has a global operation, and where the units follow no pattern.
    """
    pattern = _smallest(field)
    return pattern.extent if pattern else None


def rf_inside(field: TensorField) -> int:
    """Return the largest part of it inside the image, in pixels, along the axis where that is smaller."""
    return min(axis.field.extent_inside for axis in field.axes)


def _smallest(field: TensorField) -> Pattern | None:
    """Return the pattern of the axis with the smaller receptive field."""
    patterns = [one.pattern for one in regular(field) or () if one.pattern]
    return min(patterns, key=lambda pattern: pattern.extent, default=None)


def notes_on(node: Node, field: TensorField, before: list[TensorField]) -> Iterator[str]:
    """Yield the notes on a node, given what its units see and what those of its inputs do."""
    if isinstance(node.op, Unknown):
        yield "not known"
    if field.bound:
        yield "rf is an upper bound"
    fields = regular(field)
    if fields and min(one.pattern.coverage for one in fields if one.pattern) < 1:
        yield "holes"
    if len(before) > 1 and fields:
        moved = _misalignment(before)
        if moved:
            yield f"branches misaligned by {_number(moved)}"


def _misalignment(before: list[TensorField]) -> Fraction:
    found = [fields for field in before if (fields := regular(field))]
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
