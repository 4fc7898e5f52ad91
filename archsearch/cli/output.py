"""What commands write: text for people, JSON or CSV for programs."""

from __future__ import annotations

import csv
import functools
import io
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import click

from archsearch.analysis.figures import FIGURES, SECONDS
from archsearch.cli.streams import write
from archsearch.errors import UsageError
from archsearch.graph.shapes import shape_text
from archsearch.table import cell, render

if TYPE_CHECKING:
    from archsearch.analysis.limits import Verdict
    from archsearch.analysis.profile import Profile
    from archsearch.study.columns import ResultRow

Form: TypeAlias = Literal["text", "json", "csv"]
Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Output:
    """Where a command writes what it found, in the form that was asked for.

    `width` is that of the terminal, None where the text goes elsewhere.
    """

    form: Form = "text"
    width: int | None = None

    @property
    def is_text(self) -> bool:
        """Whether people read it."""
        return self.form == "text"

    def rows(self, columns: Sequence[str], rows: Sequence[Values], shown: Sequence[str] = ()) -> None:
        """Write rows with all `columns` for programs, with those `shown` (else all) as a table for people."""
        if self.form == "json":
            _write_json([{name: row[name] for name in columns} for row in rows])
        elif self.form == "csv":
            written = io.StringIO()
            writer = csv.writer(written, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([_csv_cell(row[name]) for name in columns] for row in rows)
            write(written.getvalue().removesuffix("\n"))
        else:
            shown = shown or columns
            filled = [name for name in shown if any(row[name] is not None for row in rows)] or shown
            cells = [[row[name] for name in filled] for row in rows]
            write(render(filled, cells, self.width, "--csv writes all"))

    def results(self, found: Iterable[ResultRow]) -> None:
        """Write rows of the results."""
        from archsearch.study.columns import COLUMNS, SHOWN

        self.rows(list(COLUMNS), [row.values for row in found], SHOWN)

    def values(self, values: Values, table: str | None = None) -> None:
        """Write named values for programs: JSON of all, or CSV of the rows under `table`, else of one row."""
        if self.form == "json":
            _write_json(values)
        else:
            rows = [values] if table is None else values[table]
            self.rows(list(rows[0]), rows)


def output_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --json and --csv, and hand it one `output` that writes what was asked for.

    Every command writes the values of a network flat and under the same names:

    - each figure of FIGURES by its name, null where the shapes do not fit; `seconds` only with a calibration;
    - `digest`: of the network's graph, null where the shapes do not fit;
    - `sentence`: the sentence in canonical form; of a torch module, the name that it was given by;
    - where it is held against limits, `fits`: true or false, null where an upper bound leaves it open, and
      `reason`: why it does not fit or is not known to, else null.

    `analyze` adds `input`, `classes`, `unknown`, `output` (the one which `rf` is for), `outputs` (each with its
    figures), `read_as_global` (`rf` and `maxpool` where windows that cover their whole map are read as global
    pooling, null without any), `weight_macs` (MACs of weights alone, which `macs` leaves out) and `ops`, which are
    the rows of its CSV; `check` adds `limits`; a row of the results has the columns of `archsearch results
    --columns`. In JSON, true and false are themselves and a shape is a list; in text and CSV they are yes and no,
    and 3x32x32. JSON is ASCII; in CSV, what the encoding of the output lacks is written as an escape.
    """

    @click.option("--json", "as_json", is_flag=True, help="Write JSON instead of text.")
    @click.option("--csv", "as_csv", is_flag=True, help="Write CSV instead of text.")
    @functools.wraps(command)
    def with_output(*arguments: object, as_json: bool, as_csv: bool, **options: object) -> None:
        if as_json and as_csv:
            raise UsageError("`--json` and `--csv` cannot be used together", remedy="give one of them")
        form: Form = "json" if as_json else "csv" if as_csv else "text"
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        command(*arguments, output=Output(form, width), **options)

    return with_output


def network_values(sentence: str, profile: Profile | None, *, calibrated: bool = False) -> dict[str, Any]:
    """Return the values of a network that `output_options` describes; without a profile, its shapes do not fit."""
    if profile is None:
        figures = [name for name in FIGURES if calibrated or name != SECONDS]
        return {**dict.fromkeys(figures), "digest": None, "sentence": sentence}
    return {**profile.figures, "digest": profile.graph.digest, "sentence": sentence}


def verdict_values(sentence: str, verdict: Verdict) -> dict[str, Any]:
    """Return the same for a network that was held against limits."""
    held = {"fits": None if verdict.is_open else verdict.fits, "reason": "; ".join(verdict.reasons) or None}
    return held | network_values(sentence, verdict.profile, calibrated=verdict.limits.calibration is not None)


def _write_json(value: object) -> None:
    write(json.dumps(value, indent=2))


def _csv_cell(value: object) -> object:
    match value:
        case bool():
            return cell(value)
        case list() | tuple():
            return shape_text(value)
        case dict():
            return "; ".join(f"{name}: {count}" for name, count in value.items())
        case _:
            return value
