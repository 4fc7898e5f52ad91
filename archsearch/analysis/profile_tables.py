"""The tables of a profile: its operations, its figures, and its outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archsearch.analysis.figures import FIGURES
from archsearch.analysis.op_profile import OpProfile, OutputProfile
from archsearch.graph.shapes import shape_text
from archsearch.table import render


def ops_table(ops: Sequence[OpProfile], width: int | None = None) -> str:
    """Return a line for each operation, whole columns of them in a `width`."""
    columns = ("path", "op", "output", "rf", "stride", "padding", "params", "macs", "notes")
    rows = [
        (
            op.path,
            op.op,
            shape_text(op.shape),
            op.rf,
            op.stride,
            op.padding,
            op.params,
            op.counts.macs,
            ", ".join(op.notes),
        )
        for op in ops
    ]
    return render(columns, rows, width)


def figures_table(figures: Mapping[str, float], width: int | None = None) -> str:
    """Return a line for each figure, with its meaning."""
    rows = [(name, value, FIGURES[name]) for name, value in figures.items()]
    return render(("figure", "value", "meaning"), rows, width)


def outputs_table(outputs: Sequence[OutputProfile], main: str, width: int | None = None) -> str:
    """Return a line for each output, and below which of them the figures `rf` and `rf_inside` are for."""
    columns = ("output", "shape", "rf", "rf_inside", "stride", "padding", "last map")
    rows = [
        (one.name, shape_text(one.shape), one.rf, one.rf_inside, one.map.stride, one.map.padding, one.place)
        for one in outputs
    ]
    said = f"The figures are those of the whole module, rf and rf_inside those of the output `{main}`"
    return f"{render(columns, rows, width)}\n{said}"
