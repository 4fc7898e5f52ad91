"""The trials of a study as several runs write them."""

from __future__ import annotations

from pathlib import Path

from examples.searching import STUDY
from optuna import create_trial
from optuna.trial import TrialState

from archsearch.storage.database import opened
from archsearch.storage.kept import KeptStudy
from archsearch.study.studies import open_study


def test_two_runs_that_train_the_same_network_both_write_what_it_has_reached(tmp_path: Path) -> None:
    """A run of another host that was silent for long, as in sleep, is taken to be dead, and may wake."""
    with opened(f"sqlite:///{tmp_path / 'studies.db'}") as database:
        slept, _ = open_study(database, STUDY)
        trial = slept.add(create_trial(state=TrialState.RUNNING, user_attrs={"sentence": "relu", "digest": "a"}))
        awake = KeptStudy(slept.engine, slept.study)
        (same,) = awake.read_news()
        slept.reach(trial, 1, 50.0, {"history": ["first"]})
        awake.reach(same, 1, 51.0, {"history": ["second"]})
        (read,) = KeptStudy(slept.engine, slept.study).read_news()
        assert (read.intermediate_values, read.user_attrs["history"]) == ({1: 51.0}, ["second"])
        awake.end(same, TrialState.COMPLETE, 51.0)
        slept.end(trial, TrialState.COMPLETE, 50.0)
        (read,) = KeptStudy(slept.engine, slept.study).read_news()
        assert (read.state, read.value) == (TrialState.COMPLETE, 51.0)
