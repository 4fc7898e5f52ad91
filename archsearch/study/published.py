"""Tables of results that were published as CSV, read back: what `archsearch results --csv` wrote."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from archsearch.errors import StudyError, suggest
from archsearch.files import read_text
from archsearch.notation.condition import ColumnValue
from archsearch.study.columns import COLUMNS, WORDS, ResultRow

_ALWAYS = ("study", "state", "sentence")


def is_table(storage: str) -> bool:
    """Whether a storage is the path of a CSV file, and no URL.

    >>> is_table("results/cpu200k.csv"), is_table("sqlite:///results.csv")
    (True, False)
    """
    return "://" not in storage and storage.lower().endswith(".csv")


def read_table(path: Path) -> tuple[ResultRow, ...]:
    """Return the rows of a CSV file of results; a column that it lacks is empty.

    Raises StudyError, with line and column, for what is no such table.
    """
    reader = csv.reader(io.StringIO(read_text(path)))
    header = next(reader, [])
    for name in header:
        if name not in COLUMNS:
            message = f"`{path}` has a column `{name}`, which no results have"
            raise StudyError(message, remedy=suggest(name, COLUMNS))
    for name in _ALWAYS:
        if name not in header:
            remedy = "give a file that `archsearch results --csv` wrote"
            raise StudyError(f"`{path}` is no table of results: it has no column `{name}`", remedy=remedy)
    rows = []
    for cells in reader:
        if len(cells) != len(header):
            message = f"`{path}`, line {reader.line_num}, has {len(cells)} cells; the header has {len(header)}"
            raise StudyError(message, remedy="give the file as `archsearch results --csv` wrote it")
        places = (f"`{path}`, line {reader.line_num}, column `{name}`" for name in header)
        values = {name: _value(name, cell, place) for name, cell, place in zip(header, cells, places, strict=True)}
        rows.append(ResultRow(dict.fromkeys(COLUMNS) | values))
    return tuple(rows)


def _value(name: str, cell: str, place: str) -> ColumnValue:
    if not cell or name in WORDS:
        return cell or None
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    raise StudyError(f"{place} is `{cell}`; it must be a number", remedy="fix it, or leave it empty")
