"""The results table: as values, as a DataFrame, and as the command writes it."""

from __future__ import annotations

import csv
import io
import json
import sys

import pandas as pd
import pytest

from archsearch import cli
from archsearch.data.load import digits
from archsearch.space.space import Space
from archsearch.study.columns import COLUMNS
from archsearch.study.results import frame, load_results, select
from archsearch.study.search import search
from archsearch.training.recipe import Recipe

# One network fits, two have too many parameters.
SPACE = "limits params < 400\nnetwork = conv(4|8|64, kernel=4, stride=4, padding=0) head()"


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('results') / 'studies.db'}"
    recipe = Recipe(epochs=1, augmentation="none")
    search(Space.of(SPACE, "tiny"), digits(), trials=3, recipe=recipe, storage=url)
    return url


def written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], storage: str, *options: str
) -> str:
    monkeypatch.setattr(sys, "argv", ["archsearch", "results", "--storage", storage, *options])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    return capsys.readouterr().out


def test_select_filters_sorts_and_cuts(storage: str) -> None:
    table = load_results(storage)
    fitting = select(table, "state = 'complete' and params < 400", sort="params")
    assert [row["params"] for row in fitting] == [254]
    assert select(table, sort="-params")[0]["params"] == max(int(str(row["params"])) for row in table)
    assert select(table, top=1) == table[:1]
    by_accuracy = [row["val_accuracy"] for row in select(table, sort="val_accuracy")]
    assert None not in by_accuracy[: len(select(table, "val_accuracy >= 0"))]


def test_a_data_frame_has_every_column(storage: str) -> None:
    table = frame(load_results(storage))
    assert isinstance(table, pd.DataFrame)
    assert list(table.columns) == list(COLUMNS)
    assert set(table[table["state"] == "complete"]["data"]) == {"digits"}


def test_json_and_csv_have_every_column(
    storage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from_json = json.loads(written(monkeypatch, capsys, storage, "--json"))
    from_csv = list(csv.DictReader(io.StringIO(written(monkeypatch, capsys, storage, "--csv"))))
    assert len(from_json) == len(from_csv) == len(load_results(storage))
    assert list(from_json[0]) == list(from_csv[0]) == list(COLUMNS)
    assert [str(row["params"]) for row in from_json] == [row["params"] for row in from_csv]


def test_the_table_for_people_leaves_empty_columns_out(
    storage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = written(monkeypatch, capsys, storage, "--where", "state = 'complete'", "--top", "1").splitlines()
    assert len(lines) == 2
    assert lines[0].split()[:5] == ["study", "number", "state", "val_accuracy", "rf"]
    assert "test_accuracy" not in lines[0]
    assert lines[1].split()[0] == "tiny"
