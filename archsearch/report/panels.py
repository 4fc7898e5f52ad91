"""What the panels of a picture show, and where they are on paper, in inches from the top left.

All panels have the same scale and show the same columns of the image, so that they compare at a glance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archsearch.analysis.op_profile import OpProfile
    from archsearch.analysis.profile import Profile
    from archsearch.analysis.receptive.field import AxisField
    from archsearch.graph.shapes import Shape

OUTSIDE, SEEN, BEYOND = range(3)
"""What a pixel of a panel is: not reached, seen, or reached only through padding."""

_TITLE, _GAP = 0.56, 0.22
_LOWEST, _HIGHEST = 0.3, 2.2


@dataclass(frozen=True)
class Reach:
    """What a unit reaches along one axis: the set inside the image; the unclipped one, whose bit 0 is `start`."""

    inside: int = 1
    start: int = 0
    bits: int = 1

    def at(self, position: int) -> int:
        """Return SEEN, BEYOND or OUTSIDE for a position."""
        if position >= 0 and self.inside >> position & 1:
            return SEEN
        return BEYOND if position >= self.start and self.bits >> (position - self.start) & 1 else OUTSIDE

    @property
    def stop(self) -> int:
        """The position after the last one that is reached."""
        return self.start + self.bits.bit_length()


class Panel(NamedTuple):
    """What the middle unit of a map reaches along the image's last two axes; a signal is one pixel high."""

    row: OpProfile
    down: Reach
    across: Reach


class Box(NamedTuple):
    """A place on paper."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Grid:
    """The panels of a network.

    `steps` is the number of maps that they were chosen from, `sides` are those of the image, `paper` is the width
    in inches.
    """

    panels: Sequence[Panel]
    sides: Shape
    steps: int
    paper: float

    @property
    def image(self) -> tuple[int, int]:
        """Height and width of the image in each panel."""
        return (1, *self.sides)[-2], self.sides[-1]

    @cached_property
    def width(self) -> range:
        """The positions that each panel shows across."""
        return window(self.image[1], [panel.across for panel in self.panels])

    @cached_property
    def columns(self) -> int:
        """How many panels are in a line: at most two if they are long strips, else six."""
        height = window(self.image[0], [panel.down for panel in self.panels])
        most = 2 if len(self.width) > 4 * len(height) else 6
        return ceil(len(self.panels) / ceil(len(self.panels) / most))

    @cached_property
    def heights(self) -> Sequence[range]:
        """The positions that the panels of each line show, from top to bottom."""
        starts = range(0, len(self.panels), self.columns)
        lines = [self.panels[start : start + self.columns] for start in starts]
        return [window(self.image[0], [panel.down for panel in line]) for line in lines]

    @cached_property
    def scale(self) -> float:
        """Size of a pixel on paper."""
        return min(self._share / len(self.width), _HIGHEST / max(map(len, self.heights)))

    @property
    def room(self) -> float:
        """Width for a panel and its title."""
        return min(self._share, max(self.scale * len(self.width), _HIGHEST))

    @cached_property
    def boxes(self) -> Sequence[Box]:
        """The place of each panel, below its title; pixels are square unless the panel would be too low."""
        boxes: list[Box] = []
        top, width = 0.0, self.scale * len(self.width)
        for positions in self.heights:
            top += _TITLE
            height = max(self.scale * len(positions), _LOWEST)
            boxes += [Box(column * (self.room + _GAP), top, width, height) for column in range(self.columns)]
            top += height + _GAP
        return boxes[: len(self.panels)]

    @cached_property
    def pixels(self) -> Sequence[Sequence[Sequence[int]]]:
        """SEEN, BEYOND or OUTSIDE for each pixel of each panel."""
        return [
            panel_pixels(panel.down, panel.across, self.heights[number // self.columns], self.width)
            for number, panel in enumerate(self.panels)
        ]

    @property
    def is_cut(self) -> bool:
        """Whether some unit reaches positions that its panel does not show."""
        return any(
            reach.start < shown.start or reach.stop > shown.stop
            for number, panel in enumerate(self.panels)
            for reach, shown in ((panel.down, self.heights[number // self.columns]), (panel.across, self.width))
        )

    @property
    def is_padded(self) -> bool:
        """Whether some unit reaches padding."""
        return self.is_cut or any(BEYOND in line for pixels in self.pixels for line in pixels)

    @property
    def _share(self) -> float:
        return (self.paper + _GAP) / self.columns - _GAP


def grid(profile: Profile, paper: float, most: int = 12) -> Grid:
    """Return the panels of a network: at most so many of its steps, evenly spaced, with the first and the last."""
    rows = steps(profile)
    count = min(len(rows), most)
    panels = [panel(rows[round(number * (len(rows) - 1) / max(count - 1, 1))]) for number in range(count)]
    return Grid(panels, profile.graph.sides, len(rows), paper)


def steps(profile: Profile) -> list[OpProfile]:
    """Return the maps whose units see what units of no earlier map see; the input only if there is no other."""
    known = set()
    found = []
    for row in profile.rows:
        if row.axis_fields and row.field.is_local_map:
            patterns = [field.pattern for field in row.axis_fields[-2:] if field.pattern]
            sets = tuple(frozenset(bits for _start, bits in pattern.phases) for pattern in patterns)
            if sets not in known:
                found.append(row)
            known.add(sets)
    return found[1:] or found


def panel(row: OpProfile) -> Panel:
    """Return what the middle unit of a map reaches."""
    assert row.axis_fields
    reaches = [_middle(field) for field in row.axis_fields[-2:]]
    return Panel(row, (Reach(), *reaches)[-2], reaches[-1])


def window(side: int, reaches: Sequence[Reach]) -> range:
    """Return the positions to show: the image and all that is reached, up to the image's size on either side.

    >>> window(5, [Reach(start=-1), Reach(start=3, bits=0b1111111111)])
    range(-1, 10)
    """
    start, stop = min(reach.start for reach in reaches), max(reach.stop for reach in reaches)
    return range(max(min(start, 0), -side), min(max(stop, side), 2 * side))


def panel_pixels(down: Reach, across: Reach, height: range, width: range) -> Sequence[Sequence[int]]:
    """Return what each pixel of the endless image is: seen where both its positions are.

    >>> panel_pixels(Reach(), Reach(inside=0b10, start=-1, bits=0b101), range(1), range(-1, 3))
    [[2, 0, 1, 0]]
    """
    line = [across.at(position) for position in width]
    lines = {
        OUTSIDE: [OUTSIDE] * len(line),
        SEEN: line,
        BEYOND: [BEYOND if pixel else OUTSIDE for pixel in line],
    }
    return [lines[down.at(position)] for position in height]


def _middle(field: AxisField) -> Reach:
    assert field.pattern
    assert field.inside
    unit = len(field.inside) // 2
    return Reach(field.inside[unit], *field.pattern.at(unit))
