"""Rank correlations against ranks worked by hand, laws of ranks, and intervals that hold the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsearch.errors import ArchsearchError
from archsearch.notation.condition import ColumnValue
from archsearch.study.columns import COLUMNS, WORDS, ResultRow
from archsearch.study.correlation import SIGNALS, Correlation, correlations, interval
from archsearch.study.results import select

MEASURED = {"state": "complete", "data_digest": "d", "split": "validation", "recipe_digest": "r", "seed": 0}


def row(**values: ColumnValue) -> ResultRow:
    return ResultRow(dict.fromkeys(COLUMNS) | MEASURED | values)


def table(params: Sequence[float], accuracies: Sequence[float]) -> list[ResultRow]:
    return [
        row(digest=str(number), params=first, val_accuracy=second)
        for number, (first, second) in enumerate(zip(params, accuracies, strict=True))
    ]


def of_params(rows: Sequence[ResultRow], column: str = "val_accuracy") -> Correlation:
    [found] = [one for one in correlations(rows, column) if one.signal == "params"]
    return found


@pytest.mark.parametrize(
    ("params", "accuracies", "expected"),
    [
        # Without ties, 1 - 6 * (sum of squared differences of ranks) / (n * (n*n - 1)).
        ([1, 2, 3, 4], [10, 20, 30, 40], 1),
        ([1, 2, 3, 4], [40, 30, 20, 10], -1),
        ([1, 2, 3, 4], [10, 20, 40, 30], 1 - 6 * 2 / 60),
        ([30, 10, 50, 20, 40], [1, 2, 5, 4, 3], 1 - 6 * (4 + 1 + 0 + 4 + 1) / 120),
        # Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4, whose products about the mean 2.5 sum to 4.5; squares to 4.5 and 5.
        ([7, 8, 8, 9], [1, 2, 3, 4], 4.5 / math.sqrt(4.5 * 5)),
        # Ranks 1.5, 1.5, 3.5, 3.5 and 1.5, 3.5, 1.5, 3.5: products 1, -1, -1, 1.
        ([0, 0, 1, 1], [5, 6, 5, 6], 0),
    ],
)
def test_ranks_by_hand(params: list[float], accuracies: list[float], expected: float) -> None:
    found = of_params(table(params, accuracies))
    assert found.spearman == pytest.approx(expected)
    assert (found.n, found.reason) == (len(params), None)


VALUES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=4, max_size=12).filter(
    lambda pairs: all(len(set(side)) > 1 for side in zip(*pairs, strict=True))
)


@given(VALUES)
def test_only_the_order_matters(pairs: list[tuple[int, int]]) -> None:
    params, accuracies = zip(*pairs, strict=True)
    found = of_params(table(params, accuracies))
    assert of_params(table([math.exp(one) for one in params], [one**3 for one in accuracies])) == found
    turned = of_params(table([-one for one in params], accuracies))
    assert found.spearman is not None and found.low is not None and found.high is not None
    assert (turned.spearman, turned.low, turned.high) == pytest.approx((-found.spearman, -found.high, -found.low))
    assert -1 - 1e-9 <= found.low <= found.spearman <= found.high <= 1 + 1e-9


def test_the_interval_by_hand() -> None:
    # atanh(0.5) = 0.5493; 1.96 * sqrt(1.125 / 25) = 0.4158.
    assert interval(0.5, 28) == pytest.approx((math.tanh(0.5493 - 0.4158), math.tanh(0.5493 + 0.4158)), abs=1e-4)


def test_the_interval_narrows_with_the_networks_and_never_vanishes() -> None:
    widths = [high - low for low, high in (interval(0.7, n) for n in (4, 5, 8, 20, 100))]
    assert widths == sorted(widths, reverse=True)
    for n in (4, 5, 10, 50):
        low, high = interval(1.0, n)
        assert low < high == 1
        assert interval(-1.0, n) == pytest.approx((-1, -low))


@pytest.mark.parametrize(("n", "pearson", "step"), [(8, 0.0, 0.0), (25, 0.6, 0.0), (10, 0.6, 0.5)])
def test_intervals_hold_the_truth_about_as_often_as_they_say(n: int, pearson: float, step: float) -> None:
    random = np.random.default_rng(0)
    covariance = [[1, pearson], [pearson, 1]]

    def drawn(count: int) -> list[ResultRow]:
        values = random.multivariate_normal([0, 0], covariance, count)
        values = np.round(values / step) if step else values
        return table(*values.T.tolist())

    truth = of_params(drawn(5_000)).spearman
    assert truth is not None
    held = 0
    for _ in range(200):
        found = of_params(drawn(n))
        assert found.low is not None and found.high is not None
        held += found.low <= truth <= found.high
    assert 0.9 <= held / 200 <= 0.99


def test_four_networks_say_little() -> None:
    low, _high = interval(1.0, 4)
    # Even a perfect order is one of 24, and as likely by chance as 1 in 24.
    assert len(list(permutations(range(4)))) == 24
    assert low < 0


def test_what_has_no_figure_says_why() -> None:
    few = of_params(table([1, 2, 3], [1, 2, 3]))
    assert few == Correlation("params", "val_accuracy", 3, reason="3 complete networks have both; it needs 4")
    assert of_params(table([1], [1])).reason == "1 complete network has both; it needs 4"
    same = of_params(table([7] * 5, range(5)))
    assert same == Correlation("params", "val_accuracy", 5, reason="params is the same for all")
    assert of_params(table(range(5), [3] * 5)).reason == "val_accuracy is the same for all"
    assert {one.n for one in correlations([], "val_accuracy")} == {0}


def test_every_signal_but_the_column_itself() -> None:
    assert set(SIGNALS) <= set(COLUMNS) - set(WORDS)
    assert [one.signal for one in correlations([], "val_accuracy")] == list(SIGNALS)
    assert {one.signal for one in correlations([], "macs")} == set(SIGNALS) - {"macs"}


def test_only_complete_rows_with_both_values_count() -> None:
    rows = table([1, 2, 3, 4], [1, 2, 3, 4])
    others = [
        row(digest="a", params=9, val_accuracy=0, state="pruned"),
        row(digest="b", params=9, val_accuracy=0, state="failed", recipe_digest="another"),
        row(digest="c", params=9),
        row(digest="d", val_accuracy=0),
    ]
    assert of_params([*rows, *others]) == of_params(rows)


def test_a_network_counts_once_with_the_mean_over_its_seeds() -> None:
    rows = table([1, 2, 3, 4], [1, 2, 3, 4])
    copies = [row(study="other", digest="0", params=1, val_accuracy=1) for _ in range(3)]
    assert of_params([*rows, *copies]) == of_params(rows)
    # (1 + 6) / 2 is more than 2 and 3, and less than 4; the copies add nothing to it.
    again = row(digest="0", params=1, val_accuracy=6, seed=1)
    found = of_params([*rows, *copies, again])
    assert found.n == 4
    assert found.spearman == pytest.approx(1 - 6 * (4 + 1 + 1) / 60)


@pytest.mark.parametrize(
    ("columns", "differ", "condition"),
    [
        ({"recipe_digest": "x"}, "recipe_digest", "recipe_digest = 'r'"),
        (
            {"split": "test", "data_digest": "e"},
            "data_digest and split",
            "data_digest = 'd' and split = 'validation'",
        ),
    ],
)
def test_rows_measured_in_several_ways_are_refused(columns: dict[str, str], differ: str, condition: str) -> None:
    rows = [*table([1, 2, 3, 4], [1, 2, 3, 4]), row(**columns)]
    with pytest.raises(ArchsearchError) as refused:
        correlations(rows, "val_accuracy")
    assert str(refused.value) == (
        f"the networks were measured in 2 ways, which differ in {differ}; ranks over them would compare those\n"
        f'  select one: --where "{condition}" leaves 4 of 5'
    )
    assert of_params(select(rows, condition)).n == 4


def test_a_recipe_that_is_not_known_can_be_selected_too() -> None:
    rows = [row(recipe_digest=None), row(recipe_digest=None), row()]
    with pytest.raises(ArchsearchError, match='--where "recipe_digest is none" leaves 2 of 3'):
        correlations(rows, "val_accuracy")


def test_a_column_that_has_no_ranks_is_refused() -> None:
    with pytest.raises(ArchsearchError, match="there is no column `val_acuracy`\n  did you mean `val_accuracy`"):
        correlations([], "val_acuracy")
    with pytest.raises(ArchsearchError, match="column `state` holds words; a correlation needs numbers"):
        correlations([], "state")
