"""The calibration of a study whose limits name seconds, kept with it: they mean the same on every machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from archsearch.analysis.cost import Calibration
from archsearch.errors import StudyError
from archsearch.storage.kept import KeptStudy
from archsearch.study.study import Study

Calibrate: TypeAlias = Callable[[], Calibration]

KEY = "calibration"
"""The attribute of a study that holds its calibration."""


def uncalibrated() -> Calibration:
    """Raise StudyError: a search with a score of its own knows of no machine to calibrate."""
    raise StudyError(
        "limits name seconds, but how long training takes is not known",
        remedy="give `calibrate`, as archsearch.training.calibration has it, or limits that are calibrated",
    )


def calibrated(study: Study, kept: KeptStudy, calibrate: Calibrate, say: Callable[[str], None]) -> Study:
    """Return a study whose limits have its calibration: the one kept, else the one given, else one made now.

    Raises StudyError where another is given than the one that is kept.
    """
    limits = study.space.limits
    if not limits.name_seconds:
        return study
    given = limits.calibration

    def make() -> dict[str, object]:
        if given is not None:
            return given.written()
        say("timing training steps, for the limit on seconds")
        return calibrate().written()

    found = Calibration.of(kept.remember(KEY, make))
    if given not in {None, found}:
        message = f"study `{study.name}` was begun with another calibration, {found.device}"
        raise StudyError(message, remedy="leave out --calibration, or begin another study with --study NAME")
    say(str(found))
    return replace(study, space=study.space.with_limits(limits.calibrated(found)))
