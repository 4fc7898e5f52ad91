"""The text of a profile: the table of operations, the figures, the outputs if there are several, and remarks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from archsearch.analysis.figures import FIGURES
from archsearch.analysis.op_profile import NO_SETS
from archsearch.graph.shapes import shape_text
from archsearch.table import render

if TYPE_CHECKING:
    from archsearch.analysis.profile import Profile


def profile_text(profile: Profile, width: int | None = None) -> str:
    """Return the table of operations with the figures under it, whole columns of them in a `width`."""
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
        for row in profile.rows
    ]
    totals = [(name, value, FIGURES[name]) for name, value in profile.figures.items()]
    parts = [render(columns, rows, width), render(("figure", "value", "meaning"), totals, width)]
    if len(profile.outputs) > 1:
        parts.append(_outputs(profile, width))
    parts.append("\n".join(_remarks(profile)))
    return "\n\n".join(filter(None, parts))


def _outputs(profile: Profile, width: int | None) -> str:
    columns = ("output", "shape", "rf", "rf_inside", "stride", "padding", "last map")
    rows = [
        (one.name, shape_text(one.shape), one.rf, one.rf_inside, one.map.stride, one.map.padding, one.place)
        for one in profile.outputs
    ]
    said = f"The figures are those of the whole module, rf and rf_inside those of the output `{profile.main}`"
    return f"{render(columns, rows, width)}\n{said}"


def _remarks(profile: Profile) -> Iterator[str]:
    for row, message in (
        (profile.first_whole, "A unit sees the whole image from"),
        (profile.first_global, "The first global operation is"),
    ):
        if row:
            where = f" at {row.path}" if row.path else ""
            yield f"{message}: {row.op}{where}, after a receptive field of {profile.rf_by(row)}"
    if profile.read_as_global:
        yield profile.other_reading
    if profile.last_map.rf is None:
        yield "The units of the last map follow no pattern: rf is the largest part inside the image"
    if profile.unknown:
        yield f"PARTIAL: these operations are not known: {', '.join(profile.unknown)}"
    if profile.weight_macs:
        yield f"{profile.weight_macs:,} MACs of weights alone, done once for any batch, are not in macs"
    if not profile.has_sets:
        yield f"Not made: the exact sets that units see, and image_coverage with them: {NO_SETS}"
    if profile.graph.spare:
        unread = sum(weight.size for weight in profile.graph.spare)
        yield f"{unread:,} of the params are not used by any operation"
