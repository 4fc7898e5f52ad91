"""The network of a row of the results, named by its study and its number in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from archsearch.errors import StudyError
from archsearch.graph.shapes import Shape
from archsearch.notation.network import CLASSES, INPUT, Network, parse
from archsearch.notation.word import Vocabulary
from archsearch.storage import tables
from archsearch.storage.database import reading
from archsearch.storage.tables import TRIALS
from archsearch.storage.trials import candidates
from archsearch.study.studies import SINGLE, no_study, read_study, searched

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial
    from sqlalchemy import Engine

_MOST_SHOWN = 10
"""So many runs of numbers are named."""


@dataclass(frozen=True)
class NamedNetwork:
    """A network, with the input and the classes of its study; `sure` unless those are guessed and do not fit."""

    network: Network
    input_shape: Shape
    classes: int
    sure: bool = True


def named_network(storage: str, study: str, number: int, vocabulary: Vocabulary) -> NamedNetwork:
    """Return network `number` of a study, in the words of the study, whose code runs; nothing is written.

    Networks trained with `archsearch train` were written in the words of a file that is not kept: they are read
    with `vocabulary`, and neither their input nor their classes are known. Raises StudyError where there is no
    storage, no such study or no such number.
    """
    with reading(storage) as engine:
        trial = _trial(engine, study, number)
        sentence, source = str(trial.user_attrs["sentence"]), f"{study}#{number}"
        begun = searched(study)
        if begun != SINGLE:
            space = read_study(engine, begun).space
            return NamedNetwork(parse(sentence, source, space.vocabulary), space.input, space.classes)
    network = parse(sentence, source, vocabulary)
    is_it = network.lower().digest == trial.user_attrs.get("digest")
    return NamedNetwork(network, INPUT, CLASSES, sure=is_it)


def _trial(engine: Engine, study: str, number: int) -> FrozenTrial:
    with engine.connect() as connection, tables.undamaged():
        names = {name: key for key, name in tables.study_names(connection).items()}
        if study not in names:
            raise no_study(study, names)
        which = TRIALS.c.study_id == names[study]
        found = candidates([trial for _, trial in tables.read(connection, which, whole=False)])
    return numbered(study, found, number)


def numbered(study: str, trials: Iterable[FrozenTrial], number: int) -> FrozenTrial:
    """Return the trial of a number among those of a study; raises StudyError where it has none."""
    by_number = {trial.number: trial for trial in trials}
    if number not in by_number:
        are = "is only" if len(by_number) == 1 else "are"
        remedy = f"there {are} {_runs(by_number)}" if by_number else "it has none yet"
        raise StudyError(f"study `{study}` has no network {number}", remedy=remedy)
    return by_number[number]


def _runs(numbers: Iterable[int]) -> str:
    """Write numbers as runs.

    >>> _runs([0, 1, 2, 5, 7, 8])
    '0 to 2, 5, 7 to 8'
    """
    runs = [
        [number for _, number in run]
        for _, run in groupby(enumerate(sorted(numbers)), lambda one: one[1] - one[0])
    ]
    texts = [f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return ", ".join([*texts[:_MOST_SHOWN], "..."] if len(texts) > _MOST_SHOWN else texts)
