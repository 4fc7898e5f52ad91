"""What a search proposes: with each sampler only what can still fit, nothing twice, and in the end all of it."""

from __future__ import annotations

import optuna
import pytest
from examples.census import WIDTHS
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler
from optuna.trial import FrozenTrial

from archsearch.census.completion import Completion
from archsearch.errors import ArchsearchError
from archsearch.notation.network import Network
from archsearch.notation.user_words import words_from
from archsearch.space.space import Space
from archsearch.storage.database import opened
from archsearch.study import draws, fitting
from archsearch.study.budget import Budget
from archsearch.study.columns import ResultRow
from archsearch.study.job import Job
from archsearch.study.loop import run
from archsearch.study.outcome import Outcome
from archsearch.study.propose import PROPOSALS, SAMPLERS
from archsearch.study.studies import open_study
from archsearch.study.study import Measurement, Study
from archsearch.study.watch import Watch
from archsearch.training.history import Epoch
from archsearch.training.recipe import Recipe

TABLE = Measurement("a table", "0123456789abcdef", "validation", Recipe(epochs=1), seed=3)

RULES = "network = (conv(2|4|8|16, stride=2) | maxpool(2) conv(4|8)) unit*0..2 head()\nunit = conv(2|4|8) | relu"
SPACE = Space.of(f"limits params < 320\n{RULES}", "small")
"""Of 120 derivations, of which some lead to the same sentence, few fit."""

BEFORE = """
from archsearch.graph import Elementwise
from archsearch.notation import Word
WORDS = [Word('before', (), lambda build: build.then(Elementwise('relu'), build.last - 1))]
"""


