"""The options that say how the hardware is used."""

from __future__ import annotations

import functools
from collections.abc import Callable

import click

from archsearch.cli.numbers import MOST, Number
from archsearch.training.wanted import KINDS, PRECISIONS, Wanted


def device_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --device, --precision, --threads and --compile, and hand it one `wanted` of them."""

    @click.option(
        "--device", type=click.Choice(KINDS), help="Where to train. [a GPU if there is one, else the CPU]"
    )
    @click.option("--precision", type=click.Choice(PRECISIONS), help="Precision of the layers. [the faster one]")
    @click.option(
        "--threads",
        metavar="N",
        type=Number(1, MOST),
        help="Threads of the CPU's operations. [the fastest number]",
    )
    @click.option(
        "--compile/--no-compile",
        "compiled",
        default=None,
        help="Whether networks go through torch.compile. [if it is faster, for trainings of 10 minutes or more]",
    )
    @functools.wraps(command)
    def with_wanted(
        *arguments: object,
        device: str | None,
        precision: str | None,
        threads: int | None,
        compiled: bool | None,
        **options: object,
    ) -> None:
        command(*arguments, wanted=Wanted(device, precision, threads, compiled), **options)

    return with_wanted
