"""What a graph costs and sees, operation by operation, in exact integers.

`rf` is counted along paths without global operations, on the last map that has one: what sees the whole image
(global pooling, squeeze-excitation, attention) is named beside it. Costs are those of `costs`; bytes are those of
float32 and of one image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

from archsearch.costs import Counts, counts
from archsearch.describe import describe
from archsearch.errors import TraceError
from archsearch.graph import Graph, Node
from archsearch.ops import (
    Constant,
    Convolution,
    Expand,
    Flatten,
    Linear,
    Permute,
    Pool,
    Reshape,
    Take,
    TransposedConvolution,
    Unknown,
    shape_text,
)
from archsearch.receptive import Field, stretch
from archsearch.sight import covers, layouts, windows
from archsearch.table import render

if TYPE_CHECKING:
    import pandas as pd

    from archsearch.layout import Layout
    from archsearch.ops import Shape

_FLOAT_BYTES = 4


@dataclass(frozen=True)
class Row:
    """One operation and its figures.

    `rf`, `stride`, `padding` and `coverage` are None where no path without a global operation leads, and where
    the units follow no pattern. Where axes differ, they are those of the axis with the smaller field; `layout`
    holds all.
    """

    path: str
    word: str
    op: str
    shape: Shape
    layout: Layout
    counts: Counts
    params: int
    notes: tuple[str, ...]

    @property
    def fields(self) -> tuple[Field, ...] | None:
        """The field of each axis of the image, if each follows a pattern."""
        return _regular(self.layout)

    @cached_property
    def _narrowest(self) -> Field | None:
        return min(self.fields, key=_extent) if self.fields else None

    @property
    def rf(self) -> int | None:
        """Unclipped receptive field in pixels."""
        return _extent(self._narrowest) if self._narrowest else None

    @property
    def stride(self) -> int | float | None:
        """Distance, in input pixels, between the fields of neighbouring units; below 1 after upsampling."""
        return _number(self._narrowest.pattern.stride) if self._narrowest and self._narrowest.pattern else None

    @property
    def padding(self) -> int | None:
        """Effective padding in input pixels."""
        return self._narrowest.pattern.padding if self._narrowest and self._narrowest.pattern else None

    @property
    def coverage(self) -> float | None:
        """Share of the pixels within its field that a unit sees: below 1 where there are holes."""
        return float(self._narrowest.pattern.coverage) if self._narrowest and self._narrowest.pattern else None

    @property
    def rf_inside(self) -> int | None:
        """The largest part of the field inside the image, clipped at every operation, in pixels."""
        return min(field.extent_inside for field in self.fields) if self.fields else None

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
            "params": self.params,
            **vars(self.counts),
            "notes": "; ".join(self.notes),
        }


@dataclass(frozen=True)
class Profile:
    """The figures of a network and of each of its operations; its `str` is the table."""

    graph: Graph

    @cached_property
    def figures(self) -> Mapping[str, int]:
        """Each figure of FIGURES by its name, computed when it is asked for."""
        return _Figures(self)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """One row for each operation that the image passes through."""
        nodes, seen = self.graph.nodes, self.layouts
        used: set[str] = set()
        rows = []
        for node, layout, cost in zip(nodes, seen, self.costs, strict=True):
            new = {weight.name: weight.size for weight in node.weights if weight.name not in used}
            notes = [*_notes(node, layout, [seen[number] for number in node.inputs])]
            if len(new) < len({weight.name for weight in node.weights}):
                notes.append("shares parameters")
            used |= new.keys()
            shape = node.shape[1:] if node.shape[:1] == (1,) else node.shape
            text = describe(node.op)
            rows.append(Row(node.path, node.word, text, shape, layout, cost, sum(new.values()), tuple(notes)))
        return tuple(row for row, node in zip(rows, nodes, strict=True) if not isinstance(node.op, Constant))

    @cached_property
    def layouts(self) -> tuple[Layout, ...]:
        """What the units of each node see, with their sets."""
        return layouts(self.graph)

    @cached_property
    def patterns(self) -> tuple[Layout, ...]:
        """The same without sets, in a fraction of the time."""
        return layouts(self.graph, with_sets=False)

    @cached_property
    def costs(self) -> tuple[Counts, ...]:
        """What each node computes."""
        return tuple(counts(node.op, self.graph.shapes_into(node), node.shape) for node in self.graph.nodes)

    @property
    def last_map(self) -> Row:
        """The last row that is a map with a receptive field: the one that `rf` is of."""
        return next(row for row in reversed(self.rows) if row.layout.is_map and row.fields)

    @property
    def first_global(self) -> Row | None:
        """The first operation through which a unit sees the whole of an axis at once, if there is one."""
        return next((row for row in self.rows if any(_is_global(axis.field) for axis in row.layout.axes)), None)

    @property
    def first_whole(self) -> Row | None:
        """The first operation a unit of which sees as far, along each axis, as all units together."""
        return next((row for row in self.rows if _sees_all(row.layout)), None)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names of the operations that are not known: if there are any, the result is partial."""
        return tuple(dict.fromkeys(node.op.name for node in self.graph.nodes if isinstance(node.op, Unknown)))

    def complete(self) -> Profile:
        """Return the profile itself; raises TraceError if there is an operation that is not known."""
        if self.unknown:
            raise TraceError(
                f"not known: {', '.join(self.unknown)}",
                remedy="without strict, all else is analysed and the result is marked partial",
            )
        return self

    def frame(self) -> pd.DataFrame:
        """Return the rows as a pandas DataFrame."""
        import pandas as pd  # noqa: PLC0415

        return pd.DataFrame([row.figures for row in self.rows])

    def __str__(self) -> str:
        """Return the table of operations with the totals under it."""
        columns = ("path", "op", "output", "rf", "stride", "padding", "params", "macs", "notes")
        rows = [
            (
                row.path,
                row.op,
                shape_text(row.shape),
                row.rf,
                row.stride,
                row.padding,
                row.params,
                row.counts.macs,
                ", ".join(row.notes),
            )
            for row in self.rows
        ]
        totals = [(name, value, FIGURES[name]) for name, value in self.figures.items()]
        return "\n\n".join(
            [render(columns, rows), render(("figure", "value", "meaning"), totals), *self._remarks()]
        )

    def _remarks(self) -> list[str]:
        remarks = []
        for row, said in (
            (self.first_whole, "A unit sees the whole image from"),
            (self.first_global, "The first global operation is"),
        ):
            if row:
                at = next((one for one in reversed(self.rows[: self.rows.index(row) + 1]) if one.rf), row)
                where = f" at {row.path}" if row.path else ""
                remarks.append(f"{said}: {row.op}{where}, after a receptive field of {at.rf}")
        if self.unknown:
            remarks.append(f"PARTIAL: these operations are not known: {', '.join(self.unknown)}")
        if self.graph.spare:
            unread = sum(weight.size for weight in self.graph.spare)
            remarks.append(f"{unread:,} of the params are not used by any operation")
        return ["\n".join(remarks)] if remarks else []


