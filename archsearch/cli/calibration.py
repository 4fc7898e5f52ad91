"""The option --calibration, and calibrating before a limit on seconds is judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from archsearch.analysis.cost import Calibration
from archsearch.analysis.limits import Limits
from archsearch.cli.streams import say

Command = TypeVar("Command", bound=Callable[..., Any])


def calibration_option(command: Command) -> Command:
    """Give a command the option --calibration, and hand it a `calibration` or None."""
    option = click.option(
        "--calibration",
        metavar="FILE",
        type=click.Path(path_type=Path),
        callback=lambda _context, _parameter, path: None if path is None else Calibration.read(path),
        help="Predict `seconds` by what `archsearch calibrate --json` wrote. [measured if a limit names seconds]",
    )
    return option(command)


def calibrated(limits: Limits, calibration: Calibration | None) -> Limits:
    """Return limits with a calibration: the one given, else if they name seconds, one that is measured now."""
    if calibration is None and limits.name_seconds:
        from archsearch.training.calibration import calibrate

        say("timing training steps, for the limit on seconds: 5 to 20 s")
        calibration = calibrate()
        say(calibration)
    return limits if calibration is None else limits.calibrated(calibration)
