"""How many sentences keep the limits: as many as when each is analysed for itself."""

from __future__ import annotations

from collections.abc import Mapping
from math import comb

import pytest
from examples.census import (
    BLOCKS,
    SHRINKING,
    census,
    exact,
    lattice_of,
    limited_spaces,
    one_by_one,
    verdicts,
)
from examples.grammars import GRAMMARS
from examples.words import own
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archsearch import ArchsearchError, Space
from archsearch.analysis.fragment import NotFoldedError
from archsearch.notation.word import Vocabulary

LIMITS = [
    "rf > 10",
    "rf != 15",
    "rf_inside >= 13, rf_inside < 16",
    "depth > 5",
    "depth in (4, 6)",
    "params > 1.2k, params < 2k, macs > 90k, macs < 280k",
    "norm_ops < 5k, flops >= 0.3M",
    "weight_bytes <= 6k or rf > 30, rf < 44",
    "dilated >= 1",
    "dilated = 2 or maxpool = 0",
    "not (params > 1.5k, macs < 200k)",
    "params != 1190, params < 1.7k",
    "activation_ops > 4k, pooling_ops < 400, bias_ops > 3k, arithmetic_ops >= 0, trainable > 0.5k",
    "depthwise = 0, dilated > 0, rf > 12",
    # what every network keeps, or none: a figure is never so large, nor are all that it is compared with
    "",
    "params >= 0",
    "params < 99_999_999_999_999M, macs < 1_000_000M, rf < 99_999_999_999_999M",
    "params < 1",
    "macs > 9_223_372_036_854_775_807",
]


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("rules", [BLOCKS, SHRINKING], ids=["blocks", "shrinking"])
def test_as_many_as_one_by_one(rules: str, limits: str) -> None:
    space = Space.of(rules).with_limits(limits)
    assert exact(space) == one_by_one(space).fits
    assert census(space).sums.lattice.sentences[0] == one_by_one(space).shapes_fit


@pytest.mark.parametrize("rules", [BLOCKS, SHRINKING], ids=["blocks", "shrinking"])
def test_these_limits_tell_networks_apart(rules: str) -> None:
    counts = {one_by_one(Space.of(rules).with_limits(limits)).fits for limits in LIMITS}
    assert len(counts) > 12


# limits, how many of the 2 x (2 + 4) sentences keep them, by hand: 28 w + 10 w + 10 parameters and so on
BY_HAND = "network = conv(4|8) conv(4|8, norm=none)*0..1 head()"
HAND_COUNTED = [
    # 8 alone has 27 x 8 + 3 x 8 + 8 x 10 + 10 = 330, 4 alone has 170
    ("rf < 4, params > 200", 1),
    ("rf > 4", 4),
    ("depth = 2", 2),
    ("depth = 3 or params < 200", 5),
    ("norm_ops < 5k", 3),
    ("norm_ops >= 5k, rf > 4", 2),
]


@pytest.mark.parametrize(("limits", "count"), HAND_COUNTED)
def test_counts_by_hand(limits: str, count: int) -> None:
    assert exact(Space.of(BY_HAND).with_limits(limits)) == count


@pytest.mark.parametrize("rules", GRAMMARS.values(), ids=GRAMMARS)
@pytest.mark.parametrize("limits", ["", "params > 300, macs < 400k", "rf > 4 or depth = 2", "rf_inside < 9"])
def test_each_sentence_is_counted_once(rules: str, limits: str) -> None:
    space = Space.of(rules).with_limits(limits)
    found, right = census(space), one_by_one(space)
    assert (found.least, found.most) == (right.fits, right.may_fit)


def test_more_than_int64_holds() -> None:
    space = Space.of("input 3x1x1\nnetwork = (relu | same | act(silu))*100 (conv(8) | relu) head()")
    assert exact(space) == 2 * 3**100
    assert exact(space.with_limits("params > 100")) == 3**100
    # An activation is one of two, and computes 3 elements: 50 of them, and the one at the end.
    many = sum(comb(100, count) * 2**count for count in range(50, 101))
    assert exact(space.with_limits("activation_ops > 150, params < 100")) == many


# A group of the channels of a concatenation: which of these it sees is known only as a bound.
BOUNDS = "network = conv(4) concat(conv(2), conv(2, kernel=5|7)) split(same, relu | conv(2)) relu*0..1 head()"


