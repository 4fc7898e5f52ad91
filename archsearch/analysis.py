"""What a graph costs and sees, operation by operation, in exact integers.

Conventions: a MAC is one multiply-accumulate of a convolution or a linear layer, and `flops` = 2 `macs`; `rf`
is the largest unclipped extent on the last map before the first global operation; bytes are those of float32
and of one image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

from archsearch import receptive
from archsearch.graph import (
    Add,
    BatchNorm,
    Convolution,
    Flatten,
    GlobalPool,
    Graph,
    Linear,
    Node,
    Pool,
    shape_text,
)
from archsearch.receptive import Field, Window
from archsearch.table import render

if TYPE_CHECKING:
    from archsearch.graph import Op, Pair, Shape

FIGURES: Mapping[str, str] = {
    "rf": "receptive field on the last map before any global operation, unclipped, in pixels",
    "rf_inside": "the largest part of it that lies inside the image, clipped at every operation",
    "params": "trainable parameters",
    "macs": "multiply-accumulates of convolutions and linear layers, for one image",
    "flops": "2 macs",
    "depth": "convolutions and linear layers on the longest path",
    "dilated": "convolutions with dilation > 1 of which an outer tap lands inside the map",
    "depthwise": "convolutions with kernel > 1 and one group for each input channel",
    "maxpool": "windowed max-poolings; a global one does not count",
    "weight_bytes": "4 params",
    "activation_bytes": "peak of the tensors alive at once, each kept until its last reader is done",
}
"""Every figure that limits can bound, with its meaning."""

_FLOAT_BYTES = 4


@dataclass(frozen=True)
class Row:
    """One operation and its figures; `rf`, `stride` and `padding` are None once an operation was global.

    Where height and width differ, `rf` is the smaller one; `fields` holds both.
    """

    path: str
    word: str
    op: str
    shape: Shape
    fields: tuple[Field, Field] | None
    params: int
    macs: int

    @property
    def rf(self) -> int | None:
        """Unclipped receptive field in pixels."""
        return min(field.extent for field in self.fields) if self.fields else None

    @property
    def stride(self) -> int | None:
        """Distance, in input pixels, between the fields of neighbouring units."""
        return self.fields[0].stride if self.fields else None

    @property
    def padding(self) -> int | None:
        """Effective padding in input pixels."""
        return self.fields[0].padding if self.fields else None

    @property
    def figures(self) -> dict[str, object]:
        """The row as plain values, for JSON."""
        return {
            "path": self.path,
            "word": self.word,
            "op": self.op,
            "shape": list(self.shape),
            "rf": self.rf,
            "stride": self.stride,
            "padding": self.padding,
            "params": self.params,
            "macs": self.macs,
        }


@dataclass(frozen=True)
class Profile:
    """The figures of a network and of each of its operations; its `str` is the table."""

    graph: Graph
    rows: tuple[Row, ...]

    @cached_property
    def figures(self) -> Mapping[str, int]:
        """Each figure of FIGURES by its name."""
        last = next(row.fields for row in reversed(self.rows) if row.fields)
        params, macs = sum(row.params for row in self.rows), sum(row.macs for row in self.rows)
        nodes = self.graph.nodes
        figures = {
            "rf": min(field.extent for field in last),
            "rf_inside": min(field.extent_inside for field in last),
            "params": params,
            "macs": macs,
            "flops": 2 * macs,
            "depth": _depth(nodes),
            "dilated": sum(_is_dilated(node, self.graph) for node in nodes),
            "depthwise": sum(_is_depthwise(node, self.graph) for node in nodes),
            "maxpool": sum(isinstance(node.op, Pool) and node.op.mode == "max" for node in nodes),
            "weight_bytes": _FLOAT_BYTES * params,
            "activation_bytes": _FLOAT_BYTES * _peak_elements(nodes),
        }
        assert figures.keys() == FIGURES.keys()
        return figures

    @property
    def sees_all(self) -> Row | None:
        """The first operation each unit of which sees the whole image, if there is one."""
        return next((row for row in self.rows if row.fields is None), None)

    def __str__(self) -> str:
        """Return the table of operations with the totals under it."""
        columns = ("path", "op", "output", "rf", "stride", "padding", "params", "macs")
        rows = [
            (row.path, row.op, shape_text(row.shape), row.rf, row.stride, row.padding, row.params, row.macs)
            for row in self.rows
        ]
        totals = [(name, value, FIGURES[name]) for name, value in self.figures.items()]
        sees_all = f"\n\nSees the whole image from: {self.sees_all.op}" if self.sees_all else ""
        return f"{render(columns, rows)}\n\n{render(('figure', 'value', 'meaning'), totals)}{sees_all}"


def analyze(graph: Graph) -> Profile:
    """Return the figures of a graph, operation by operation.

    Receptive fields as in `receptive`. A convolution has channels * (input channels / groups) * kernel area
    weights; its params are these and a bias for each channel, its MACs these times the output area.

    >>> from archsearch.network import parse
    >>> analyze(parse("conv(8) conv(8, stride=2) conv(8, dilation=2) head()").lower()).figures["rf"]
    13
    """
    fields: list[tuple[Field, Field] | None] = []
    rows = []
    for node in graph.nodes:
        fields.append(_fields(node, fields))
        params, macs = _cost(node, graph)
        rows.append(Row(node.path, node.word, describe(node.op), node.shape, fields[-1], params, macs))
    return Profile(graph, tuple(rows))


def describe(op: Op) -> str:
    """Write an operation as people do: `convolution 3x3, stride 2`."""
    if not isinstance(op, Convolution | Pool):
        mode = f"{op.mode} " if isinstance(op, GlobalPool) else ""
        return mode + op.kind.replace("_", " ")
    name = f"{op.mode} pool" if isinstance(op, Pool) else op.kind
    parts = [f"{name} {_pair(op.kernel, 'x')}"]
    if op.stride != (1, 1):
        parts.append(f"stride {_pair(op.stride)}")
    if isinstance(op, Convolution) and op.dilation != (1, 1):
        parts.append(f"dilation {_pair(op.dilation)}")
    if isinstance(op, Convolution) and op.groups > 1:
        parts.append(f"groups {op.groups}")
    return ", ".join(parts)


def _pair(pair: Pair, joint: str = "") -> str:
    return str(pair[0]) if pair[0] == pair[1] and not joint else f"{pair[0]}{joint or 'x'}{pair[1]}"


def _fields(node: Node, before: list[tuple[Field, Field] | None]) -> tuple[Field, Field] | None:
    op = node.op
    if not node.inputs:
        return receptive.image(node.shape[1]), receptive.image(node.shape[2])
    found = [before[number] for number in node.inputs]
    known = [fields for fields in found if fields is not None]
    if len(known) < len(found) or isinstance(op, GlobalPool | Flatten | Linear):
        return None
    first = known[0]
    if isinstance(op, Add):
        return receptive.join(first[0], known[1][0]), receptive.join(first[1], known[1][1])
    if isinstance(op, Convolution | Pool):
        windows = _windows(op)
        return (
            receptive.slide(first[0], windows[0], node.shape[1]),
            receptive.slide(first[1], windows[1], node.shape[2]),
        )
    return first


def _windows(op: Convolution | Pool) -> tuple[Window, Window]:
    """Return the window along height and the one along width."""
    dilation = op.dilation if isinstance(op, Convolution) else (1, 1)
    height, width = map(Window, op.kernel, op.stride, op.padding, dilation)
    return height, width


def _cost(node: Node, graph: Graph) -> tuple[int, int]:
    """Parameters and MACs of one operation."""
    op = node.op
    if isinstance(op, Convolution):
        weights = op.channels * (graph.nodes[node.inputs[0]].shape[0] // op.groups) * prod(op.kernel)
        return weights + op.channels * op.bias, weights * prod(node.shape[1:])
    if isinstance(op, BatchNorm):
        return 2 * node.shape[0], 0
    if isinstance(op, Linear):
        weights = op.features * graph.nodes[node.inputs[0]].shape[0]
        return weights + op.features, weights
    return 0, 0


def _is_dilated(node: Node, graph: Graph) -> bool:
    op = node.op
    if not isinstance(op, Convolution):
        return False
    before = graph.nodes[node.inputs[0]].shape
    return any(
        window.dilation > 1 and not window.is_pointwise(length, units)
        for window, length, units in zip(_windows(op), before[1:], node.shape[1:], strict=True)
    )


def _is_depthwise(node: Node, graph: Graph) -> bool:
    op = node.op
    if not isinstance(op, Convolution):
        return False
    return 1 < op.groups == graph.nodes[node.inputs[0]].shape[0] and max(op.kernel) > 1


def _depth(nodes: tuple[Node, ...]) -> int:
    depth: list[int] = []
    for node in nodes:
        before = max((depth[number] for number in node.inputs), default=0)
        depth.append(before + isinstance(node.op, Convolution | Linear))
    return depth[-1]


def _peak_elements(nodes: tuple[Node, ...]) -> int:
    """Largest sum of the tensors alive while an operation runs, its output included."""
    last_reader = {number: reader for reader, node in enumerate(nodes) for number in node.inputs}
    alive, peak = 0, 0
    for number, node in enumerate(nodes):
        alive += prod(node.shape)
        peak = max(peak, alive)
        alive -= sum(prod(nodes[read].shape) for read in set(node.inputs) if last_reader[read] == number)
    return peak
