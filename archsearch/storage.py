"""Where studies are kept: opening an Optuna storage, with errors that say what to do."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from archsearch.errors import StudyError

DEFAULT = "sqlite:///results/archsearch.db"
"""The storage where none is given: a SQLite file under `results/` of the current folder."""

HEARTBEAT = 10
"""Seconds between two signs of life of a trial in training."""

GRACE = 30
"""Seconds without one after which a trial counts as abandoned."""

_ATTEMPTS = 3


def queue_again(study: optuna.Study, trial: FrozenTrial) -> None:
    """Queue the network of a trial that was left in the middle, unless it was so three times."""
    RetryHeartbeatStaleTrialCallback(max_retry=_ATTEMPTS - 1)(study, trial)


def open_storage(url: str, *, create: bool) -> RDBStorage:
    """Return the storage at an SQLAlchemy URL; with `create`, make a missing SQLite file and its folder.

    Raises StudyError for a URL that is none, a missing driver, a database that cannot be reached or written.
    """
    with explained(url):
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            path = Path(parsed.database)
            if not create and not path.is_file():
                remedy = "run `archsearch search` here first, or name another with --storage"
                raise StudyError(f"there is no results table at `{path}`", remedy=remedy)
            path.parent.mkdir(parents=True, exist_ok=True)
        return RDBStorage(
            url, heartbeat_interval=HEARTBEAT, grace_period=GRACE, heartbeat_stale_trial_callback=queue_again
        )


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn what a database says into a StudyError, and keep Optuna's own log and warnings quiet."""
    remedy = "a storage is written like sqlite:///results/archsearch.db or postgresql+psycopg://user@host/name"
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            yield
    except (ArgumentError, NoSuchModuleError):
        raise StudyError(f"`{url}` is no storage that can be opened", remedy=remedy) from None
    except ImportError as error:
        raise StudyError(
            f"`{_without_password(url)}` needs the package `{error.name}`, which is not installed",
            remedy="for PostgreSQL: pip install 'archsearch[postgresql]' and postgresql+psycopg:// in the URL",
        ) from None
    except (SQLAlchemyError, StorageInternalError, OSError) as error:
        said = str(getattr(error, "orig", None) or error.__cause__ or error).strip().splitlines()[0]
        raise StudyError(f"the storage `{_without_password(url)}` cannot be used: {said}") from None
    finally:
        optuna.logging.set_verbosity(before)


def open_study(storage: RDBStorage, name: str, goal: Mapping[str, str]) -> optuna.Study:
    """Return the study of that name, begun anew or continued; its goal is kept with it.

    Raises StudyError, with each difference, where it was begun with another goal.
    """
    study = optuna.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)
    begun_with = study.user_attrs.get("goal")
    if begun_with is None:
        study.set_user_attr("goal", dict(goal))
        return study
    names = sorted({*goal, *begun_with})
    differences = [
        f"  {name}: {_short(begun_with.get(name))} there, {_short(goal.get(name))} asked"
        for name in names
        if begun_with.get(name) != goal.get(name)
    ]
    if differences:
        rule = "\n".join([f"study `{name}` was begun with other settings:", *differences])
        raise StudyError(rule, remedy="repeat its settings, or begin another study with --study NAME")
    return study


def wait_for_abandoned(study: optuna.Study) -> None:
    """Queue again what a killed run left in training; wait until each such trial has shown that it lives or not.

    A trial of another run that lives is left to it.
    """
    deadline = time.monotonic() + GRACE + HEARTBEAT
    while running(study) and time.monotonic() < deadline:
        optuna.storages.fail_stale_trials(study)
        time.sleep(0.5)


def running(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that are in training, by this run or another."""
    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 80 else f"{text[:38]} ... {text[-37:]}"


def _without_password(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)
