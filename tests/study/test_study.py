"""A study is written whole and read back; what scores a network is handed to the loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from examples.console import ROOT

from archsearch.errors import StudyError
from archsearch.graph.graph import Graph
from archsearch.notation.user_words import read_words
from archsearch.space.space import Space
from archsearch.study.loop import Budget, run
from archsearch.study.storage import opened
from archsearch.study.studies import read_study
from archsearch.study.study import Measurement, Study
from archsearch.training.history import Epoch
from archsearch.training.recipe import Recipe

TABLE = Measurement("a table", "0123456789abcdef", "validation", Recipe(epochs=2), seed=0)
SPACE = Space.of("limits params < 3k\nnetwork = conv(4|8|16|64, stride=2) conv(4|8) head()", "tiny")
OWN = ROOT / "docs" / "own_word"


@pytest.fixture
def storage(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'studies.db'}"


def by_params(graph: Graph, report: Callable[[Epoch], None], step: Callable[[int, int], None]) -> str:
    """Score a network by its number of parameters, as a table of published results would."""
    weights = sum(weight.size for node in graph.nodes for weight in node.weights)
    for epoch in (1, 2):
        report(Epoch(epoch, 0.0, 1.0, 50.0, 1.0, weights / 100 * epoch, 0.0))
        step(epoch, 2)
    return "looked up"


def test_a_study_is_read_back_as_it_was_written_with_the_words_of_its_user(storage: str) -> None:
    space = Space.find(f"{OWN}.space", read_words(OWN.with_suffix(".py")))
    study = Study("own", space, TABLE)
    with opened(storage, create=True) as kept:
        run(study, by_params, Budget(trials=1), storage=storage)
        found = read_study(kept, "own")
    assert found.settings == study.settings
    assert found.measurement == TABLE
    assert [found.space.at(n).lower().digest for n in range(5)] == [space.at(n).lower().digest for n in range(5)]


def test_there_is_no_such_study(storage: str) -> None:
    run(Study("tiny", SPACE, TABLE), by_params, Budget(trials=1), storage=storage)
    with pytest.raises(StudyError) as caught, opened(storage, create=False) as kept:
        read_study(kept, "tinny")
    assert str(caught.value) == "there is no study `tinny`\n  the studies there: tiny"


def test_whatever_scores_networks_is_handed_in(storage: str) -> None:
    outcome = run(Study("tiny", SPACE, TABLE), by_params, Budget(trials=6), storage=storage)
    found = {str(row["sentence"]): row["val_accuracy"] for row in outcome.rows if row["state"] == "complete"}
    verdicts = {str(network): SPACE.check(network) for network in map(SPACE.at, range(SPACE.size))}
    expected = {sentence: verdict.figures["params"] / 50 for sentence, verdict in verdicts.items() if verdict.fits}
    assert found
    assert found.items() <= expected.items()
    assert {row["precision"] for row in outcome.rows if row["state"] == "complete"} == {"looked up"}
    assert outcome.ended == "6 of 6 networks are trained"


def test_sampler_and_pruner_are_those_of_the_call(storage: str) -> None:
    sampler = optuna.samplers.RandomSampler(seed=1)
    pruner = optuna.pruners.PercentilePruner(0.0, n_startup_trials=0, n_warmup_steps=0)
    asked: list[int] = []

    class Watching(optuna.samplers.RandomSampler):
        def infer_relative_search_space(
            self, study: optuna.Study, trial: optuna.trial.FrozenTrial
        ) -> dict[str, optuna.distributions.BaseDistribution]:
            asked.append(trial.number)
            return super().infer_relative_search_space(study, trial)

    run(Study("a", SPACE, TABLE), by_params, Budget(trials=2), storage=storage, sampler=Watching(seed=1))
    assert asked
    outcome = run(
        Study("b", SPACE, TABLE), by_params, Budget(trials=4), storage=storage, sampler=sampler, pruner=pruner
    )
    assert {row["state"] for row in outcome.rows} <= {"complete", "pruned", "refused"}


def test_a_study_goes_on_with_what_it_has(storage: str) -> None:
    first = run(Study("tiny", SPACE, TABLE), by_params, Budget(trials=3), storage=storage)
    second = run(Study("tiny", SPACE, TABLE), by_params, Budget(trials=5), storage=storage)
    before = [row for row in first.rows if row["state"] == "complete"]
    assert before == [row for row in second.rows if row["state"] == "complete"][:3]
