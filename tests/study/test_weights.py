"""The weights of a study: where they are, whose are kept, and that an interrupted network goes on from them."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import numpy as np
import optuna
import pytest

from archsearch.analysis.limits import check
from archsearch.data.dataset import Dataset
from archsearch.errors import StudyError, TrainingError
from archsearch.notation.network import Network, parse
from archsearch.space.space import Space
from archsearch.storage.database import opened
from archsearch.storage.kept import KeptStudy
from archsearch.study.results import load_results, select
from archsearch.study.search import search
from archsearch.study.single import Single
from archsearch.study.study import Measurement
from archsearch.study.watch import Watch
from archsearch.study.weights import WeightFiles
from archsearch.training import probe
from archsearch.training.recipe import Recipe
from archsearch.training.wanted import Wanted
from archsearch.training.weights import load_weights

QUICK = Recipe(epochs=3, augmentation="crop", ema_decay=0.9)
SPACE = Space.of("network = conv(4|5|6|7|8|9, kernel=4, stride=4, padding=0) head()", "tiny")


@pytest.mark.parametrize(
    ("storage", "folder"),
    [
        ("sqlite:///results/archsearch.db", "results/archsearch.weights/a%2Fb c"),
        ("sqlite:////data/other.sqlite", "/data/other.sqlite.weights/a%2Fb c"),
        ("postgresql+psycopg://me@host/searches", "results/searches.weights/a%2Fb c"),
        ("sqlite://", None),
    ],
)
def test_where_weights_are(storage: str, folder: str | None) -> None:
    found = WeightFiles.of(storage, "a/b c", 5)
    assert found.folder == (None if folder is None else Path(folder))
    assert found.path(3) == (None if folder is None else Path(folder) / "3.safetensors")


def test_no_two_databases_share_a_folder_but_an_earlier_one_keeps_its_own(tmp_path: Path) -> None:
    def folders() -> list[Path | None]:
        urls = [f"sqlite:///{tmp_path / name}" for name in ("x.db", "x.sqlite")]
        return [WeightFiles.of(url, "tiny", 5).folder for url in urls]

    shared, own = tmp_path / "x.weights" / "tiny", tmp_path / "x.sqlite.weights" / "tiny"
    assert folders() == [shared, own]
    shared.mkdir(parents=True)
    assert folders() == [shared, shared]
    (tmp_path / "x.db").touch()
    assert folders() == [shared, own]


@pytest.mark.parametrize("name", [".", "..", " tiny", "tiny.", "\N{CYRILLIC SMALL LETTER ZHE}" * 200])
def test_every_name_of_a_study_has_a_folder_of_its_own(tmp_path: Path, name: str) -> None:
    storage = f"sqlite:///{tmp_path / 'studies.db'}"
    folders = [WeightFiles.of(storage, one, 5).folder for one in (name, "tiny")]
    for folder in folders:
        assert folder is not None
        folder.mkdir(parents=True)
    assert len({*(tmp_path / "studies.weights").iterdir()}) == len(folders)


def test_fewer_than_none_cannot_be_kept() -> None:
    with pytest.raises(StudyError, match="keep is -1; it must be at least 0"):
        WeightFiles.of("sqlite:///results/archsearch.db", "tiny", -1)


@pytest.mark.parametrize("keep", [0, 2])
def test_the_weights_of_the_best_are_kept(data: Dataset, tmp_path: Path, keep: int) -> None:
    storage = f"sqlite:///{tmp_path / 'studies.db'}"
    outcome = search(SPACE, data, recipe=QUICK, trials=4, storage=storage, keep=keep)
    best = select(outcome.rows, "state = 'complete'", sort="val_loss", top=keep)
    files = WeightFiles.of(storage, "tiny", keep).kept()
    assert sorted(file.stem for file in files) == sorted(str(row["number"]) for row in best)
    for file in files:
        weights = load_weights(file)
        (row,) = (row for row in best if str(row["number"]) == file.stem)
        assert (str(weights.network), weights.about["graph"]) == (row["sentence"], row["digest"])
        assert weights.about["history"][-1]["accuracy"] == row["val_accuracy"]


def test_a_network_that_a_search_has_trained_is_trained_for_its_weights_and_keeps_its_row(
    data: Dataset, tmp_path: Path
) -> None:
    storage, wanted, split = (
        f"sqlite:///{tmp_path / 'studies.db'}",
        Wanted("cpu", "fp32", 1),
        data.split("validation"),
    )
    recipe = replace(QUICK, epochs=1)
    (row,) = search(SPACE, data, recipe=recipe, trials=1, storage=storage, wanted=wanted).rows
    network = parse(str(row["sentence"]))
    with opened(storage) as database:
        measurement = Measurement.on(data, split, recipe, 0)
        single = Single(database, storage, network, check(network), measurement)
        study, trial = single.train(split, wanted, Watch())
    assert (study, trial.number) == ("tiny", row["number"])
    assert single.weights is not None
    assert single.weights.exists()
    assert len(load_results(storage)) == 1


def test_what_a_killed_run_left_is_removed_and_what_runs_is_left_alone(data: Dataset, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 'studies.db'}"
    folder = WeightFiles.of(storage, "tiny", 1).folder
    assert folder is not None
    folder.mkdir(parents=True)
    for name in (".0.safetensors.77", ".1.safetensors.77", "7.safetensors", ".7.safetensors.78"):
        (folder / name).touch()
    rows = search(SPACE, data, recipe=replace(QUICK, epochs=1), trials=2, storage=storage, keep=1).rows
    (best,) = select(rows, sort="-val_accuracy", top=1)
    # Number 7 is another run's.
    assert {file.name for file in folder.iterdir()} == {
        f"{best['number']}.safetensors",
        "7.safetensors",
        ".7.safetensors.78",
    }


def test_a_folder_that_cannot_be_is_refused_before_anything_is_trained(data: Dataset, tmp_path: Path) -> None:
    (tmp_path / "studies.weights").touch()
    with pytest.raises(StudyError, match=r"weights cannot be kept in `.*studies.weights/tiny`: Not a directory"):
        search(SPACE, data, recipe=QUICK, trials=1, storage=f"sqlite:///{tmp_path / 'studies.db'}")
    assert load_results(f"sqlite:///{tmp_path / 'studies.db'}") == ()


@pytest.mark.parametrize("seed", [-1, 2**31, 1.0, "0", True, np.int64(0)])
def test_what_is_no_seed_is_refused(data: Dataset, seed: int) -> None:
    with pytest.raises(TrainingError, match=r"seed is .*; it must be an? .*from 0 to 2,147,483,647"):
        search(SPACE, data, recipe=QUICK, trials=1, storage="sqlite://", seed=seed)


def test_two_runs_that_choose_at_once_compute_alike(tmp_path: Path) -> None:
    both = Barrier(2)
    with opened(f"sqlite:///{tmp_path / 'studies.db'}") as storage:
        study = optuna.create_study(storage=storage)._study_id

        def choose(run: int) -> object:
            def make() -> dict[str, int]:
                both.wait()  # neither has found a choice
                return {"threads": run}

            return KeptStudy(storage.engine, study).remember("device", make)

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(choose, (1, 2))
        assert first == second == KeptStudy(storage.engine, study).remember("device", dict)


class InterruptIn(Watch):
    """Does as Ctrl-C does, in the second batch of an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch_to_stop, self.steps, self.networks = epoch, 0, 0

    def training(self, number: int, network: Network, verdict: object, epochs: int) -> None:
        self.networks += 1

    def step(self, done: int, total: int) -> None:
        self.steps += 1
        if self.steps == (self.epoch_to_stop - 1) * total // QUICK.epochs + 2:
            raise KeyboardInterrupt


def test_an_interrupted_network_goes_on_from_its_last_epoch_to_the_same_row(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Which layout is the fastest is a measurement, and results to the digit hold for one layout.
    monkeypatch.setattr(probe, "_FASTER", math.inf)

    def searched(name: str, watch: Watch | None = None) -> dict[str, object]:
        storage = f"sqlite:///{tmp_path / name}.db"
        wanted = Wanted("cpu", "fp32", 1)
        rows = search(SPACE, data, recipe=QUICK, trials=1, storage=storage, watch=watch, wanted=wanted).rows
        changing = {"seconds", "images_per_second", "device"}
        return {column: value for column, value in rows[0].values.items() if column not in changing}

    whole = searched("whole")
    with pytest.raises(KeyboardInterrupt):
        searched("broken", InterruptIn(epoch=3))
    (waiting,) = load_results(f"sqlite:///{tmp_path / 'broken.db'}")
    assert waiting["state"] == "waiting"
    watch = InterruptIn(epoch=99)
    assert searched("broken", watch) == whole
    steps_an_epoch = len(data.split("validation").train) // QUICK.batch_size
    assert watch.steps == steps_an_epoch
