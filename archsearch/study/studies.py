"""Studies in a storage: begun or resumed, kept whole, read back."""

from __future__ import annotations

from collections.abc import Collection

import optuna
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial
from sqlalchemy import Engine, true

from archsearch.errors import StudyError, suggest
from archsearch.storage import tables
from archsearch.storage.kept import KeptStudy
from archsearch.study.settings import SETTINGS, STUDY, begun
from archsearch.study.study import Study

SINGLE = "train"
"""The study of the networks trained with `archsearch train`."""

_CONFIRMED = " confirmed"


def confirmed(study: str) -> str:
    """Return the name of the study that keeps what confirms networks of another.

    >>> confirmed("era_s9")
    'era_s9 confirmed'
    """
    return study + _CONFIRMED


def searched(study: str) -> str:
    """Return the name of the study whose networks those of a study are.

    >>> searched("era_s9 confirmed"), searched("era_s9")
    ('era_s9', 'era_s9')
    """
    return study.removesuffix(_CONFIRMED)


def open_study(storage: RDBStorage, study: Study) -> tuple[KeptStudy, Study]:
    """Begin or resume a study; return its trials and the study as it was begun, which is kept with it whole.

    A study without trials takes the new settings. Raises StudyError, which lists each difference, for a study that
    was begun with other settings, and for one that no search has begun.
    """
    if study.name == SINGLE or study.name.endswith(_CONFIRMED):
        verb = "train" if study.name == SINGLE else "confirm"
        raise StudyError(
            f"the name `{study.name}` is kept for networks trained with `archsearch {verb}`",
            remedy="name another with --study NAME",
        )
    with tables.undamaged():
        found = optuna.create_study(
            storage=storage, study_name=study.name, direction="maximize", load_if_exists=True
        )
        kept, before = KeptStudy(storage.engine, found._study_id), found.user_attrs
    kept.read_news()
    if kept.trials:
        study = begun(before, study)
    elif before.get(SETTINGS) != study.settings:
        found.set_user_attr(SETTINGS, study.settings)
    written = study.written()
    if before.get(STUDY) != written:
        found.set_user_attr(STUDY, written)
    return kept, study


def single_study(storage: RDBStorage, name: str = SINGLE) -> int:
    """Return the id of a study of networks that are trained by themselves, which is begun with the first."""
    found = optuna.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)
    return int(found._study_id)


def read_study(engine: Engine, name: str) -> Study:
    """Return the study of that name as it was last opened; the code of the user's words runs.

    Raises StudyError for a study that no search has begun, or only one of version 0.1.
    """
    with engine.connect() as connection, tables.undamaged():
        names = tables.study_names(connection)
        found = next((key for key, known in names.items() if known == name), None)
        written = None if found is None else tables.study_attributes(connection, found).get(STUDY)
    if found is None:
        raise no_study(name, names.values())
    if written is None:
        raise StudyError(f"study `{name}` cannot be read back", remedy="resume it once with `archsearch search`")
    return Study.of(written)


def no_study(name: str, names: Collection[str]) -> StudyError:
    """Return the error for a study that is not among those of a storage."""
    remedy = suggest(name, names) if names else "no search has begun one there"
    return StudyError(f"there is no study `{name}`", remedy=remedy)


def trials_by_study(engine: Engine) -> dict[str, list[FrozenTrial]]:
    """Return the trials of all studies, by the names of the studies, with what the results show of them."""
    with engine.connect() as connection, tables.undamaged():
        names = tables.study_names(connection)
        found: dict[str, list[FrozenTrial]] = {name: [] for name in names.values()}
        for study, trial in tables.read(connection, true(), whole=False):
            found[names[study]].append(trial)
    return found
