"""A study is written whole and read back; what scores a network is handed to the loop."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest
from examples.console import ROOT

from archsearch.errors import StudyError
from archsearch.notation.user_words import read_words
from archsearch.space.space import Space
from archsearch.storage.database import reading
from archsearch.study.budget import Budget
from archsearch.study.job import Job
from archsearch.study.loop import run
from archsearch.study.results import load_results
from archsearch.study.studies import read_study
from archsearch.study.study import Measurement, Study
from archsearch.training.history import Epoch
from archsearch.training.recipe import Recipe

TABLE = Measurement("a table", "0123456789abcdef", "validation", Recipe(epochs=2), seed=0)
SPACE = Space.of("limits params < 3k\nnetwork = conv(4|8|16|64, stride=2) conv(4|8) head()", "tiny")
OWN = ROOT / "docs" / "own_word"


def by_params(job: Job) -> None:
    """Score a network by its number of parameters, as a table of published results would."""
    weights = sum(weight.size for node in job.graph.nodes for weight in node.weights)
    for epoch in (1, 2):
        job.report(Epoch(epoch, 0.0, 1.0, 50.0, 1.0, weights / 100 * epoch, 0.0))
        job.step(epoch, 2)
    job.note({"precision": "looked up"})


def test_a_study_is_read_back_as_it_was_written_with_the_words_of_its_user(storage: str) -> None:
    space = Space.find(f"{OWN}.space", read_words(OWN.with_suffix(".py")))
    study = Study("own", space, TABLE)
    run(study, by_params, Budget(trials=1), storage=storage)
    with reading(storage) as kept:
        found = read_study(kept, "own")
    assert found.settings == study.settings
    assert found.measurement == TABLE
    assert [found.space.at(n).lower().digest for n in range(5)] == [space.at(n).lower().digest for n in range(5)]


def test_there_is_no_such_study(storage: str) -> None:
    run(Study("tiny", SPACE, TABLE), by_params, Budget(trials=1), storage=storage)
    with pytest.raises(StudyError) as caught, reading(storage) as kept:
        read_study(kept, "tinny")
    assert str(caught.value) == "there is no study `tinny`\n  did you mean `tiny`?"


def test_whatever_scores_networks_is_handed_in(storage: str) -> None:
    outcome = run(Study("tiny", SPACE, TABLE), by_params, Budget(trials=6), storage=storage)
    found = {str(row["sentence"]): row["val_accuracy"] for row in outcome.rows if row["state"] == "complete"}
    verdicts = {str(network): SPACE.check(network) for network in map(SPACE.at, range(SPACE.size))}
    expected = {sentence: verdict.figures["params"] / 50 for sentence, verdict in verdicts.items() if verdict.fits}
    assert found
    assert found.items() <= expected.items()
    assert {row["precision"] for row in outcome.rows if row["state"] == "complete"} == {"looked up"}
    assert outcome.ended == "6 of 6 networks are trained"


class Watched(optuna.samplers.RandomSampler):
    """Counts how often it is asked."""

    asked = 0

    def infer_relative_search_space(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial
    ) -> dict[str, optuna.distributions.BaseDistribution]:
        self.asked += 1
        return super().infer_relative_search_space(study, trial)


class Always(optuna.pruners.BasePruner):
    """Prunes whatever it is asked about."""

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        return True


def test_sampler_and_pruner_are_those_of_the_call(storage: str) -> None:
    sampler = Watched(seed=1)
    outcome = run(
        Study("tiny", SPACE, TABLE), by_params, Budget(trials=2), storage=storage, sampler=sampler, pruner=Always()
    )
    assert sampler.asked >= 2
    assert {row["state"] for row in outcome.rows} - {"refused"} == {"pruned"}


def test_words_that_do_something_else_do_not_resume_a_study(storage: str, tmp_path: Path) -> None:
    text = "from archsearch.graph import Elementwise\nfrom archsearch.notation import Word\n"
    text += "WORDS = [Word('own', (), lambda build: build.then(Elementwise('relu')) and None)]\n"
    for number, words in enumerate((text, f"# The same.\n{text}", text.replace("'relu'", "'gelu'"))):
        file = tmp_path / f"own{number}.py"
        file.write_text(words)
        space = Space.of("network = conv(8|16) own head()", "tiny", read_words(file))
        if number < 2:
            run(Study("tiny", space, TABLE), by_params, Budget(trials=number + 1), storage=storage)
        else:
            with pytest.raises(StudyError, match="words there"):
                run(Study("tiny", space, TABLE), by_params, Budget(trials=3), storage=storage)


def test_results_are_read_while_another_run_writes_them(storage: str) -> None:
    run(Study("tiny", SPACE, TABLE), by_params, Budget(trials=1), storage=storage)
    trial = optuna.load_study(study_name="tiny", storage=storage).ask()
    trial.set_user_attr("sentence", "conv(8) head()")
    row = load_results(storage)[-1]
    assert (row["state"], row["sentence"], row["recipe_digest"]) == ("running", "conv(8) head()", None)


def test_the_trials_of_others_in_a_storage_are_left_alone(storage: str) -> None:
    optuna.create_study(storage=storage, study_name="other").optimize(lambda trial: 0.5, n_trials=1)
    outcome = run(Study("tiny", SPACE, TABLE), by_params, Budget(trials=1), storage=storage)
    assert outcome.ended == "1 of 1 networks are trained"
    assert {row["study"] for row in load_results(storage)} == {"tiny"}


def test_a_study_goes_on_with_what_it_has(storage: str) -> None:
    first = run(Study("tiny", SPACE, TABLE), by_params, Budget(trials=3), storage=storage)
    second = run(Study("tiny", SPACE, TABLE), by_params, Budget(trials=5), storage=storage)
    before = [row for row in first.rows if row["state"] == "complete"]
    assert before == [row for row in second.rows if row["state"] == "complete"][:3]
