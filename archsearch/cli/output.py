"""What commands write: a table for people, JSON or CSV for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from archsearch.errors import ArchsearchError

if TYPE_CHECKING:
    from archsearch.study.results import ResultRow
import csv
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from archsearch.table import render


def write_results(found: Iterable[ResultRow], as_json: bool) -> None:
    """Write rows of the results."""
    from archsearch.study.results import COLUMNS, SHOWN

    values = [dict(row.values) for row in found]
    write_rows(list(COLUMNS), values, as_json=as_json, as_csv=False, shown=SHOWN)


def write_rows(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, as_json: bool, as_csv: bool, shown: Sequence[str]
) -> None:
    """Write rows with all `columns` for programs, with those `shown` as a table for people."""
    if as_json and as_csv:
        raise ArchsearchError("--json and --csv exclude each other", remedy="give one of them")
    if as_json:
        write_json([{name: row[name] for name in columns} for row in rows])
    elif as_csv:
        writer = csv.DictWriter(sys.stdout, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        filled = [name for name in shown if any(row[name] is not None for row in rows)]
        lines = render(filled or shown, [[row[name] for name in filled] for row in rows]).split("\n")
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        click.echo("\n".join(line[:width] for line in lines))


def write_json(value: object) -> None:
    """Write a value as JSON for programs."""
    click.echo(json.dumps(value, indent=2))
