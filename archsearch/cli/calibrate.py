"""The verb that measures how long this machine takes to train what networks are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archsearch.analysis.cost import BATCH_SIZE
from archsearch.cli.device import device_options
from archsearch.cli.numbers import MOST, Number
from archsearch.cli.options import examples
from archsearch.cli.output import Output, output_options
from archsearch.cli.streams import write
from archsearch.cli.usage import Verb, refuse_without_effect
from archsearch.table import render

if TYPE_CHECKING:
    from archsearch.training.wanted import Wanted


@click.command(cls=Verb)
@click.option(
    "--batch-size",
    metavar="N",
    type=Number(2, MOST),
    default=BATCH_SIZE,
    show_default=True,
    help="Images in a training step.",
)
@device_options
@output_options
@examples("calibrate", "calibrate --threads 1 --json > this_machine.json")
def calibrate(batch_size: int, wanted: Wanted, output: Output) -> None:
    """Measure how long this machine takes to train.

    Training steps of a few small networks are timed. What --json writes is the calibration that `analyze`,
    `check`, `sample` and `search` take with --calibration, to predict the figure `seconds` of a network.
    """
    from archsearch.training.calibration import calibrate as measure

    refuse_without_effect("only networks that are not compiled are timed", "--compile")
    found = measure(wanted, batch_size)
    if not output.is_text:
        output.values(found.written())
        return
    rows = [(name, f"{value * 1e12:,.1f}") for name, value in found.costs.items()]
    write(f"{found}\n\n{render(('part', 'picoseconds'), rows)}")
