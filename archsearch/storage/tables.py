"""The tables in which Optuna keeps studies, read and written in few statements; they stay Optuna's own."""

from __future__ import annotations

import enum
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from optuna.distributions import BaseDistribution, distribution_to_json, json_to_distribution
from optuna.storages._rdb.models import BaseModel
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    column,
    delete,
    exists,
    func,
    insert,
    inspect,
    literal,
    select,
    update,
)
from sqlalchemy import table as named

SCHEMA = "v3.2.0.a"
"""The version of the tables that Optuna 5 makes."""

_TABLES: Mapping[str, Table] = BaseModel.metadata.tables
_VERSION = named("alembic_version", column("version_num"))

STUDIES, TRIALS, SYSTEM = _TABLES["studies"], _TABLES["trials"], _TABLES["trial_system_attributes"]
_STUDY = _TABLES["study_user_attributes"]
USER, HEARTBEATS = _TABLES["trial_user_attributes"], _TABLES["trial_heartbeats"]
_PARAMS, _VALUES, _STEPS = (_TABLES[f"trial_{name}"] for name in ("params", "values", "intermediate_values"))

_NUMBERS = {"INF_POS": math.inf, "INF_NEG": -math.inf, "NAN": math.nan}


class UnusableError(Exception):
    """Tables that are not those of Optuna 5, with the reason."""


