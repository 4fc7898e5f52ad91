"""What else is known of a space: kernels wider than their maps, what each limit refuses, distributions."""

from __future__ import annotations

import pytest
from examples.census import BLOCKS, verdicts
from hypothesis import given
from hypothesis import strategies as st

from archsearch import Space, explain
from archsearch.census import explanation
from archsearch.census.automaton import Automaton
from archsearch.census.count import paths
from archsearch.census.degenerate import Degenerate, degenerate
from archsearch.census.distribution import Distribution
from archsearch.census.lattice import Lattice
from archsearch.graph.ops.maps import Convolution


def wide(rules: str) -> set[tuple[str, int, int]]:
    space = Space.of(rules)
    found = degenerate(paths(space, Automaton(space)))
    assert [one.sentences for one in found] == sorted((one.sentences for one in found), reverse=True)
    return {(one.word, one.size[0], one.sentences) for one in found}


# On a map of 8 the taps of dilation 7 still reach from one border to the other; those of 8 never do.
WIDE = [
    ("input 3x8x8\nnetwork = conv(4, dilation=7) head()", set()),
    ("input 3x8x8\nnetwork = conv(4, dilation=7|8) conv(8|16) head()", {("conv(4, dilation=8)", 8, 2)}),
    (
        "input 3x8x8\nnetwork = conv(4) maxpool(2)*0..1 conv(4, dilation=4)*1..2 head()",
        {("conv(4, dilation=4)", 4, 2)},
    ),
    (
        "input 3x8x8\nnetwork = residual(conv(3, dilation=9)) (relu | again(conv(3, dilation=8), times=2)) head()",
        {("conv(3, dilation=9)", 8, 2), ("again(conv(3, dilation=8))", 8, 1)},
    ),
    ("input 3x8x8\nnetwork = sep(4, kernel=3|5, dilation=4) head()", set()),
    ("input 3x4x9\nnetwork = conv(4, dilation=5) head()", set()),
    # Where a map is too small for a word, nothing passes there.
    ("input 3x8x8\nnetwork = conv(4, dilation=8) (maxpool(9) | relu) head()", {("conv(4, dilation=8)", 8, 1)}),
]


@pytest.mark.parametrize(("rules", "right"), WIDE)
def test_dilated_kernels_wider_than_their_maps(rules: str, right: set[tuple[str, int, int]]) -> None:
    assert wide(rules) == right


def test_sentences_with_them_are_those_in_which_fewer_count_as_dilated() -> None:
    rules = "input 3x8x8\nnetwork = conv(4) (conv(4, dilation=2) | maxpool(2))*1..3 head()"
    found = 0
    for one in verdicts(rules, Space.of(rules).vocabulary):
        if one.graph is not None:
            written = [node.op for node in one.graph.nodes if isinstance(node.op, Convolution)]
            found += sum(max(op.dilation) > 1 for op in written) > one.figures["dilated"]
    (two,) = [one for one in degenerate(paths_of(rules)) if one.size == (2, 2)]
    assert degenerate(paths_of(rules)) == (two,)
    assert two == Degenerate("conv(4, dilation=2)", (2, 2), found)


def paths_of(rules: str) -> Lattice:
    space = Space.of(rules)
    return paths(space, Automaton(space))


@pytest.mark.parametrize(
    "limits",
    [
        "params < 1k",
        "params < 1k, rf > 20",
        "params < 1k, rf > 12, macs < 90k",
        "params >= 0, rf > 12, dilated >= 1 or macs < 60k",
        "params < 700, rf > 20, macs < 1M",
    ],
)
def test_what_each_limit_alone_refuses(limits: str) -> None:
    space = Space.of(BLOCKS).with_limits(limits)
    figures = [one.figures for one in verdicts(BLOCKS, space.vocabulary) if one.profile is not None]
    broken = [[one.limit for one in space.limits.violations(each)] for each in figures]
    found = explain(space)
    assert found.only.keys() == found.alone.keys()
    for limit, count in found.only.items():
        assert count.is_exact
        assert count.least == sum(every == [limit] for every in broken)


def test_what_each_limit_alone_refuses_is_drawn_where_counting_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explanation, "_SOON_COUNTED", 0)
    space = Space.of(BLOCKS).with_limits("params < 1k, rf > 12, macs < 90k")
    drawn = explain(space)
    monkeypatch.undo()
    exact = {limit: count.least / drawn.sentences for limit, count in explain(space).only.items()}
    assert drawn.only == {}
    assert drawn.only_drawn.keys() == exact.keys()
    for limit, share in exact.items():
        # Five standard deviations of a share of 1,000.
        assert abs(drawn.only_drawn[limit] / 1_000 - share) < 5 * (share * (1 - share) / 1_000) ** 0.5 + 0.001


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=50))
def test_every_value_is_in_one_bin(values: list[int]) -> None:
    one = Distribution.of("macs", values)
    assert sum(one.counts) == len(values)
    assert 1 <= len(one.counts) <= 8
    assert one.edges[0] <= min(values)
    assert max(values) < one.edges[-1]
    widths = {after - before for before, after in zip(one.edges, one.edges[1:], strict=False)}
    assert len(widths) == 1
    assert str(widths.pop()).rstrip("0") in {"1", "2", "5"}
    for low, high, count in zip(one.edges, one.edges[1:], one.counts, strict=False):
        assert count == sum(low <= value < high for value in values)
    assert one.counts[0] > 0 < one.counts[-1]


def test_all_networks_where_there_are_few_and_draws_where_there_are_many() -> None:
    space = Space.of(BLOCKS)
    figures = [one.figures for one in verdicts(BLOCKS, space.vocabulary) if one.profile is not None]
    found = explain(space)
    assert found.sample.is_whole
    for name in ("rf", "params", "macs"):
        assert sorted(one[name] for one in found.sample.figures) == sorted(int(one[name]) for one in figures)
    many = explain(Space.find("first"))
    assert (many.sample.is_whole, len(many.sample.networks)) == (False, 1_000)
    assert len({*map(str, many.sample.networks)}) > 900
    assert many == explain(Space.find("first"))


def test_a_space_in_which_nothing_fits() -> None:
    found = explain(Space.of("input 3x8x8\nnetwork = conv(4|8) maxpool(9) head()"))
    assert (found.shaped, found.feasible.most, found.ends, found.relaxed, found.unused) == (0, 0, None, (), ())
