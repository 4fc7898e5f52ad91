"""A profile as a picture: what one unit sees, step by step, and how the receptive field grows with depth.

Lengths on paper are in inches, places are from the top left.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from matplotlib import style
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from archsearch.errors import ArchsearchError
from archsearch.graph.shapes import shape_text
from archsearch.report.panels import Box, Grid, grid

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from matplotlib.axes import Axes

    from archsearch.analysis.op_profile import OpProfile
    from archsearch.analysis.profile import Profile
    from archsearch.graph.shapes import Shape

# No date of writing in any kind of file, so that the same network gives the same bytes.
_METADATA: dict[str, dict[str, None]] = {"pdf": {"CreationDate": None}, "png": {}, "svg": {"Date": None}}
_STYLE = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9,
    "legend.frameon": False,
    "savefig.dpi": 200,
    "svg.fonttype": "none",
    "svg.hashsalt": "archsearch",
    "text.parse_math": False,
}
# From the palette of Okabe and Ito, which the colour-blind can tell apart.
BLUE, PALE, ORANGE, INK, GREY = "#0072B2", "#B5DAF0", "#D55E00", "#222222", "#6B6B6B"

_WIDTH, _MARGIN, _LABELS = 11.0, 0.6, 0.5
_HEADING, _LINE, _GROWTH, _FOOT = 0.55, 0.2, 2.3, 0.6
_LETTERS = 15.5
"""How many letters of a panel's title fit in an inch."""
_APART = 0.12
"""How far apart two labels must be not to touch, as a share of the diagram's height."""


class Mark(NamedTuple):
    """An operation marked on the line of the receptive field."""

    marker: str
    step: int
    size: int
    label: str


def draw(profile: Profile, path: Path) -> None:
    """Write the picture of a network; the same network gives the same bytes. Raises what `save` raises."""
    save(lambda: _figure(profile), path)