@contextmanager
def undamaged() -> Iterator[None]:
    """Raise UnusableError for values that neither Optuna nor archsearch wrote, as in a damaged file."""
    try:
        yield
    except (LookupError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise UnusableError(f"a row in it is damaged ({type(error).__name__}: {error})") from None


def are_there(connection: Connection) -> bool:
    """Whether the database has the tables whole: not so where there are none, or another run just makes them.

    Raises UnusableError for those of another version of Optuna, and for a file of another program.
    """
    names = set(inspect(connection).get_table_names())
    if names and not names & _TABLES.keys() and connection.dialect.name == "sqlite":
        raise UnusableError("it is the database of another program")
    if not names >= {*_TABLES, _VERSION.name}:
        return False
    versions = connection.scalars(select(_VERSION.c.version_num)).all()
    if versions and versions != [SCHEMA]:
        raise UnusableError(f"Optuna made its tables in version {', '.join(map(str, versions))}, not {SCHEMA}")
    return bool(versions)


def study_names(connection: Connection) -> dict[int, str]:
    """Return the names of all studies, by their ids, in the order in which they were begun."""
    query = select(STUDIES.c.study_id, STUDIES.c.study_name).order_by(STUDIES.c.study_id)
    return {row.study_id: row.study_name for row in connection.execute(query)}


def study_attributes(connection: Connection, study: int) -> dict[str, Any]:
    """Return what is kept of a study as a whole."""
    query = select(_STUDY.c.key, _STUDY.c.value_json).where(_STUDY.c.study_id == study)
    return {row.key: json.loads(row.value_json) for row in connection.execute(query)}


def keep_first(connection: Connection, study: int, key: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Keep a value of a study as a whole, unless one is kept under its name; return the one that is kept."""
    # Without the lock, two runs could both find none.
    _lock(connection, study)
    is_it = (_STUDY.c.study_id == study) & (_STUDY.c.key == key)
    row = select(literal(study), literal(key), literal(json.dumps(value))).where(~exists().where(is_it))
    connection.execute(insert(_STUDY).from_select(["study_id", "key", "value_json"], row))
    kept: dict[str, Any] = json.loads(connection.scalars(select(_STUDY.c.value_json).where(is_it)).one())
    return kept


def read(connection: Connection, which: ColumnElement[bool], *, whole: bool) -> list[tuple[int, FrozenTrial]]:
    """Return trials, each after the id of its study, in the order in which they were begun.

    Without `whole`, a trial has no more than what the table of results shows.
    """
    ids = select(TRIALS.c.trial_id).where(which)

    def parts(part: Table, *names: str, only: ColumnElement[bool] | None = None) -> Mapping[int, list[Any]]:
        columns = [part.c[name] for name in ("trial_id", *names)]
        query = select(*columns).where(part.c.trial_id.in_(ids)).order_by(*part.primary_key)
        found = defaultdict(list)
        for trial, *values in connection.execute(query if only is None else query.where(only)):
            found[trial].append(values)
        return found

    rows = connection.execute(select(TRIALS).where(which).order_by(TRIALS.c.trial_id)).all()
    user = parts(USER, "key", "value_json")
    system = parts(SYSTEM, "key", "value_json", only=None if whole else SYSTEM.c.key == "retry_history")
    params = parts(_PARAMS, "param_name", "param_value", "distribution_json") if whole else {}
    values = parts(_VALUES, "value", "value_type") if whole else {}
    steps = parts(_STEPS, "step", "intermediate_value", "intermediate_value_type") if whole else {}
    return [(row.study_id, _trial(row, user, system, params, values, steps)) for row in rows]


def _trial(row: Row[Any], *parts: Mapping[int, list[Any]]) -> FrozenTrial:
    """Put a trial together: its row, and its attributes, parameters, value and steps among those of all trials."""
    user, system, params, values, steps = (part.get(row.trial_id, ()) for part in parts)
    return FrozenTrial(
        number=row.number,
        state=row.state,
        value=next((_number(*value) for value in values), None),
        datetime_start=_local(row.datetime_start),
        datetime_complete=_local(row.datetime_complete),
        params={name: _distribution(written).to_external_repr(value) for name, value, written in params},
        distributions={name: _distribution(written) for name, _, written in params},
        user_attrs={key: json.loads(value) for key, value in user},
        system_attrs={key: json.loads(value) for key, value in system},
        intermediate_values={step: _number(*value) for step, *value in steps},
        trial_id=row.trial_id,
    )


def add(connection: Connection, study: int, trial: FrozenTrial) -> FrozenTrial:
    """Write a new trial, with a first sign of life if it runs; return it with its number and id."""
    # Without the lock, two trials begun at once could get one number.
    _lock(connection, study)
    row = {"state": trial.state, "datetime_start": _utc(trial.datetime_start)}
    added = connection.execute(
        insert(TRIALS).values(study_id=study, datetime_complete=_utc(trial.datetime_complete), **row)
    )
    assert added.inserted_primary_key is not None
    trial_id: int = added.inserted_primary_key[0]
    before = select(func.count()).where(TRIALS.c.study_id == study, TRIALS.c.trial_id < trial_id)
    trial.number = connection.scalar(before) or 0
    trial._trial_id = trial_id
    connection.execute(update(TRIALS).where(TRIALS.c.trial_id == trial_id).values(number=trial.number))
    params = [
        {
            "trial_id": trial_id,
            "param_name": name,
            "param_value": distribution.to_internal_repr(trial.params[name]),
            "distribution_json": _written(distribution),
        }
        for name, distribution in trial.distributions.items()
    ]
    if params:
        connection.execute(insert(_PARAMS), params)
    put(connection, USER, trial_id, trial.user_attrs)
    put(connection, SYSTEM, trial_id, trial.system_attrs)
    if trial.state is TrialState.RUNNING:
        sign_of_life(connection, trial_id)
    if trial.value is not None:
        put_value(connection, trial_id, trial.value)
    return trial


def put(connection: Connection, attributes: Table, trial_id: int, values: Mapping[str, Any]) -> None:
    """Write attributes of a trial, USER or SYSTEM, in the place of those of the same names."""
    if not values:
        return
    connection.execute(
        delete(attributes).where(attributes.c.trial_id == trial_id, attributes.c.key.in_([*values]))
    )
    rows = [{"trial_id": trial_id, "key": key, "value_json": json.dumps(value)} for key, value in values.items()]
    connection.execute(insert(attributes), rows)


def put_step(connection: Connection, trial_id: int, step: int, value: float) -> None:
    """Write the value that a trial has reached at a step, in the place of one that another run has written."""
    connection.execute(delete(_STEPS).where(_STEPS.c.trial_id == trial_id, _STEPS.c.step == step))
    row = {"step": step, "intermediate_value": value, "intermediate_value_type": "FINITE"}
    connection.execute(insert(_STEPS).values(trial_id=trial_id, **row))


def put_value(connection: Connection, trial_id: int, value: float) -> None:
    """Write the value of a trial."""
    connection.execute(insert(_VALUES).values(trial_id=trial_id, objective=0, value=value, value_type="FINITE"))


def change(connection: Connection, trial_id: int, before: TrialState, after: TrialState) -> bool:
    """Bring a trial from one state to another; return False, and do nothing, if another run was first."""
    now = _utc(datetime.now())
    times: dict[str, datetime | None] = {}
    if after is TrialState.RUNNING:
        times = {"datetime_start": now}
    elif after.is_finished():
        times = {"datetime_complete": now}
    changed = connection.execute(
        update(TRIALS).where(TRIALS.c.trial_id == trial_id, TRIALS.c.state == before).values(state=after, **times)
    )
    return changed.rowcount == 1


def begin_again(connection: Connection, trial_id: int) -> None:
    """Take away what an earlier attempt reached, and give a first sign of life."""
    for part in (_STEPS, _VALUES):
        connection.execute(delete(part).where(part.c.trial_id == trial_id))
    sign_of_life(connection, trial_id)


def sign_of_life(connection: Connection, trial_id: int) -> None:
    """Note that the trial runs at this moment, by the clock of the database, as Optuna does."""
    connection.execute(delete(HEARTBEATS).where(HEARTBEATS.c.trial_id == trial_id))
    connection.execute(insert(HEARTBEATS).values(trial_id=trial_id))


def silent_for(connection: Connection, trial_id: int) -> float | None:
    """Return the seconds since the last sign of life of a trial; None if it has given none."""
    last = connection.scalar(select(HEARTBEATS.c.heartbeat).where(HEARTBEATS.c.trial_id == trial_id))
    now = connection.scalar(select(func.now()))
    if last is None or now is None:
        return None
    return float((now.replace(tzinfo=None) - last).total_seconds())


def _lock(connection: Connection, study: int) -> None:
    """Let nobody else lock the study before the transaction ends; SQLite has one writer at a time anyway."""
    connection.execute(select(STUDIES.c.study_id).where(STUDIES.c.study_id == study).with_for_update())


def _number(value: float | None, kind: enum.Enum) -> float:
    return _NUMBERS.get(kind.name, value)  # type: ignore[return-value]


@lru_cache(maxsize=10_000)
def _distribution(written: str) -> BaseDistribution:
    return json_to_distribution(written)


@lru_cache(maxsize=10_000)
def _written(distribution: BaseDistribution) -> str:
    return distribution_to_json(distribution)


def _utc(local: datetime | None) -> datetime | None:
    return local and local.astimezone(UTC).replace(tzinfo=None)


def _local(utc: datetime | None) -> datetime | None:
    return utc and utc.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
