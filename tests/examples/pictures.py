"""The texts of a picture as they are drawn, and whether they are whole and apart."""

from __future__ import annotations

from itertools import combinations

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.text import Text


def shown(picture: Figure) -> list[Text]:
    """Return the texts that are drawn: hidden axes, and ticks out of view, still have labels."""
    picture.draw_without_rendering()
    kept: set[Artist] = set()
    for axes in picture.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = axis.get_view_interval()
            current = axis.get_major_ticks() if axes.axison else []
            ticks = [tick for tick in axis.majorTicks if tick not in current or not low <= tick.get_loc() <= high]
            kept |= {label for tick in ticks for label in (tick.label1, tick.label2)}
    return [text for text in picture.findobj(Text) if text not in kept and text.get_visible() and text.get_text()]


def badly_placed(picture: Figure) -> list[tuple[Text, ...]]:
    """Return the texts that are not whole, and the pairs of them that overlap."""
    boxes = {text: text.get_window_extent() for text in shown(picture)}
    paper = picture.bbox
    cut = [
        (text,)
        for text, box in boxes.items()
        if not (paper.x0 <= box.x0 < box.x1 <= paper.x1 and paper.y0 <= box.y0 < box.y1 <= paper.y1)
    ]
    return [*cut, *((one, other) for one, other in combinations(boxes, 2) if boxes[one].overlaps(boxes[other]))]
