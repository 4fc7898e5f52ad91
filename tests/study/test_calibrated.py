"""A study with limits on seconds keeps the calibration that it was begun with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archsearch import Limits, Recipe, Space
from archsearch.analysis.cost import Calibration
from archsearch.errors import StudyError
from archsearch.study.budget import Budget
from archsearch.study.job import Job
from archsearch.study.loop import run
from archsearch.study.outcome import Outcome
from archsearch.study.study import Measurement, Study
from archsearch.training.history import Epoch

FAST, SLOW = Calibration(element=1e-9, device="fast"), Calibration(element=1e-6, device="slow")
SPACE = Space.of("limits seconds < 3\nnetwork = conv(8|16|24|32, stride=2) head()", "tiny")


def score(job: Job) -> None:
    job.report(Epoch(1, 0, 0, 0, None, accuracy=50, seconds=0))


def study(limits: Limits = SPACE.limits) -> Study:
    measurement = Measurement("a table", "none", "validation", Recipe(epochs=1), seed=0)
    return Study("tiny", SPACE.with_limits(limits), measurement)


def searched(storage: str, calibration: Calibration, trials: int, given: Calibration | None = None) -> Outcome:
    limits = SPACE.limits if given is None else SPACE.limits.calibrated(given)
    return run(study(limits), score, Budget(trials=trials), storage=storage, calibrate=lambda: calibration)


@pytest.fixture
def storage(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('study')}/kept.db"


def test_the_calibration_is_kept_and_used_again(storage: str) -> None:
    [first] = searched(storage, FAST, 1).rows
    rows = searched(storage, SLOW, 2).rows
    assert [row["state"] for row in rows] == ["complete", "complete"]
    predicted = [row["predicted_seconds"] for row in rows]
    assert predicted[0] == first["predicted_seconds"]
    assert all(isinstance(seconds, float) and 0 < seconds < 3 for seconds in predicted)
    assert {row["seconds"] for row in rows} == {0}


def test_another_calibration_is_refused(storage: str) -> None:
    searched(storage, SLOW, 1, given=FAST)
    searched(storage, SLOW, 2, given=FAST)
    with pytest.raises(StudyError, match="was begun with another calibration, fast"):
        searched(storage, SLOW, 3, given=SLOW)


def test_a_score_of_ones_own_needs_a_calibration(storage: str) -> None:
    with pytest.raises(StudyError, match="limits name seconds"):
        run(study(), score, Budget(trials=1), storage=storage)


def test_limits_without_seconds_calibrate_nothing(storage: str) -> None:
    outcome = run(study(Limits.of("params < 1M")), score, Budget(trials=1), storage=storage)
    assert outcome.rows[0]["predicted_seconds"] is None


def test_limits_mean_the_same_however_they_are_written(storage: str) -> None:
    searched(storage, FAST, 1)
    other = replace(study(), space=SPACE.with_limits("seconds  <  3.0"))
    assert run(other, score, Budget(trials=2), storage=storage).has_trained
