"""Where studies are kept: opening an Optuna storage, with errors that say what to do."""

from __future__ import annotations

import os
import re
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from archsearch.errors import StudyError
from archsearch.study.study import Study
from archsearch.study.trials import trials_of

DEFAULT = "sqlite:///results/archsearch.db"
"""The storage where none is given: a SQLite file under `results/` of the current folder."""

SINGLE = "train"
"""The study of the networks trained with `archsearch train`."""

HEARTBEAT = 10
"""Seconds between two signs of life of a trial in training."""

GRACE = 30
"""Seconds without one after which a trial counts as abandoned."""

_ATTEMPTS = 3
_SETTINGS, _STUDY = "goal", "study"
_NAME_ANOTHER = "fix that, or name another with --storage URL"
_SHOWN = 100


def queue_again(study: optuna.Study, trial: FrozenTrial, attempts: int | None = _ATTEMPTS) -> None:
    """Queue the network of a trial that was left in the middle, unless it was so that many times."""
    RetryHeartbeatStaleTrialCallback(max_retry=None if attempts is None else attempts - 1)(study, trial)


@contextmanager
def opened(url: str, *, create: bool) -> Iterator[RDBStorage]:
    """Open the storage at an SQLAlchemy URL for a while; with `create`, make a missing SQLite file and its folder.

    Optuna's own log is quiet meanwhile. Raises StudyError for a URL that is none, a missing driver, and a
    database that cannot be reached or written, then or later.
    """
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            storage = _open(url, create=create)
            try:
                yield storage
            finally:
                storage.remove_session()
                storage.engine.dispose()
    except (SQLAlchemyError, StorageInternalError) as error:
        root = error.__cause__ or error
        reason = str(getattr(root, "orig", None) or root).strip().splitlines()[0]
        message = f"the storage `{_without_password(url)}` cannot be used: {reason}"
        raise StudyError(message, remedy=_NAME_ANOTHER) from None
    finally:
        optuna.logging.set_verbosity(verbosity)


def _open(url: str, *, create: bool) -> RDBStorage:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            _check_file(parsed.database or "", create=create)
        return RDBStorage(
            url,
            heartbeat_interval=HEARTBEAT,
            grace_period=GRACE,
            heartbeat_stale_trial_callback=queue_again,
            skip_table_creation=not create,
        )
    except (ArgumentError, NoSuchModuleError):
        message = f"`{_without_password(url)}` is no storage that can be opened"
        remedy = "a storage is written like sqlite:///results/archsearch.db or postgresql+psycopg://user@host/name"
        raise StudyError(message, remedy=remedy) from None
    except ImportError as error:
        message = f"the driver of `{_without_password(url)}` cannot be loaded: {error.__cause__ or error}"
        remedy = "for PostgreSQL: pip install 'archsearch[postgresql]' and postgresql+psycopg:// in the URL"
        raise StudyError(message, remedy=remedy) from None
    except RuntimeError as error:  # tables that another version of Optuna made
        message = f"the storage `{_without_password(url)}` cannot be used: {error}"
        raise StudyError(message, remedy=_NAME_ANOTHER) from None


def open_study(storage: RDBStorage, study: Study) -> optuna.Study:
    """Return the study in a storage, begun anew or continued; the value is kept with it whole.

    A study without trials has not begun: it takes the new settings. Raises StudyError, with each difference, where
    it was begun with other settings, and where it was not begun by a search.
    """
    if study.name == SINGLE:
        raise StudyError(
            f"the name `{SINGLE}` is kept for networks trained with `archsearch train`",
            remedy="name another with --study NAME",
        )
    found = optuna.create_study(storage=storage, study_name=study.name, direction="maximize", load_if_exists=True)
    if trials_of(found):
        _check_settings(found, study)
    else:
        found.set_user_attr(_SETTINGS, study.settings)
    written = study.written()
    if found.user_attrs.get(_STUDY) != written:
        found.set_user_attr(_STUDY, written)
    return found


def read_study(storage: RDBStorage, name: str) -> Study:
    """Return the study of that name as it was last opened, with the user's words, whose code runs.

    Raises StudyError where a search has not begun it, or not since version 0.1.
    """
    try:
        written = optuna.load_study(study_name=name, storage=storage).user_attrs.get(_STUDY)
    except KeyError:
        raise StudyError(f"there is no study `{name}`", remedy=_known(storage)) from None
    if written is None:
        raise StudyError(f"study `{name}` cannot be read back", remedy="continue it once with `archsearch search`")
    return Study.of(written)


def _known(storage: RDBStorage) -> str:
    return f"the studies there: {', '.join(optuna.get_all_study_names(storage)) or 'none'}"


def _check_settings(found: optuna.Study, study: Study) -> None:
    there, asked = found.user_attrs.get(_SETTINGS), study.settings
    if there is None:
        raise StudyError(
            f"study `{study.name}` was not begun by a search", remedy="begin another with --study NAME"
        )
    lines = [f"study `{study.name}` was begun with other settings:"]
    for setting in sorted({*asked, *there}):
        lines += _difference(setting, there.get(setting) or "none", asked.get(setting) or "none")
    if len(lines) > 1:
        remedy = "repeat its settings, or begin another study with --study NAME"
        raise StudyError("\n".join(lines), remedy=remedy)


def wait_for_abandoned(study: optuna.Study) -> None:
    """Queue again what a killed run left in training; wait until each such trial has shown that it lives or not.

    A trial of another run that lives is left to it.
    """
    deadline = time.monotonic() + GRACE + HEARTBEAT
    while trials_of(study, TrialState.RUNNING) and time.monotonic() < deadline:
        optuna.storages.fail_stale_trials(study)
        time.sleep(0.5)
    for trial in trials_of(study, TrialState.RUNNING):
        # Killed while it was proposed, before its first sign of life: Optuna takes such a trial to live for ever.
        if "sentence" not in trial.user_attrs:
            study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)


def _check_file(database: str, *, create: bool) -> None:
    """Raise StudyError, before anything is trained, where a SQLite file is missing or could not be written."""
    file = Path(database)
    if database in {"", ":memory:"}:
        raise StudyError("results in memory would be lost at the end", remedy="name a file with --storage URL")
    if not create:
        if not file.is_file():
            remedy = "run `archsearch search` here first, or name another with --storage"
            raise StudyError(f"there is no results table at `{file}`", remedy=remedy)
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the folder `{file.parent}` cannot be made: {error.strerror}"
        raise StudyError(message, remedy=_NAME_ANOTHER) from None
    for path in (file.parent, file):
        if path.exists() and not os.access(path, os.W_OK):
            raise StudyError(f"`{path}` cannot be written", remedy=_NAME_ANOTHER)


def _difference(setting: str, there: str, asked: str) -> list[str]:
    """Write two values from shortly before they part; nothing where they are equal."""
    if there == asked:
        return []
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(there, asked, strict=False)))
    start = max(0, same - _SHOWN // 4)
    end = start + _SHOWN
    return [
        f"  {setting} {where}: {'... ' if start else ''}{text[start:end]}{' ...' if len(text) > end else ''}"
        for where, text in (("there", there), ("asked", asked))
    ]


def _without_password(url: str) -> str:
    return re.sub(r"(//[^:/@]*):[^@]*@", r"\1:***@", url)
