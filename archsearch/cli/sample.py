"""The verb that draws networks of a space."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import click

from archsearch.analysis.figures import FIGURES
from archsearch.analysis.limits import Limits
from archsearch.cli.options import (
    csv_option,
    examples,
    json_option,
    limits_option,
    seed_option,
    words_option,
)
from archsearch.cli.output import write_rows
from archsearch.space.space import Space

if TYPE_CHECKING:
    from archsearch.notation.word import Vocabulary


@click.command()
@click.argument("space")
@click.option("--count", type=click.IntRange(min=1), default=5, show_default=True, help="Networks to draw.")
@limits_option
@words_option
@seed_option
@json_option
@csv_option
@examples("sample era_s9", "sample search_spaces/first.space --count 100 --csv")
def sample(
    space: str,
    count: int,
    limits: Limits | None,
    vocabulary: Vocabulary,
    seed: int,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Draw networks of SPACE, a file or a shipped name, every derivation equally likely."""
    found = Space.find(space, vocabulary)
    found = found if limits is None else found.with_limits(limits)
    drawn = [(network, found.check(network)) for network in islice(found.sample(seed), count)]
    rows = [
        dict.fromkeys(FIGURES)
        | dict(verdict.figures)
        | {
            "fits": "yes" if verdict.fits else "no",
            "reason": "; ".join(verdict.reasons),
            "digest": verdict.digest,
            "sentence": str(network),
        }
        for network, verdict in drawn
    ]
    columns = ["fits", "reason", *FIGURES, "digest", "sentence"]
    shown = ["fits", "rf", "params", "macs", "reason", "sentence"]
    write_rows(columns, rows, as_json=as_json, as_csv=as_csv, shown=shown)
