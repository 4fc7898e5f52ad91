"""The database where studies are kept, opened with errors that say what to do; trials left unfinished in it."""

from __future__ import annotations

import os
import re
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from archsearch.errors import StudyError
from archsearch.study.trials import trials_of

DEFAULT = "sqlite:///results/archsearch.db"
"""The storage where none is given: a SQLite file under `results/` of the current folder."""

HEARTBEAT = 10
"""Seconds between two signs of life of a trial in training."""

GRACE = 30
"""Seconds without one after which a trial counts as abandoned."""

_ATTEMPTS = 3
_NAME_ANOTHER = "fix that, or name another with --storage URL"


def queue_again(study: optuna.Study, trial: FrozenTrial, attempts: int | None = _ATTEMPTS) -> None:
    """Queue the network of an unfinished trial again, unless that many attempts were made."""
    RetryHeartbeatStaleTrialCallback(max_retry=None if attempts is None else attempts - 1)(study, trial)


@contextmanager
def opened(url: str, *, create: bool) -> Iterator[RDBStorage]:
    """Open the storage at an SQLAlchemy URL; with `create`, a missing SQLite file and its folder are created.

    Optuna's own log is silent meanwhile. Raises StudyError for what is not the URL of a storage, for a missing
    driver, and for a database that cannot be reached or written, now or later.
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
        message = f"`{_without_password(url)}` is not the URL of a storage"
        remedy = "a storage is written like sqlite:///results/archsearch.db or postgresql+psycopg://user@host/name"
        raise StudyError(message, remedy=remedy) from None
    except ImportError as error:
        message = f"the driver of `{_without_password(url)}` cannot be loaded: {error.__cause__ or error}"
        remedy = "for PostgreSQL: pip install 'archsearch[postgresql]' and postgresql+psycopg:// in the URL"
        raise StudyError(message, remedy=remedy) from None
    except RuntimeError as error:  # tables that another version of Optuna made
        message = f"the storage `{_without_password(url)}` cannot be used: {error}"
        raise StudyError(message, remedy=_NAME_ANOTHER) from None


def wait_for_abandoned(study: optuna.Study) -> None:
    """Wait until each trial in training has given a sign of life, or else queue its network again.

    A trial of a run that is alive is left to it.
    """
    deadline = time.monotonic() + GRACE + HEARTBEAT
    while trials_of(study, TrialState.RUNNING) and time.monotonic() < deadline:
        optuna.storages.fail_stale_trials(study)
        time.sleep(0.5)
    for trial in trials_of(study, TrialState.RUNNING):
        # Killed before its first sign of life, while it was proposed: Optuna would take it to be alive for ever.
        began = trial.datetime_start or datetime.min
        if "sentence" not in trial.user_attrs and datetime.now() - began > timedelta(seconds=GRACE):
            study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)


def _check_file(database: str, *, create: bool) -> None:
    """Raise StudyError, before anything is trained, for a SQLite file that is missing or cannot be written."""
    file = Path(database)
    if database in {"", ":memory:"}:
        raise StudyError("a storage in memory would be lost at the end", remedy="name a file with --storage URL")
    if not create:
        if not file.is_file():
            remedy = "run `archsearch search` here first, or name another with --storage"
            raise StudyError(f"there is no results table at `{file}`", remedy=remedy)
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the folder `{file.parent}` cannot be created: {error.strerror}"
        raise StudyError(message, remedy=_NAME_ANOTHER) from None
    for path in (file.parent, file):
        if path.exists() and not os.access(path, os.W_OK):
            raise StudyError(f"`{path}` cannot be written", remedy=_NAME_ANOTHER)


def _without_password(url: str) -> str:
    return re.sub(r"(//[^:/@]*):[^@]*@", r"\1:***@", url)
