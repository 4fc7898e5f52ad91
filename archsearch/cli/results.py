"""The verb that shows what was found: results."""

from __future__ import annotations

import click

from archsearch.cli.options import csv_option, examples, json_option, storage_option
from archsearch.cli.output import write_rows


@click.command()
@click.option("--where", metavar="CONDITION", help="Rows to show, as in \"params < 150k and state = 'complete'\".")
@click.option("--sort", metavar="COLUMN", help="Column to sort by; -COLUMN: largest first.  [-val_accuracy]")
@click.option("--top", type=click.IntRange(min=1), help="Rows to show at the most.")
@storage_option
@click.option("--columns", "list_columns", is_flag=True, help="List the columns with their meaning instead.")
@json_option
@csv_option
@examples(
    "results",
    'results --where "params < 150k and val_accuracy > 85" --sort params --top 5',
    "results --where \"state = 'refused'\" --csv",
)
def results(
    where: str | None,
    sort: str | None,
    top: int | None,
    storage: str,
    list_columns: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Show one table over all studies: networks refused, pruned, complete and failed.

    Accuracies are in percent, times in seconds. People are shown some columns, --json and --csv write all.
    """
    from archsearch.study.results import COLUMNS, SHOWN, load_results, select

    if list_columns:
        rows = [{"column": name, "meaning": meaning} for name, meaning in COLUMNS.items()]
        shown = ("column", "meaning")
        write_rows(shown, rows, as_json=as_json, as_csv=as_csv, shown=shown)
        return
    chosen = select(load_results(storage), where, sort or "-val_accuracy", top)
    write_rows(list(COLUMNS), [dict(row.values) for row in chosen], as_json=as_json, as_csv=as_csv, shown=SHOWN)