class Heard(Watch):
    """Notes what is said, and which choices follow from what was learnt."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.slots: list[tuple[int, int]] = []

    def said(self, line: str) -> None:
        self.lines.append(line)

    def proposed(self, modelled: int, drawn: int) -> None:
        self.slots.append((modelled, drawn))


def by_digest(job: Job) -> None:
    job.report(Epoch(1, 0.0, 1.0, 50.0, 1.0, sum(job.graph.digest.encode()) / 40, 0.0))


def searched(
    storage: str,
    trials: int = 999,
    *,
    space: Space = SPACE,
    sampler: BaseSampler | str = "tpe",
    proposals: str = "fitting",
    watch: Watch | None = None,
) -> Outcome:
    study = Study("small", space, TABLE)
    budget = Budget(trials=trials)
    return run(study, by_digest, budget, storage=storage, sampler=sampler, proposals=proposals, watch=watch)


def sentences(rows: tuple[ResultRow, ...], state: str = "complete") -> list[str]:
    return [str(row["sentence"]) for row in rows if row["state"] == state]


def that_fit(space: Space = SPACE) -> dict[str, Network]:
    """Return one network of each digest that fits, found by looking at all."""
    found = {}
    for index in range(space.size):
        verdict = space.check(space.at(index))
        if verdict.fits:
            found[str(verdict.digest)] = space.at(index)
    return found


def digests(outcome: Outcome) -> list[str]:
    return [str(row["digest"]) for row in outcome.rows if row["state"] == "complete"]


# --- all that fits, and nothing else ---


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_all_that_fits_is_found_and_nothing_is_refused(storage: str, sampler: str) -> None:
    outcome = searched(storage, sampler=sampler)
    assert outcome.ended == "every network of `small` that fits was tried"
    assert {row["state"] for row in outcome.rows} == {"complete"}
    assert sorted(digests(outcome)) == sorted(that_fit())
    assert len(digests(outcome)) > 25


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_plain_way_refuses_what_does_not_fit(storage: str, sampler: str) -> None:
    outcome = searched(storage, 12, sampler=sampler, proposals="plain")
    refused = [row for row in outcome.rows if row["state"] == "refused"]
    assert refused
    assert all(str(row["reason"]).startswith("params is ") for row in refused)
    assert {*digests(outcome)} <= that_fit().keys()
    assert len({*sentences(outcome.rows), *sentences(outcome.rows, "refused")}) == len(outcome.rows)


def test_the_first_are_drawn_as_fairly_as_by_chance_alone(storage: str) -> None:
    by_chance = searched(storage, 15, sampler="random")
    learning = searched(storage.replace("studies", "others"), 15, sampler="tpe")
    assert digests(learning)[:10] == digests(by_chance)[:10]
    assert digests(learning) != digests(by_chance)


def test_of_many_networks_draws_go_on_without_end(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draws, "LOOKED_THROUGH", 10)
    assert len({*digests(searched(storage, 20, sampler="random"))}) == 20


@pytest.mark.parametrize("sampler", ["tpe", "evolution"])
def test_where_sums_were_rounded_what_does_not_fit_is_no_row(
    storage: str, monkeypatch: pytest.MonkeyPatch, sampler: str
) -> None:
    monkeypatch.setattr(fitting, "_MEMORY", 2_000)
    space = Space.of(WIDTHS, "small").with_limits("macs > 125k, macs < 135k")
    assert not Completion(space, 2_000).count.is_exact
    heard = Heard()
    outcome = searched(storage, 14, space=space, sampler=sampler, watch=heard)
    assert {*digests(outcome)} <= that_fit(space).keys()
    assert {row["state"] for row in outcome.rows} == {"complete"}
    assert len(heard.slots) > len(outcome.rows) == 14


def test_what_cannot_be_counted_is_searched_in_the_plain_way_which_is_said(storage: str) -> None:
    space = Space.of("limits params < 400\nnetwork = conv(4|8|64) before head()", "small", words_from(BEFORE))
    heard = Heard()
    outcome = searched(storage, space=space, watch=heard)
    assert sorted(digests(outcome)) == sorted(that_fit(space))
    (line,) = (line for line in heard.lines if "not counted" in line)
    assert line.startswith(
        "networks that fit are not counted, so what does not fit is proposed too: `before` depends"
    )


def test_how_many_fit_is_said_once(storage: str) -> None:
    heard = Heard()
    searched(storage, 12, watch=heard)
    assert heard.lines == ["networks of `small` that fit: 29"]
    searched(storage, 12, watch=heard)
    assert len(heard.lines) == 1, "nothing is left to propose, and nothing is counted"


# --- the same again ---


@pytest.mark.parametrize("proposals", PROPOSALS)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_search_that_goes_on_proposes_what_one_at_once_does(storage: str, sampler: str, proposals: str) -> None:
    last = 23 if sampler == "nsga2" else 14
    for trials in (4, 11, last):
        parts = searched(storage, trials, sampler=sampler, proposals=proposals)
    at_once = searched(storage.replace("studies", "others"), last, sampler=sampler, proposals=proposals)
    assert [row["sentence"] for row in parts.rows] == [row["sentence"] for row in at_once.rows]


def test_a_study_of_one_way_goes_on_in_the_other(storage: str) -> None:
    before = searched(storage, 11, sampler="gp", proposals="plain")
    after = searched(storage, 14, sampler="gp", proposals="fitting")
    assert after.rows[: len(before.rows)] == before.rows
    assert {row["state"] for row in after.rows[len(before.rows) :]} == {"complete"}
    last = searched(storage, 16, sampler="nsga2", proposals="plain")
    assert len({*digests(last)}) == 16


# --- what is learnt ---


def test_so_many_slots_follow_from_what_was_learnt(storage: str) -> None:
    heard = Heard()
    searched(storage, 16, sampler="tpe", watch=heard)
    assert {modelled for modelled, _ in heard.slots[:10]} == {0}
    assert any(modelled for modelled, _ in heard.slots[10:])
    heard = Heard()
    searched(storage.replace("studies", "others"), 16, sampler="random", watch=heard)
    assert {modelled for modelled, _ in heard.slots} == {0}


@pytest.mark.parametrize("proposals", PROPOSALS)
def test_networks_that_are_drawn_are_of_a_generation_too(storage: str, proposals: str) -> None:
    outcome = searched(storage, 23, sampler="nsga2", proposals=proposals)
    with opened(storage) as database:
        kept, _ = open_study(database, Study("small", SPACE, TABLE))
    of = [one.system_attrs["NSGAIISampler:generation"] for one in kept.in_order if one.values]
    assert len(digests(outcome)) == len(of) == 23
    assert of == [0] * 20 + [1] * 3


class Last(RandomSampler):
    """Wants the last option of every slot."""

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: optuna.distributions.BaseDistribution,
    ) -> str:
        assert isinstance(param_distribution, optuna.distributions.CategoricalDistribution)
        return str(param_distribution.choices[-1])


def test_what_a_sampler_wants_is_kept_as_far_as_it_can_fit(storage: str) -> None:
    wide = "conv(2|3|4|5|6|7)"
    space = Space.of(f"limits params < 2k\nnetwork = conv(2|64, stride=2) {wide} {wide} {wide} head()", "small")
    for count, seed in enumerate((0, 1, 2), start=1):
        watch = Heard()
        outcome = searched(storage, count, space=space, sampler=Last(seed), watch=watch)
    # Nothing fits with 64.
    assert outcome.rows[0]["sentence"] == "conv(2, stride=2) conv(7) conv(7) conv(7) head()"
    assert watch.slots[-2:] == [(3, 1), (0, 4)], "proposed again, and then one is drawn in its place"


def test_a_sampler_of_optunas_keeps_what_it_knows(storage: str) -> None:
    outcome = searched(storage, 14, sampler=NSGAIISampler(population_size=4, seed=0))
    assert {row["state"] for row in outcome.rows} == {"complete"}
    assert len({*digests(outcome)}) == 14


def test_a_way_without_that_name(storage: str) -> None:
    with pytest.raises(ArchsearchError, match="`fiting` is no way to propose networks"):
        searched(storage, proposals="fiting")
