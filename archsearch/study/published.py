"""Tables of results that were published as CSV, read back: what `archsearch results --csv` wrote."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from pathlib import Path

from archsearch.errors import StudyError, suggest
from archsearch.files import read_text
from archsearch.notation.condition import ColumnValue
from archsearch.study.columns import COLUMNS, WORDS, ResultRow

_ALWAYS = ("study", "state", "sentence")
_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?|-?inf|nan", re.ASCII | re.IGNORECASE)
_MOST_DIGITS = 1_000
"""So many characters a number may have: Python refuses to read whole numbers of some thousands."""

_AS_WRITTEN = "give the file as `archsearch results --csv` wrote it"


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
    reader = csv.reader(io.StringIO(read_text(path)), strict=True)
    try:
        header, *lines = [(reader.line_num, cells) for cells in reader] or [(0, [])]
    except csv.Error as error:
        raise StudyError(f"`{path}`, line {reader.line_num}: {error}", remedy=_AS_WRITTEN) from None
    columns = header[1]
    for place, name in enumerate(columns):
        if name not in COLUMNS:
            message = f"`{path}` has a column `{name}`, which no results have"
            raise StudyError(message, remedy=suggest(name, COLUMNS))
        if name in columns[:place]:
            raise StudyError(f"`{path}` has the column `{name}` twice", remedy="remove one of them")
    for name in _ALWAYS:
        if name not in columns:
            raise StudyError(f"`{path}` is no table of results: it has no column `{name}`", remedy=_AS_WRITTEN)
    return tuple(_row(columns, cells, f"`{path}`, line {number}") for number, cells in lines)


def _row(columns: Sequence[str], cells: Sequence[str], place: str) -> ResultRow:
    if len(cells) != len(columns):
        message = f"{place}, has {len(cells)} cells; the header has {len(columns)}"
        raise StudyError(message, remedy=_AS_WRITTEN)
    values = {name: _value(name, cell, place) for name, cell in zip(columns, cells, strict=True)}
    return ResultRow(dict.fromkeys(COLUMNS) | values)


def _value(name: str, cell: str, place: str) -> ColumnValue:
    if not cell and name in _ALWAYS:
        raise StudyError(f"{place}, column `{name}` is empty", remedy=_AS_WRITTEN)
    if not cell or name in WORDS:
        return cell or None
    if len(cell) > _MOST_DIGITS or not _NUMBER.fullmatch(cell):
        message = f"{place}, column `{name}` is `{cell}`; it must be a number"
        raise StudyError(message, remedy="fix it, or leave it empty")
    if cell.lstrip("-").isdigit():
        return int(cell)
    number = float(cell)
    return None if math.isnan(number) else number
