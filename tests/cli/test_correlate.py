"""`archsearch results --correlate`: as a table, as JSON and CSV, and what is refused."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import optuna
import pytest
from examples.mistakes import Capture, message, refused, run

from archsearch import analyze, parse
from archsearch.study.correlation import SIGNALS

# By channels of the network: synflow, naswot, first loss, accuracy.
MEASURED = {
    4: (1.0, None, 2.5, 30.0),
    8: (2.0, 9.0, 2.0, 50.0),
    12: (4.0, 8.0, 1.9, 40.0),
    16: (3.0, 7.0, 1.5, 60.0),
    20: (5.0, 6.0, 1.0, 70.0),
}


@pytest.fixture
def storage(tmp_path: Path) -> str:
    """A storage with five networks, each trained for two epochs, and one of another recipe."""
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    study = optuna.create_study(storage=url, study_name="tiny", direction="maximize")
    for channels, values in MEASURED.items():
        study.add_trial(trained(channels, "aaaa", *values))
    other = optuna.create_study(storage=url, study_name="other", direction="maximize")
    other.add_trial(trained(4, "bbbb", 0.0, 0.0, 0.0, 0.0))
    return url


def trained(
    channels: int, recipe: str, synflow: float, naswot: float | None, loss: float, accuracy: float
) -> optuna.trial.FrozenTrial:
    profile = analyze(parse(f"conv({channels}) head()"))
    last = {"epoch": 2, "train_loss": 0.1, "train_accuracy": 99.0, "accuracy": accuracy, "seconds": 1.0}
    kept = {
        "sentence": f"conv({channels}) head()",
        "digest": profile.graph.digest,
        "figures": dict(profile.figures),
        "data_digest": "dddd",
        "split": "validation",
        "recipe_digest": recipe,
        "seed": 0,
        "history": [last | {"epoch": 1, "train_loss": loss, "accuracy": 0.0}, last],
        "synflow": synflow,
        "naswot": naswot,
    }
    return optuna.trial.create_trial(value=accuracy, user_attrs=kept)


def correlate(capsys: Capture, storage: str, *options: str) -> str:
    arguments = ("--storage", storage, "--where", "study = 'tiny'", *options)
    status, out, err = run(capsys, "results", "--correlate", "val_accuracy", *arguments)
    assert (status, err) == (0, "")
    return out


def test_the_signals_are_columns_of_the_results(capsys: Capture, storage: str) -> None:
    rows = json.loads(run(capsys, "results", "--storage", storage, "--where", "synflow > 2", "--json")[1])
    found = [(row["synflow"], row["naswot"], row["first_train_loss"], row["val_accuracy"]) for row in rows]
    assert found == [MEASURED[20], MEASURED[16], MEASURED[12]]


def test_the_table(capsys: Capture, storage: str) -> None:
    # Ranks of synflow 1 2 4 3 5 and of accuracy 1 3 2 4 5: 1 - 6 * (1 + 4 + 1) / 120; and so on.
    assert correlate(capsys, storage).splitlines() == [
        "signal            column        n  spearman    low  high  reason",
        "rf                val_accuracy  5                         rf is the same for all",
        "params            val_accuracy  5      0.90  -0.17  1.00",
        "macs              val_accuracy  5      0.90  -0.17  1.00",
        "depth             val_accuracy  5                         depth is the same for all",
        "activation_bytes  val_accuracy  5      0.90  -0.17  1.00",
        "synflow           val_accuracy  5      0.70  -0.59  0.98",
        "naswot            val_accuracy  4     -0.80  -1.00  0.82",
        "first_train_loss  val_accuracy  5     -0.90  -1.00  0.17",
    ]


def test_json_and_csv_say_the_same(capsys: Capture, storage: str) -> None:
    rows = json.loads(correlate(capsys, storage, "--json"))
    assert [row["signal"] for row in rows] == list(SIGNALS)
    assert {row["column"] for row in rows} == {"val_accuracy"}
    found = {row["signal"]: row for row in rows}
    assert found["synflow"]["spearman"] == pytest.approx(0.7)
    assert (found["depth"]["spearman"], found["depth"]["reason"]) == (None, "depth is the same for all")
    from_csv = list(csv.DictReader(io.StringIO(correlate(capsys, storage, "--csv"))))
    assert from_csv == [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows]


def test_another_column_is_ranked_by_the_others(capsys: Capture, storage: str) -> None:
    arguments = ("--storage", storage, "--where", "recipe_digest = 'aaaa'", "--json")
    rows = json.loads(run(capsys, "results", "--correlate", "macs", *arguments)[1])
    assert [row["signal"] for row in rows] == [name for name in SIGNALS if name != "macs"]
    assert {row["signal"]: row["spearman"] for row in rows}["first_train_loss"] == pytest.approx(-1)


def test_what_cannot_be_correlated_is_refused(capsys: Capture, storage: str) -> None:
    def said(column: str) -> str:
        return refused(capsys, "results", "--correlate", column, "--storage", storage)

    assert said("acuracy") == message("there is no column `acuracy`", "did you mean `val_accuracy`?")
    assert said("sentence").startswith("archsearch: column `sentence` holds words; a correlation needs numbers\n")
    assert said("val_accuracy") == message(
        "the networks were measured in 2 ways, which differ in recipe_digest; ranks over them would compare those",
        "select one: --where \"recipe_digest = 'aaaa'\" leaves 5 of 6",
    )
