"""Test images choose nothing: no search looks at one, and to confirm a network is to score each of them once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples.confirming import CPU, LONG, SHORT, SPACE, compute_in_one_way, confirming, searched, steady

from archsearch.data.dataset import Dataset
from archsearch.data.images import Images, Pixels
from archsearch.errors import StudyError
from archsearch.study.search import search
from archsearch.study.study import Measurement, Study
from archsearch.study.training import training_score
from archsearch.study.watch import Watch
from archsearch.training.history import Epoch


@pytest.fixture(autouse=True)
def computed_in_one_way(monkeypatch: pytest.MonkeyPatch) -> None:
    compute_in_one_way(monkeypatch)


class LookedAtError(Exception):
    """A test image was looked at."""


class Untouchable(np.ndarray[Any, np.dtype[np.uint8]]):
    """Pixels that raise where one of them is read; their shape may be asked for."""

    def __getitem__(self, index: Any) -> Any:
        raise LookedAtError

    def __array_ufunc__(self, *arguments: Any, **given: Any) -> Any:
        raise LookedAtError


class Counted(np.ndarray[Any, np.dtype[np.uint8]]):
    """Pixels that count how many images are taken."""

    taken = 0

    def __getitem__(self, index: Any) -> Any:
        Counted.taken += len(index)
        return np.asarray(self)[index]


def with_test(data: Dataset, kind: type[Any]) -> Dataset:
    assert data.test is not None
    pixels: Pixels = data.test.pixels.view(kind)
    return replace(data, test=Images(pixels, data.test.labels))


def test_a_search_looks_at_no_test_image_and_to_confirm_does(data: Dataset, storage: str) -> None:
    guarded = with_test(data, Untouchable)
    assert {row["state"] for row in searched(guarded, storage)} == {"complete"}
    with pytest.raises(LookedAtError):
        confirming(guarded, storage, top=1, seeds=1)


def test_the_test_images_are_measured_once_after_the_last_epoch(data: Dataset, storage: str) -> None:
    searched(data, storage)
    counting = with_test(data, Counted)
    assert data.test is not None

    class Unseen(Watch):
        def step(self, done: int, total: int) -> None:
            assert Counted.taken == 0

        def epoch(self, number: int, epoch: Epoch) -> None:
            assert (epoch.accuracy is None) == (epoch.epoch < LONG.epochs)

    Counted.taken = 0
    confirming(counting, storage, top=1, seeds=1, watch=Unseen())
    # For the accuracy, and for the predictions that are kept.
    assert Counted.taken == 2 * len(data.test)


@pytest.mark.parametrize("kind", ["test", "test after each epoch", ""])
def test_no_search_measures_on_anything_but_held_out_images(data: Dataset, kind: str) -> None:
    split = replace(data.split("test"), kind=kind)
    with pytest.raises(StudyError, match="a search measures on held-out validation images; these are `"):
        training_score(split, 0)
    with pytest.raises(StudyError, match="a search measures on held-out validation images; these are `"):
        Study("tiny", SPACE, Measurement.on(data, split, SHORT, 0))


def test_a_search_learns_nothing_from_what_is_confirmed(data: Dataset, tmp_path: Path) -> None:
    alone, beside = (f"sqlite:///{tmp_path / name}.db" for name in ("alone", "beside"))
    for storage in (alone, beside):
        searched(data, storage)
    confirming(data, beside, top=2, seeds=1, recipe=SHORT)
    after = [steady([dict(row.values) for row in searched(data, one, trials=4)]) for one in (alone, beside)]
    assert after[0] == after[1]
    assert len(after[0]) == 4
    # Nor does another study that is searched anew take its results for its own.
    rows = search(SPACE, data, recipe=SHORT, trials=4, storage=beside, study="other", wanted=CPU).rows
    assert {row["test_accuracy"] for row in rows} == {None}
    assert not [row for row in rows if "confirmed" in str(row["reason"])]
