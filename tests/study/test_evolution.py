"""Children of derivations: one choice of the parent's is another, or two parents share; old ones have none."""

from __future__ import annotations

import random
from collections.abc import Mapping

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution
from optuna.trial import create_trial

from archsearch.study.evolution import Evolution, crossed, mutated

A, B = CategoricalDistribution(("1", "2", "3")), CategoricalDistribution(("x", "y"))
ONE = CategoricalDistribution(("only",))


def trial(value: float, **params: str) -> optuna.trial.FrozenTrial:
    of = {"a": A, "b": B, "c": B, "one": ONE}
    return create_trial(value=value, params=params, distributions={name: of[name] for name in params})


def study(*trials: optuna.trial.FrozenTrial) -> optuna.Study:
    found = optuna.create_study(direction="maximize")
    found.add_trials(trials)
    return found


def child(sampler: Evolution, of: optuna.Study) -> dict[str, str]:
    asked = of.ask().storage.get_trial(len(of.trials) - 1)
    slots = sampler.infer_relative_search_space(of, asked)
    return sampler.sample_relative(of, asked, slots)


@given(st.sampled_from("123"), st.sampled_from("xy"), st.integers())
def test_a_mutation_changes_one_choice(a: str, b: str, seed: int) -> None:
    parent = trial(1, a=a, b=b, one="only")
    found = mutated(parent, random.Random(seed))
    assert [*found] == [*parent.params]
    changed = [slot for slot, option in found.items() if option != parent.params[slot]]
    assert len(changed) == 1
    assert all(
        parent.distributions[slot]._contains(parent.distributions[slot].to_internal_repr(found[slot]))
        for slot in found
    )


def test_where_there_is_no_other_choice_nothing_changes() -> None:
    assert mutated(trial(1, one="only"), random.Random(0)) == {"one": "only"}


def test_each_mutation_is_as_likely_as_its_slot() -> None:
    draw = random.Random(0)
    found = [mutated(trial(1, a="1", b="x"), draw) for _ in range(2_000)]
    assert 900 < sum(one["b"] == "y" for one in found) < 1_100
    assert 400 < sum(one["a"] == "2" for one in found) < 600


@pytest.mark.parametrize(
    ("first", "second", "children"),
    [
        ({"a": "1", "b": "1"}, {"a": "2", "b": "2"}, [{"a": "2", "b": "2"}, {"a": "1", "b": "2"}]),
        ({"a": "1", "b": "1"}, {"a": "2", "c": "2"}, [{"a": "2", "b": "1", "c": "2"}]),
        ({"a": "1"}, {"b": "2"}, [{"a": "1"}]),
    ],
)
def test_a_crossing_goes_on_with_the_other_parent(
    first: dict[str, str], second: dict[str, str], children: list[dict[str, str]]
) -> None:
    found = [crossed(first, second, random.Random(seed)) for seed in range(50)]
    assert all(one in children for one in found)
    assert all(one in found for one in children)


def test_without_a_parent_everything_is_drawn() -> None:
    empty = study()
    sampler = Evolution(0)
    assert child(sampler, empty) == {}
    assert sampler.sample_independent(empty, empty.trials[0], "b", B) in {"x", "y"}


def test_only_the_latest_have_children_and_the_best_of_few_most() -> None:
    old = trial(99, a="3", b="x")
    latest = [trial(number, a="1", b="x") for number in range(19)]
    best = trial(50, a="2", b="x")
    found = study(old, *latest[:10], best, *latest[10:])
    children = [child(Evolution(seed), found) for seed in range(300)]
    # Of the old one nothing is left: "3" comes by a mutation alone.
    assert sum(one["a"] == "3" for one in children) < 90
    # A tournament of 5 of 20 has the best in it one time in four, and it keeps its `a` most times.
    assert 45 < sum(one["a"] == "2" for one in children) < 150


def test_children_are_completed_until_one_is_new() -> None:
    pairs = [("1", "x"), ("2", "x"), ("3", "x"), ("1", "y"), ("2", "y")]

    def complete(wanted: Mapping[str, str], draw: random.Random) -> dict[str, str]:
        return dict(wanted)

    found = study(*(trial(number, a=a, b=b) for number, (a, b) in enumerate(pairs)))
    for seed in range(20):
        assert child(Evolution(seed, complete), found) == {"a": "3", "b": "y"}
