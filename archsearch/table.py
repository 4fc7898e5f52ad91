"""Plain text tables: numbers to the right, words to the left, blank for what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def render(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write rows under their columns, each column as wide as its widest cell.

    Whole numbers get thin groups of three by commas, others two decimals.

    >>> print(render(("name", "params"), [("reference", 157110), ("other", None)]))
    name        params
    reference  157,110
    other
    """
    values = list(rows)
    cells = [list(map(cell, row)) for row in values]
    numeric = [all(isinstance(row[i], int | float | None) for row in values) for i in range(len(columns))]
    widths = [max(len(row[number]) for row in [list(columns), *cells]) for number in range(len(columns))]

    def line(texts: Sequence[str]) -> str:
        aligned = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(texts, widths, numeric, strict=True)
        )
        return "  ".join(aligned).rstrip()

    return "\n".join(map(line, [columns, *cells]))


def cell(value: object) -> str:
    """Write one value: `1,234` for a whole number, two decimals for another, nothing for None.

    >>> cell(1234567), cell(85.4321), cell(None)
    ('1,234,567', '85.43', '')
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