def profile(graph: Graph) -> Profile:
    """Return the figures of a graph, operation by operation, computed when they are asked for.

    Raises ShapeError for a receptive field beyond those that are counted.

    >>> from archsearch.network import parse
    >>> profile(parse("conv(8) conv(8, stride=2) conv(8, dilation=2) head()").lower()).figures["rf"]
    13
    """
    found = Profile(graph)
    assert found.patterns
    return found


def _last(found: tuple[Layout, ...]) -> tuple[Field, ...]:
    return next(fields for layout in reversed(found) if layout.is_map and (fields := _regular(layout)))


def _regular(layout: Layout) -> tuple[Field, ...] | None:
    fields = tuple(axis.field for axis in layout.axes)
    return fields if fields and all(field.pattern and field.pattern.is_regular for field in fields) else None


def _extent(field: Field) -> int:
    assert field.pattern is not None
    return field.pattern.extent


def _number(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)


def _is_global(field: Field) -> bool:
    return field.pattern is None or field.seen != field.inside


def _sees_all(layout: Layout) -> bool:
    fields = [axis.field for axis in layout.axes]
    return bool(fields) and all(max(map(stretch, field.seen or ())) == stretch(field.reached) for field in fields)


def _notes(node: Node, layout: Layout, before: list[Layout]) -> Iterator[str]:
    """What a reader must know of a node's row."""
    if isinstance(node.op, Unknown):
        yield "not known"
    if layout.bound:
        yield "rf is an upper bound"
    fields = _regular(layout)
    if fields and min(field.pattern.coverage for field in fields if field.pattern) < 1:
        yield "holes"
    if len(before) > 1 and fields:
        moved = _misalignment(before)
        if moved:
            yield f"branches misaligned by {_number(moved)}"


def _misalignment(before: list[Layout]) -> Fraction:
    found = [fields for layout in before if (fields := _regular(layout))]
    return max(
        (
            one.pattern.misalignment(other.pattern)
            for fields in found[1:]
            for one, other in zip(found[0], fields, strict=True)
            if one.pattern and other.pattern
        ),
        default=Fraction(0),
    )


def _total(profile: Profile, name: str) -> int:
    return sum(getattr(cost, name) for cost in profile.costs)


def _params(graph: Graph, *, trainable: bool = False) -> int:
    every = [weight for node in graph.nodes for weight in node.weights]
    sizes = {weight.name: weight.size for weight in (*every, *graph.spare) if weight.trainable or not trainable}
    return sum(sizes.values())


