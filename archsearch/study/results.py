"""The results table: a row for each network of each study, refused ones included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from optuna.trial import FrozenTrial, TrialState

from archsearch.analysis.figures import SECONDS
from archsearch.notation.condition import ColumnValue, Condition
from archsearch.storage.database import reading
from archsearch.storage.trials import candidates, recipe_digest, state_of
from archsearch.storage.url import DEFAULT
from archsearch.study.columns import ALWAYS_THERE, COLUMNS, PREDICTED, WORDS, ResultRow, check_column
from archsearch.study.published import is_table, read_table
from archsearch.study.studies import trials_by_study

if TYPE_CHECKING:
    import pandas as pd

_KILLED = "its run was killed, at every attempt"


def load_results(storage: str = DEFAULT) -> tuple[ResultRow, ...]:
    """Return the rows of all studies in a storage, in the order in which they were proposed.

    `storage` is an SQLAlchemy URL, or the path of a CSV file that `archsearch results --csv` wrote. Nothing is
    written. Raises StudyError where there is no storage, and for one that cannot be read.
    """
    if is_table(storage):
        return read_table(Path(storage))
    with reading(storage) as engine:
        return tuple(row for name, trials in trials_by_study(engine).items() for row in rows(name, trials))


def rows(study: str, trials: Sequence[FrozenTrial]) -> list[ResultRow]:
    """Return a row for each network among the trials of a study."""
    return [ResultRow(_values(study, trial)) for trial in candidates(trials)]


def select(
    table: Iterable[ResultRow], where: str | None = None, sort: str | None = None, top: int | None = None
) -> tuple[ResultRow, ...]:
    """Return the rows for which a condition holds, sorted by a column (`-name`: largest first), the first `top`.

    Rows without a value in that column come last. Raises ArchsearchError for a condition that cannot be read
    and for an unknown column.
    """
    chosen = list(table)
    if where is not None:
        condition = Condition.of(where, COLUMNS, WORDS, never_missing=ALWAYS_THERE, source="--where")
        chosen = [row for row in chosen if condition.holds(row.values)]
    if sort is not None:
        column = sort.removeprefix("-")
        check_column(column)
        present = [row for row in chosen if row[column] is not None]
        present.sort(key=lambda row: row.values[column], reverse=sort.startswith("-"))  # type: ignore[arg-type,return-value]  # one column holds one kind of value
        chosen = present + [row for row in chosen if row[column] is None]
    return tuple(chosen[:top])


def frame(table: Iterable[ResultRow]) -> pd.DataFrame:
    """Return rows as a pandas DataFrame with COLUMNS as its columns."""
    import pandas as pd  # noqa: PLC0415  (it takes longer to load than a table takes to print)

    return pd.DataFrame([dict(row.values) for row in table], columns=list(COLUMNS))


def _values(study: str, trial: FrozenTrial) -> dict[str, ColumnValue]:
    kept = trial.user_attrs
    history = kept.get("history") or [{}]
    split = kept.get("split")
    # A network that waits to be tried again has the history of its last attempt.
    accuracy = history[-1].get("accuracy") if trial.state.is_finished() else None
    values: dict[str, ColumnValue] = dict.fromkeys(COLUMNS)
    values |= {name: value for name, value in kept.items() if name in COLUMNS}
    values |= {PREDICTED if name == SECONDS else name: value for name, value in kept.get("figures", {}).items()}
    values |= {
        "study": study,
        "number": trial.number,
        "recipe_digest": recipe_digest(kept),
        "state": state_of(trial),
        "reason": kept.get("reason") or (_KILLED if trial.state is TrialState.FAIL else None),
        "val_accuracy": accuracy if split != "test" else None,
        "val_loss": history[-1].get("loss") if accuracy is not None and split != "test" else None,
        "test_accuracy": accuracy if split == "test" else None,
        "class_accuracy": _by_class(kept.get("class_accuracy")),
        "train_accuracy": history[-1].get("train_accuracy"),
        "first_train_loss": history[0].get("train_loss"),
        "epochs": len(history) if accuracy is not None else None,
        "images_per_second": _median(history),
        "seconds": sum(epoch["seconds"] for epoch in history) if accuracy is not None else None,
    }
    return values


def _by_class(accuracy: Mapping[str, float | None] | None) -> str | None:
    """Write percents by the names of classes on one line; a class without test images has none."""
    if accuracy is None:
        return None
    return ", ".join(f"{name} {percent:.2f}" for name, percent in accuracy.items() if percent is not None)


def _median(history: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the images a second of the epochs that have them; those of version 0.1 do not."""
    speeds = [epoch["images_per_second"] for epoch in history if epoch.get("images_per_second")]
    return median(speeds) if speeds else None
