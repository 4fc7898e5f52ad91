"""The verb that shows the results of all studies."""

from __future__ import annotations

from dataclasses import asdict, fields

import click

from archsearch.cli.numbers import MOST, Number
from archsearch.cli.options import examples, storage_option
from archsearch.cli.output import Output, output_options
from archsearch.cli.usage import Verb, refuse_without_effect


@click.command(cls=Verb)
@click.option(
    "--where", metavar="CONDITION", help="Which rows to show, as in \"params < 150k and state = 'complete'\"."
)
@click.option("--sort", metavar="COLUMN", help="Column to sort by; -COLUMN for largest first. [-val_accuracy]")
@click.option("--top", type=Number(1, MOST), metavar="N", help="Rows to show at most.")
@click.option(
    "--correlate",
    metavar="COLUMN",
    help="Show instead how well cheap signals rank the complete networks by COLUMN, as by val_accuracy.",
)
@storage_option
@click.option("--columns", "list_columns", is_flag=True, help="List the columns and their meanings instead.")
@output_options
@examples(
    "results",
    'results --where "params < 150k and val_accuracy > 85" --sort params --top 5',
    "results --where \"state = 'refused'\" --csv",
    "results --storage results/cpu200k.csv --sort val_loss --top 5",
    "results --correlate val_accuracy --where \"study = 'era_s9' and epochs = 2\"",
)
def results(
    where: str | None,
    sort: str | None,
    top: int | None,
    correlate: str | None,
    storage: str,
    list_columns: bool,
    output: Output,
) -> None:
    """Show the results of all studies in one table.

    It has a row for each network: complete, pruned, failed or refused. Accuracies are in percent, times in
    seconds. The table shows some of the columns, --json and --csv write all.

    --storage may also be a CSV file of results that was published: what --csv wrote.

    --correlate shows Spearman's rank correlation, from -1 to 1, of a column with what is known before training or
    after its first epoch, and its 95 % confidence interval (low to high), over n networks trained to the end.
    """
    from archsearch.study.columns import COLUMNS
    from archsearch.study.results import load_results, select

    if list_columns:
        options = ("--where", "--sort", "--top", "--correlate", "--storage")
        refuse_without_effect("the columns are listed, and no results", *options)
        rows = [{"column": name, "meaning": meaning} for name, meaning in COLUMNS.items()]
        output.rows(("column", "meaning"), rows)
    elif correlate is not None:
        from archsearch.study.correlation import Correlation, correlations

        refuse_without_effect("all rows that --where selects are correlated", "--sort", "--top")
        found = correlations(select(load_results(storage), where), correlate)
        output.rows([field.name for field in fields(Correlation)], list(map(asdict, found)))
    else:
        output.results(select(load_results(storage), where, sort or "-val_accuracy", top))
