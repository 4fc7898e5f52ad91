"""Networks that a search is told to start from, and samplers by name; rows of its results as networks."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples.mistakes import NETWORK, Capture, message, refused
from examples.mistakes import run as run_command
from examples.searching import STUDY, score_in

from archsearch.errors import ArchsearchError, NotationError
from archsearch.files import shipped
from archsearch.notation.network import parse, read
from archsearch.notation.user_words import words_from
from archsearch.notation.vocabulary import VOCABULARY
from archsearch.space.space import Space
from archsearch.storage.database import reading
from archsearch.study.budget import Budget
from archsearch.study.loop import run
from archsearch.study.named import named_network
from archsearch.study.outcome import Outcome
from archsearch.study.studies import read_study
from archsearch.study.study import Study

SECOND, THIRD = parse("conv(8, stride=2) conv(16) head()"), parse("conv(32, stride=2) conv(4) head()")
SOURCE = "from archsearch.notation import *; WORDS = [Word('se', (), lambda build: None)]"
"""A word that was a user's before there was a built-in one of its name."""


def sentences(outcome: Outcome) -> list[str]:
    return [str(row["sentence"]) for row in outcome.rows]


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_they_are_trained_first_and_once(storage: str, sampler: str) -> None:
    start, score = [SECOND, THIRD, SECOND], score_in(0)
    first = run(STUDY, score, Budget(trials=3), storage=storage, start=start, sampler=sampler)
    assert sentences(first)[:2] == [str(SECOND), str(THIRD)]
    again = run(STUDY, score, Budget(trials=5), storage=storage, start=start, sampler=sampler)
    assert sentences(again)[:3] == sentences(first)
    assert len({*sentences(again)}) == len(again.rows) == 5


def test_in_a_study_that_never_had_it_it_is_the_next(storage: str) -> None:
    before = run(STUDY, score_in(0), Budget(trials=2), storage=storage)
    new = next(
        one
        for one in (SECOND, THIRD, parse("conv(4, stride=2) conv(4) head()"))
        if str(one) not in sentences(before)
    )
    after = run(STUDY, score_in(0), Budget(trials=3), storage=storage, start=[new])
    assert sentences(after) == [*sentences(before), str(new)]


def test_a_random_search_tries_all_that_fits_and_nothing_twice(storage: str) -> None:
    space = Space.of("limits params < 200\nnetwork = conv(1|2|3|64, stride=8)*1..2 head()", "small")
    study = Study("small", space, STUDY.measurement)
    outcome = run(study, score_in(0), Budget(trials=99), storage=storage, sampler="random")
    complete = [str(row["sentence"]) for row in outcome.rows if row["state"] == "complete"]
    networks = [space.at(index) for index in range(space.size)]
    assert sorted(complete) == sorted(str(one) for one in networks if space.check(one).fits)
    assert len({*sentences(outcome)}) == len(outcome.rows)


def test_the_reference_network_starts_a_search_of_its_space(storage: str) -> None:
    study = Study("era", Space.find("era_s9"), STUDY.measurement)
    reference = read(shipped(".net")["era_s9.net"])
    outcome = run(study, score_in(0), Budget(trials=1), storage=storage, start=[reference], proposals="plain")
    assert sentences(outcome) == [str(reference)]


def test_what_cannot_start_a_search_is_refused_before_a_study_begins(tmp_path: Path, storage: str) -> None:
    with pytest.raises(ArchsearchError, match="no sentence of the space `many`"):
        run(STUDY, score_in(0), Budget(trials=1), storage=storage, start=[parse("conv(9) head()")])
    narrow = Study("many", STUDY.space.with_limits("params < 400"), STUDY.measurement)
    with pytest.raises(ArchsearchError) as caught:
        run(narrow, score_in(0), Budget(trials=1), storage=storage, start=[SECOND])
    assert caught.value.message == "the network to start from does not fit: params is 1,610, not < 400"
    assert not [*tmp_path.iterdir()]


def test_a_sampler_without_that_name(storage: str) -> None:
    with pytest.raises(ArchsearchError) as caught:
        run(STUDY, score_in(0), Budget(trials=1), storage=storage, sampler="tpo")
    assert str(caught.value).splitlines() == [
        "there is no sampler `tpo`",
        "  take one of Optuna's, or the name of one; did you mean `tpe`?",
    ]


def test_a_row_is_read_in_the_words_of_its_study(storage: str) -> None:
    text, words = "input 1x8x8\nclasses 3\nnetwork = conv(4|8) dw head()\ndw = se", words_from(SOURCE)
    with pytest.raises(NotationError, match="a rule cannot be named `dw`: it is a word"):
        Space.of(text, "own", words)
    study = Study("own", Space.of(text, "own", words.without({"dw"})), STUDY.measurement)
    for trials in (1, 2):  # the second run resumes it
        run(study, score_in(0), Budget(trials=trials), storage=storage)
    found = named_network(storage, "own", 0, VOCABULARY)
    assert str(found.network) in {"conv(4) se head()", "conv(8) se head()"}
    assert len(found.network.lower().nodes) == 7
    assert (found.input_shape, found.classes) == ((1, 8, 8), 3)
    with reading(storage) as engine:
        read = read_study(engine, "own")
    assert read.settings == study.settings
    assert (set(read.space.vocabulary), read.space.size) == ({*VOCABULARY} - {"dw"}, 2)


def test_rows_on_the_command_line(capsys: Capture, folder: Path) -> None:
    run(STUDY, score_in(0), Budget(trials=3), start=[SECOND])
    capsys.readouterr()
    status, out, _ = run_command(capsys, "check", "many#0", "--limits", "")
    assert status == 0
    assert "params 1,610" in out
    assert refused(capsys, "analyze", "many#7") == message("study `many` has no network 7", "there are 0 to 2")
    words = folder / "own.py"
    words.write_text("from archsearch.notation import *; WORDS = [Word('own', (), lambda build: None)]")
    for verb in ("analyze", "check", "train"):
        assert refused(capsys, verb, "many#0", "--words", f"{words}") == message(
            "`--words` has no effect here: `many#0` is read in the words of its study", "leave out --words"
        )
    assert "there is no word `many`" in refused(capsys, "check", "many#" + "1" * 5000)
    assert "there is no study `relu relu" in refused(capsys, "check", "relu " * 100 + "relu#12")
    assert refused(capsys, "check", "mny#0") == message("there is no study `mny`", "did you mean `many`?")
    assert refused(capsys, "check", NETWORK, "--storage", "x") == message(
        "`--storage` has no effect here: only STUDY#NUMBER is read from a storage", "leave out --storage"
    )
    (folder / "many#0").write_text("conv(2) head()")
    assert "params 90" in run_command(capsys, "check", "many#0", "--limits", "")[1]


def test_the_command_starts_from_networks(capsys: Capture, folder: Path) -> None:
    (folder / "two.space").write_text("limits params < 1k\nnetwork = conv(2|4|999, stride=8) head()\n")
    search = ["search", "two.space", "--data", "digits", "--epochs", "1", "--trials", "1", "--threads", "1"]
    wrong = refused(capsys, *search, "--start-from", "conv(3, stride=8) head()")
    assert wrong.startswith("archsearch: the network is no sentence of the space `two`: ")
    unfit = refused(capsys, *search, "--start-from", "conv(999, stride=8) head()")
    assert unfit.startswith("archsearch: the network to start from does not fit: params is ")
    network = "conv(4, stride=8) head()"
    more = ["--sampler", "evolution", "--proposals", "plain", "--start-from", network]
    status, out, _ = run_command(capsys, *search, *more, "--csv")
    assert status == 0
    assert network in out
