"""The verb that draws networks from a space."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import click

from archsearch.analysis.figures import SECONDS
from archsearch.analysis.limits import Limits
from archsearch.cli.calibration import calibrated, calibration_option
from archsearch.cli.numbers import MOST, Number
from archsearch.cli.options import examples, limits_option, seed_option, words_option
from archsearch.cli.output import Output, output_options, verdict_values
from archsearch.cli.usage import Verb
from archsearch.space.space import Space

if TYPE_CHECKING:
    from archsearch.analysis.cost import Calibration
    from archsearch.notation.word import Vocabulary

_SHOWN = ("fits", "rf", "params", "macs")


@click.command(cls=Verb)
@click.argument("space")
@click.option(
    "-n", "--count", metavar="N", type=Number(1, MOST), default=5, show_default=True, help="Networks to draw."
)
@click.option("--any", "any_", is_flag=True, help="Draw from all networks; those that do not fit say why.")
@limits_option("those of the space")
@calibration_option
@words_option
@seed_option
@output_options
@examples("sample cpu200k", "sample search_spaces/first.space -n 100 --any --csv")
def sample(
    space: str,
    count: int,
    any_: bool,
    limits: Limits | None,
    calibration: Calibration | None,
    vocabulary: Vocabulary,
    seed: int,
    output: Output,
) -> None:
    """Draw networks that fit from SPACE, with their figures.

    SPACE is a .space file or the name of a shipped space. Each network that fits the limits is equally likely,
    however many derivations lead to it: they are counted first.
    """
    from archsearch.census import feasible

    found = Space.find(space, vocabulary)
    found = found.with_limits(calibrated(found.limits if limits is None else limits, calibration))
    draws = feasible.sample_any(found, seed) if any_ else feasible.sample(found, seed)
    seconds = () if found.limits.calibration is None else (SECONDS,)
    rows = [verdict_values(str(network), found.check(network)) for network in islice(draws, count)]
    output.rows(list(rows[0]), rows, shown=(*_SHOWN, *seconds, "sentence", "reason"))