def kind_of(path: Path) -> str:
    """Return which kind of picture a file is to be; raises ArchsearchError for none of .pdf, .png and .svg."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _METADATA:
        reason = f"`{path.suffix}` is not a known kind of picture" if kind else "its name has no suffix"
        raise ArchsearchError(f"cannot draw `{path}`: {reason}", remedy="end it in .pdf, .png or .svg")
    return kind


def save(make: Callable[[], Figure], path: Path) -> None:
    """Write what is made in the style of all pictures; the same picture gives the same bytes.

    Raises what `kind_of` raises, and ArchsearchError where the file cannot be written.
    """
    kind = kind_of(path)
    with styled():
        try:
            make().savefig(path, format=kind, metadata=_METADATA[kind])
        except OSError as error:
            raise ArchsearchError(f"cannot write `{path}`: {error.strerror}") from None


def figure(profile: Profile) -> Figure:
    """Return the picture of a network, for a notebook to show."""
    with styled():
        return _figure(profile)


def styled() -> AbstractContextManager[None]:
    """Draw in the style of all pictures."""
    return style.context(["default", _STYLE])


def _figure(profile: Profile) -> Figure:
    panels = grid(profile, _WIDTH - 2 * _MARGIN)
    marks = _marks(profile)
    top = _HEADING + _LINE
    middle = top + max(box.top + box.height for box in panels.boxes) + 0.15
    bottom = middle + _HEADING + _LINE * len(marks)
    figure = Figure((_WIDTH, bottom + _GROWTH + _FOOT))
    _head(figure, 0, _heading(panels))
    _draw_key(figure, panels)
    for number, box in enumerate(panels.boxes):
        _draw_panel(_axes(figure, box, _MARGIN, top), panels, number)
    growth = profile.growth()
    axis = " of the axis with the smaller one" if any("x" in _size(row) for row, _rf in growth) else ""
    _head(figure, middle, f"How the receptive field{axis} grows, operation by operation, in pixels")
    axes = _axes(figure, Box(0, 0, _WIDTH - 2 * _MARGIN - _LABELS, _GROWTH), _MARGIN, bottom)
    _draw_growth(axes, [rf for _row, rf in growth], panels.sides)
    _draw_marks(axes, marks)
    return figure


def _axes(figure: Figure, box: Box, left: float, top: float) -> Axes:
    width, height = figure.get_size_inches()
    bottom = height - top - box.top - box.height
    return figure.add_axes(((left + box.left) / width, bottom / height, box.width / width, box.height / height))


def _head(figure: Figure, top: float, text: str) -> None:
    width, height = figure.get_size_inches()
    figure.text(_MARGIN / width, 1 - (top + 0.3) / height, text, fontsize=12, color=INK, va="center")


def _heading(panels: Grid) -> str:
    sides = panels.sides
    image = f"{shape_text(sides)} image" if len(sides) > 1 else f"{sides[0]:,} input positions"
    parts = [f"What the middle unit of a map sees of the {image}"]
    if len(sides) > 2:
        parts.append("height and width only")
    if len(panels.panels) < panels.steps:
        parts.append(f"{len(panels.panels)} of {panels.steps} steps")
    return ", ".join(parts)


def _draw_key(figure: Figure, panels: Grid) -> None:
    beyond = "falls on padding" + (" (cut off one image away)" if panels.is_cut else "")
    kinds = [
        Patch(facecolor="white", edgecolor=INK, label="image"),
        Patch(facecolor=BLUE, label="seen"),
        *([Patch(facecolor=PALE, label=beyond)] if panels.is_padded else []),
    ]
    width, height = figure.get_size_inches()
    place = ((_MARGIN - 0.06) / width, 1 - 0.42 / height)
    figure.legend(handles=kinds, loc="upper left", bbox_to_anchor=place, ncols=3, handlelength=1, handleheight=1)


def _draw_panel(axes: Axes, panels: Grid, number: int) -> None:
    down, across = panels.heights[number // panels.columns], panels.width
    extent = (across.start, across.stop, down.stop, down.start)
    kinds = ListedColormap(["white", BLUE, PALE])
    # Where pixels are smaller than dots, their colours must be blended, not the numbers of their kinds.
    axes.imshow(
        panels.pixels[number], kinds, aspect="auto", vmin=0, vmax=2, extent=extent, interpolation_stage="rgba"
    )
    height, width = panels.image
    axes.add_patch(Rectangle((0, 0), width, height, fill=False, edgecolor=INK, linewidth=0.8, clip_on=False))
    axes.axis("off")
    axes.set_title(_title(panels.panels[number].row, panels.room), loc="left", fontsize=8, color=INK, pad=4)


def _title(row: OpProfile, room: float) -> str:
    letters = int(room * _LETTERS)
    op = row.op.replace("convolution", "conv")
    op = op if len(op) <= letters else op[: letters - 1] + "…"
    return "\n".join(filter(None, (_end(row.path, letters), op, f"rf {_size(row)}")))


def _end(path: str, letters: int) -> str:
    return path if len(path) <= letters else "…" + path[1 - letters :]


def _size(row: OpProfile) -> str:
    """Write the receptive field: that of each axis where they differ."""
    extents = [field.pattern.extent for field in row.axis_fields or () if field.pattern]
    return str(extents[0]) if len(set(extents)) == 1 else shape_text(extents)


def _draw_growth(axes: Axes, sizes: list[int], sides: Shape) -> None:
    axes.step(range(len(sizes)), sizes, where="mid", color=BLUE, linewidth=1.6)
    for side in set(sides):
        axes.axhline(side, color=GREY, linewidth=1, linestyle="--", zorder=0)
    for place, label in _labels(sides, max(*sides, *sizes)):
        axes.text(1.005, place, label, transform=axes.get_yaxis_transform(), color=GREY, va="center")
    is_dipping = any(after < before for before, after in pairwise(sizes))
    axes.set_xlabel("operation" + (" (where the line dips, a branch sees less)" if is_dipping else ""))
    axes.set(xlim=(0, max(len(sizes) - 1, 1)), ylim=(0, None))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator("auto", steps=(1, 2, 5, 10), integer=True))


def _labels(sides: Shape, highest: int) -> list[tuple[float, str]]:
    """Return the place and text of the label at each side of the image; sides too close share one."""
    if len(set(sides)) == 1:
        return [(sides[0], "image")]
    groups: list[list[tuple[int, str]]] = []
    for side, name in sorted(zip(sides, ("depth", "height", "width")[-len(sides) :], strict=True), reverse=True):
        if groups and groups[-1][-1][0] - side < _APART * highest:
            groups[-1].append((side, name))
        else:
            groups.append([(side, name)])
    return [
        (sum(side for side, _name in group) / len(group), "\n".join(f"image {name}" for _side, name in group))
        for group in groups
    ]


def _marks(profile: Profile) -> list[Mark]:
    marks = []
    for row, message, marker in (
        (profile.first_whole, "first to see the whole image", "o"),
        (profile.first_global, "first global operation", "D"),
    ):
        if row:
            size = profile.rf_by(row)
            where = f" ({_end(row.path, 70)})" if row.path else ""
            label = f"{message}: {row.op}{where}, {'rf' if row.rf else 'after rf'} {size}"
            marks.append(Mark(marker, len(profile.growth(row)) - 1, size, label))
    return marks


def _draw_marks(axes: Axes, marks: list[Mark]) -> None:
    for marker, step, size, label in marks:
        # A ring, and a diamond small enough to show inside it.
        fill, points = ("none", 9) if marker == "o" else (ORANGE, 4)
        axes.plot(
            step,
            size,
            marker,
            color=ORANGE,
            markerfacecolor=fill,
            markersize=points,
            markeredgewidth=1.6,
            label=label,
            clip_on=False,
        )
    if marks:
        axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 1), borderaxespad=0.3)
