"""The database where studies are kept, made whole or not at all, and opened with errors that say what to do."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from archsearch.errors import StudyError
from archsearch.storage import tables
from archsearch.storage.url import hidden, sqlite_file, without_secrets

HEARTBEAT = 10
"""Seconds between two signs of life of a trial in training."""

GRACE = 30
"""Seconds without one after which a trial of another host counts as abandoned."""

_PATIENCE = 60
"""Seconds to wait for others who write to a SQLite file."""

_TRIES = 10
_NAME_ANOTHER = "fix that, or name another with --storage URL"


@contextmanager
def reading(url: str) -> Iterator[Engine]:
    """Connect to the storage at an SQLAlchemy URL, to read the results in it; nothing is written.

    Raises StudyError where there is no storage, and for whatever cannot be read as one, now or later.
    """
    with _explained(url), _engine(url, _require_file) as engine, tables.undamaged():
        with engine.connect() as connection:
            there = tables.are_there(connection)
        if not there:
            raise _nothing_at(sqlite_file(engine.url) or without_secrets(url))
        yield engine


@contextmanager
def opened(url: str) -> Iterator[RDBStorage]:
    """Open the storage at an SQLAlchemy URL; a missing SQLite file and its folder, and missing tables, are made.

    Optuna's own log is silent meanwhile. Raises StudyError for what is not the URL of a storage, for a missing
    driver, and for a database that cannot be reached or written, now or later.
    """
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    try:
        with _explained(url), _engine(url, _require_writable) as engine:
            with tables.undamaged():
                _make_tables(engine)
                storage = _storage(engine.url)
            try:
                yield storage
            finally:
                storage.remove_session()
                storage.engine.dispose()
    finally:
        optuna.logging.set_verbosity(verbosity)


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """Turn what is wrong with a storage into a StudyError that names it."""
    shown = without_secrets(url)
    try:
        yield
    except (ArgumentError, NoSuchModuleError):
        remedy = "a storage is written like sqlite:///results/archsearch.db or postgresql+psycopg://user@host/name"
        raise StudyError(f"`{shown}` is not the URL of a storage", remedy=remedy) from None
    except ImportError as error:
        remedy = "for PostgreSQL: pip install 'archsearch[postgresql]' and postgresql+psycopg:// in the URL"
        raise StudyError(f"the driver of `{shown}` cannot be loaded: {error}", remedy=remedy) from None
    except (SQLAlchemyError, StorageInternalError, sqlite3.Error, tables.UnusableError) as error:
        root = error.__cause__ or error
        reason = [*str(getattr(root, "orig", None) or root).strip().splitlines(), type(root).__name__][0]
        message = f"the storage `{shown}` cannot be used: {hidden(reason, url)}"
        raise StudyError(message, remedy=_NAME_ANOTHER) from None


@contextmanager
def _engine(url: str, require: Callable[[URL], None]) -> Iterator[Engine]:
    """Connect to a database that is as it is required to be."""
    try:
        parsed = make_url(url)
        require(parsed)
        engine = create_engine(parsed, **_options(parsed))
        engine.connect().close()
    except (ValueError, TypeError) as error:  # a port that is no number, an option that the driver does not know
        raise ArgumentError(str(error)) from None
    except OSError as error:  # a folder that may not be entered, a name that is too long
        message = f"the storage `{without_secrets(url)}` cannot be used: {error.strerror}"
        raise StudyError(message, remedy=_NAME_ANOTHER) from None
    try:
        yield engine
    finally:
        engine.dispose()


def _options(url: URL) -> dict[str, Any]:
    is_sqlite = url.get_backend_name() == "sqlite"
    return {"connect_args": {"timeout": _PATIENCE}} if is_sqlite and "timeout" not in url.query else {}


def _storage(url: URL, *, make_tables: bool = False) -> RDBStorage:
    # Optuna fills in what stands in braces.
    literal = url.render_as_string(hide_password=False).replace("{", "{{").replace("}", "}}")
    return RDBStorage(literal, _options(url), skip_compatibility_check=True, skip_table_creation=not make_tables)


def _make_tables(engine: Engine) -> None:
    """Make the tables unless they are there; where another run makes them just now, its own are taken."""
    if engine.dialect.name == "sqlite":
        _make_sqlite_tables(engine)
    for attempt in range(1, _TRIES + 1):
        with engine.connect() as connection:
            if tables.are_there(connection):
                return
        try:
            storage = _storage(engine.url, make_tables=True)
        except (SQLAlchemyError, StorageInternalError):
            if attempt == _TRIES:
                raise
            time.sleep(random.random())
        else:
            storage.engine.dispose()


def _make_sqlite_tables(engine: Engine) -> None:
    """Make all tables of a database that has none in one transaction, so that nobody ever sees a part of them."""
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        is_new = "select count(*) = 0 from sqlite_master"
        if not cursor.execute(is_new).fetchone()[0]:
            return
        model = RDBStorage("sqlite://")
        with closing(model.engine.raw_connection()) as written:
            assert isinstance(written.driver_connection, sqlite3.Connection)
            script = [*written.driver_connection.iterdump()][1:-1]  # between begin and commit
        model.engine.dispose()
        cursor.execute("begin immediate")
        if cursor.execute(is_new).fetchone()[0]:
            for statement in script:
                cursor.execute(statement)
        connection.commit()


def _nothing_at(place: object) -> StudyError:
    remedy = "run `archsearch search` here first, or name another with --storage"
    return StudyError(f"there is no results table at `{place}`", remedy=remedy)


def _file(url: URL) -> Path | None:
    """Return the file of a SQLite database; None for another storage."""
    if url.get_backend_name() != "sqlite":
        return None
    file = sqlite_file(url)
    if file is None:
        raise StudyError("a storage in memory would be lost at the end", remedy="name a file with --storage URL")
    if file.is_dir():
        raise StudyError(f"`{file}` is a folder, not a file of results", remedy=_NAME_ANOTHER)
    return file


def _require_file(url: URL) -> None:
    """Raise StudyError where there is no SQLite file to read."""
    file = _file(url)
    if file is not None and not (file.is_file() and file.stat().st_size):
        raise _nothing_at(file)


def _require_writable(url: URL) -> None:
    """Raise StudyError, before anything is trained, for a SQLite file that cannot be written."""
    file = _file(url)
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the folder `{file.parent}` cannot be created: {error.strerror}"
        raise StudyError(message, remedy=_NAME_ANOTHER) from None
    for path in (file.parent, file):
        if path.exists() and not os.access(path, os.W_OK):
            raise StudyError(f"`{path}` cannot be written", remedy=_NAME_ANOTHER)