@pytest.mark.parametrize(
    "limits", ["rf > 6", "rf < 9", "rf_inside > 6", "rf != 7", "rf < 8 or depth = 2", "rf > 99"]
)
def test_bounds_are_counted_as_what_may_and_what_must_fit(limits: str) -> None:
    space = Space.of(BOUNDS).with_limits(limits)
    found, right = census(space), one_by_one(space)
    assert (found.least, found.most) == (right.fits, right.may_fit)
    assert found.least < found.most or limits == "rf > 99"


# Both sides of the first split see more than matters, so alike: yet what some of its channels see is a bound.
LARGE_BOUNDS = "network = conv(4) (split(conv(2), same))*0..1 split(same, relu) head()"


@pytest.mark.parametrize("limits", ["rf >= 2", "rf > 0, rf < 3", "rf > 4"])
def test_what_is_larger_than_matters_may_be_a_bound(limits: str) -> None:
    space = Space.of(LARGE_BOUNDS).with_limits(limits)
    found, right = census(space), one_by_one(space)
    assert (found.least, found.most) == (right.fits, right.may_fit)


OWN = """
def pooled(build):
    build.then(GlobalPool("avg"))

def twice(build, body):
    body()
    body()

def previous(build):
    build.then(Elementwise("relu"), build.last - 1)

def shared(build, body, times):
    build.repeat(body, times)

WORDS = [
    Word("pooled", (), pooled), Word("previous", (), previous), Word("twice", (), twice, has_body=True),
    Word("shared", (Parameter("times", 2),), shared, has_body=True),
]
"""


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return own(tmp_path_factory.mktemp("words"), OWN)


@pytest.mark.parametrize("limits", ["", "rf > 6, params < 1k", "macs > 600k or depth < 4", "rf_inside < 12"])
@pytest.mark.parametrize(
    "rules",
    [
        "network = conv(4|8) twice(conv(8) relu*0..1 | residual(conv(4|8)))*1..2 head()",
        "network = twice(twice(conv(4|8, stride=1|2)) | shared(conv(3) relu*0..1, times=2|3)) pooled*0..1 head()",
        "network = conv(8) residual(conv(4) shared(residual(conv(4)*1..2) | twice(relu)) conv(8|9)) pooled head()",
    ],
)
def test_words_that_are_read_as_a_whole(rules: str, limits: str, words: Vocabulary) -> None:
    space = Space.of(rules, vocabulary=words).with_limits(limits)
    assert exact(space) == one_by_one(space).fits


def test_what_cannot_be_folded_is_said(words: Vocabulary) -> None:
    space = Space.of("network = conv(8) (relu | previous) head()", vocabulary=words).with_limits("rf > 2")
    with pytest.raises(NotFoldedError, match="`previous` depends on operations of the words before it"):
        lattice_of(space)


def test_too_many_sentences_for_a_word_as_a_whole() -> None:
    space = Space.of("network = again(conv(3|4|5)*9 conv(3), times=2) head()")
    with pytest.raises(ArchsearchError, match="`again` can have more than 10,000 sentences") as caught:
        lattice_of(space)
    assert caught.value.remedy == "let it choose among fewer: each of them is analysed for itself"


def test_a_large_space_has_a_small_lattice() -> None:
    rules = "network = conv(8) (residual(conv(4|8|12) conv(8)) | sep(8, dilation=1|2) | relu)*20 head()"
    space = Space.of(rules).with_limits("rf > 44, params < 20k")
    found = census(space)
    assert found.sums.lattice.sentences[0] == 6**20
    assert 0 < found.least == found.most < 6**20
    assert len(found.sums.lattice.edges) < 10_000


@pytest.mark.parametrize("count", [25, pytest.param(2_000, marks=pytest.mark.slow)])
def test_random_spaces_are_counted_as_one_by_one(count: int) -> None:
    @settings(max_examples=count, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
    @given(
        limited_spaces(), st.sampled_from([{}, {}, {"macs": 5_000, "params": 50, "flops": 10_000, "norm_ops": 99}])
    )
    def holds(space: Space, units: Mapping[str, int]) -> None:
        try:
            found = census(space, units)
        except NotFoldedError:
            # Branches that come to padding alone, and whose last map is not known.
            found_nothing = [
                not seen.axes
                for one in verdicts(space.text, space.vocabulary)
                if one.profile
                for seen in one.profile.patterns
            ]
            assert any(found_nothing)
            return
        right = one_by_one(space)
        assert found.sums.lattice.sentences[0] == right.shapes_fit
        assert found.least <= right.fits <= right.may_fit <= found.most
        if found.sums.is_exact:
            assert found.least == found.most

    holds()