def _dilated(graph: Graph) -> int:
    return sum(
        any(
            window.dilation > 1 and not window.is_pointwise(length, units)
            for window, length, units in zip(
                windows(node.op), graph.shapes_into(node)[0][2:], node.shape[2:], strict=True
            )
        )
        for node in graph.nodes
        if isinstance(node.op, Convolution)
    )


def _depthwise(graph: Graph) -> int:
    return sum(
        1 < node.op.groups == graph.shapes_into(node)[0][1] and max(node.op.kernel) > 1
        for node in graph.nodes
        if isinstance(node.op, Convolution)
    )


def _maxpool(graph: Graph) -> int:
    pools = [(node.op, node) for node in graph.nodes if isinstance(node.op, Pool)]
    return sum(op.mode == "max" and not covers(op, graph.shapes_into(node)[0]) for op, node in pools)


def _depth(graph: Graph) -> int:
    depth: list[int] = []
    for node in graph.nodes:
        before = max((depth[number] for number in node.inputs), default=0)
        depth.append(before + isinstance(node.op, Convolution | TransposedConvolution | Linear))
    return depth[-1]


def _peak_elements(graph: Graph) -> int:
    """Largest sum of the tensors alive while an operation runs, its output included; a view takes nothing."""
    owner: list[int] = []
    for number, node in enumerate(graph.nodes):
        is_view = isinstance(node.op, Flatten | Reshape | Permute | Expand | Take)
        owner.append(owner[node.inputs[0]] if is_view else number)
    last_reader = {owner[read]: reader for reader, node in enumerate(graph.nodes) for read in node.inputs}
    sizes = [0 if isinstance(node.op, Constant) else prod(node.shape) for node in graph.nodes]
    alive, peak = 0, 0
    for number, node in enumerate(graph.nodes):
        alive += sizes[number] if owner[number] == number else 0
        peak = max(peak, alive)
        alive -= sum(sizes[one] for one in {owner[read] for read in node.inputs} if last_reader[one] == number)
    return peak


_COMPUTED: Mapping[str, tuple[Callable[[Profile], int], str]] = {
    "rf": (
        lambda profile: min(_extent(field) for field in _last(profile.patterns)),
        "receptive field on the last map before any global operation, unclipped, in pixels",
    ),
    "rf_inside": (
        lambda profile: min(field.extent_inside for field in _last(profile.layouts)),
        "the largest part of it that lies inside the image, clipped at every operation",
    ),
    "params": (lambda profile: _params(profile.graph), "parameters, shared ones counted once"),
    "trainable": (lambda profile: _params(profile.graph, trainable=True), "those of them that training changes"),
    "macs": (
        lambda profile: _total(profile, "macs"),
        "multiply-accumulates of convolutions, linear layers and matrix products, for one image",
    ),
    "flops": (lambda profile: 2 * _total(profile, "macs"), "2 macs"),
    "bias_ops": (lambda profile: _total(profile, "bias"), "additions of a bias"),
    "norm_ops": (lambda profile: _total(profile, "norm"), "elements that a norm puts out"),
    "activation_ops": (lambda profile: _total(profile, "activation"), "elements that an activation puts out"),
    "arithmetic_ops": (
        lambda profile: _total(profile, "arithmetic"),
        "elements that sums and products of tensors put out",
    ),
    "pooling_ops": (
        lambda profile: _total(profile, "pooling"),
        "positions that pooling windows cover, over all units",
    ),
    "depth": (lambda profile: _depth(profile.graph), "convolutions and linear layers on the longest path"),
    "dilated": (
        lambda profile: _dilated(profile.graph),
        "convolutions with dilation > 1 of which an outer tap lands inside the map",
    ),
    "depthwise": (
        lambda profile: _depthwise(profile.graph),
        "convolutions with kernel > 1 and one group for each input channel",
    ),
    "maxpool": (lambda profile: _maxpool(profile.graph), "windowed max-poolings; a global one does not count"),
    "weight_bytes": (lambda profile: _FLOAT_BYTES * _params(profile.graph), "4 params"),
    "activation_bytes": (
        lambda profile: _FLOAT_BYTES * _peak_elements(profile.graph),
        "peak of the tensors alive at once, each kept until its last reader is done",
    ),
}

FIGURES: Mapping[str, str] = {name: meaning for name, (_compute, meaning) in _COMPUTED.items()}
"""Every figure that limits can bound, with its meaning."""


class _Figures(Mapping[str, int]):
    """Computes each figure once, when it is first asked for."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._known: dict[str, int] = {}

    def __getitem__(self, name: str) -> int:
        if name not in self._known:
            self._known[name] = _COMPUTED[name][0](self._profile)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(FIGURES)

    def __len__(self) -> int:
        return len(FIGURES)
