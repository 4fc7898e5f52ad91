"""Plain text tables: numbers to the right, words to the left, blank for what is missing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

_GAP = "  "
_NARROWEST = 30
"""Characters that wrapped words need: a narrower column would be a ribbon."""


def render(
    columns: Sequence[str], rows: Iterable[Sequence[object]], width: int | None = None, elsewhere: str = ""
) -> str:
    """Write rows under their columns, each column as wide as its widest cell.

    Whole numbers get commas between groups of three, others two decimals.

    >>> print(render(("name", "params"), [("reference", 157110), ("other", None)]))
    name        params
    reference  157,110
    other

    A table wider than `width` characters loses whole columns, the last one first and never the first. One that
    holds words is wrapped instead if it is the last that remains and has room for 30 characters. The columns left
    out are named under the table, and `elsewhere` says where they are to be found.

    >>> rows = [("reference", 157110, 28361120, "rf is 75, not > 80; params is 157,110, not < 150k")]
    >>> print(render(("name", "params", "macs", "reason"), rows, width=68))
    name        params        macs  reason
    reference  157,110  28,361,120  rf is 75, not > 80; params is
                                    157,110, not < 150k
    >>> print(render(("name", "params", "macs", "reason"), rows, width=50, elsewhere="--csv writes all"))
    name        params        macs
    reference  157,110  28,361,120
    1 column does not fit in 50: reason; --csv writes
    all
    """
    values = list(rows)
    cells = [list(columns), *(list(map(cell, row)) for row in values)]
    numeric = [all(_is_number(row[number]) for row in values) for number in range(len(columns))]
    widths = [max(len(row[number]) for row in cells) for number in range(len(columns))]
    shown = len(columns)
    if width is not None:
        while shown > 1 and _needed(widths[:shown], numeric[shown - 1]) > width:
            shown -= 1
        if not numeric[shown - 1]:
            room = width - sum(widths[: shown - 1]) - len(_GAP) * (shown - 1)
            widths[shown - 1] = min(widths[shown - 1], max(room, _NARROWEST))
    lines = [line for row in cells for line in _lines(row[:shown], widths[:shown], numeric)]
    return "\n".join([*lines, *_left_out(columns[shown:], width, elsewhere)])


def cell(value: object) -> str:
    """Write one value: `1,234` for a whole number, two decimals for another, yes or no, nothing for None.

    >>> cell(1234567), cell(85.4321), cell(True), cell(None)
    ('1,234,567', '85.43', 'yes', '')
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.2f}"
        case int():
            return f"{value:,}"
        case _:
            return printable(str(value))


def printable(text: str, but: str = "") -> str:
    r"""Write control characters and their like as escapes: they would break a table, or command a terminal.

    >>> print(printable("a\nb\x1b[31m"))
    a\nb\x1b[31m
    """
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() or one in but else one.encode("unicode_escape").decode() for one in text
    )


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _needed(widths: Sequence[int], last_is_numeric: bool) -> int:
    """Return the least width of a table of these columns, the last one wrapped if it holds words."""
    last = widths[-1] if last_is_numeric else min(widths[-1], _NARROWEST)
    return sum(widths[:-1]) + last + len(_GAP) * (len(widths) - 1)


def _lines(row: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> list[str]:
    """Return the lines of a row: one, or as many as its last cell fills."""
    *before, last = row
    fits = len(last) <= widths[-1]
    wrapped = [last] if fits else textwrap.wrap(last, widths[-1], break_on_hyphens=False)
    texts = [[*before, wrapped[0]], *([*[""] * len(before), line] for line in wrapped[1:])]
    return [
        _GAP.join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=False)
        ).rstrip()
        for line in texts
    ]


def _left_out(columns: Sequence[str], width: int | None, elsewhere: str) -> list[str]:
    if width is None or not columns:
        return []
    count = "1 column does" if len(columns) == 1 else f"{len(columns)} columns do"
    note = f"{count} not fit in {width}: {', '.join(columns)}"
    return textwrap.wrap(f"{note}; {elsewhere}" if elsewhere else note, width)
