"""Studies in a storage: begun or resumed, kept whole, read back."""

from __future__ import annotations

import optuna
from optuna.storages import RDBStorage

from archsearch.errors import StudyError
from archsearch.study.settings import SETTINGS, STUDY, begun
from archsearch.study.study import Study
from archsearch.study.trials import trials_of

SINGLE = "train"
"""The study of the networks trained with `archsearch train`."""


def open_study(storage: RDBStorage, study: Study) -> tuple[optuna.Study, Study]:
    """Begin or resume a study; return its trials and the study as it was begun, which is kept with it whole.

    A study without trials takes the new settings. Raises StudyError, which lists each difference, for a study that
    was begun with other settings, and for one that no search has begun.
    """
    if study.name == SINGLE:
        raise StudyError(
            f"the name `{SINGLE}` is kept for networks trained with `archsearch train`",
            remedy="name another with --study NAME",
        )
    found = optuna.create_study(storage=storage, study_name=study.name, direction="maximize", load_if_exists=True)
    if trials_of(found):
        study = begun(found.user_attrs, study)
    else:
        found.set_user_attr(SETTINGS, study.settings)
    written = study.written()
    if found.user_attrs.get(STUDY) != written:
        found.set_user_attr(STUDY, written)
    return found, study


def read_study(storage: RDBStorage, name: str) -> Study:
    """Return the study of that name as it was last opened; the code of the user's words runs.

    Raises StudyError for a study that no search has begun, or only one of version 0.1.
    """
    try:
        written = optuna.load_study(study_name=name, storage=storage).user_attrs.get(STUDY)
    except KeyError:
        raise StudyError(f"there is no study `{name}`", remedy=_known(storage)) from None
    if written is None:
        raise StudyError(f"study `{name}` cannot be read back", remedy="resume it once with `archsearch search`")
    return Study.of(written)


def _known(storage: RDBStorage) -> str:
    return f"the studies there: {', '.join(optuna.get_all_study_names(storage)) or 'none'}"
