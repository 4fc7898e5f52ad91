"""Figures of sentences by a fold, word by word, are those of the whole network, whatever its words do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from examples.folding import CALIBRATION, FOLDS, IMAGE, REACHES, agree, make_fold
from examples.sentences import random_network
from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch import parse
from archsearch.analysis.figures import FIGURES
from archsearch.analysis.fold import FOLDED, Fold
from archsearch.graph.shapes import Shape

KEPT = json.loads((Path(__file__).parents[1] / "examples" / "figures.json").read_text())


def test_all_figures_but_one_are_folded() -> None:
    assert {*FIGURES} - FOLDED == {"activation_bytes"}


@pytest.mark.parametrize("reach", REACHES)
def test_figures_of_the_hundred_sentences(reach: bool) -> None:
    by = FOLDS[reach]
    for sentence, kept in KEPT.items():
        step = by.sentence(parse(sentence).calls)
        assert step is not None, sentence
        figures = by.figures(step)
        seconds = figures.pop("seconds")
        assert figures == {name: kept[name] for name in figures}, sentence
        assert seconds == CALIBRATION.seconds(parse(sentence).lower())


SENTENCES = [
    "head()",
    "head(pool=max)",
    "relu",
    "conv(8, stride=2) conv(8, dilation=2) head()",
    # a shortcut of each kind, where the map or the channels change, and where neither does
    "conv(8) residual(conv(16, stride=2) conv(16)) head()",
    "conv(8) residual(conv(8, stride=3) conv(8, stride=2)) head()",
    "conv(8) residual(maxpool(2) conv(16), shortcut=pool) head()",
    "conv(8) residual(conv(8, stride=2), shortcut=pool, scale=skip) head()",
    "conv(8) residual(conv(8), scale=skip) relu head()",
    "residual(same) head()",
    "residual(residual(conv(8, stride=2)) residual(conv(12, stride=3), shortcut=pool)) head()",
    "conv(8) split(conv(4), same) head()",
    "conv(8) split(same, conv(2, dilation=2), avgpool(3, stride=1, padding=1), conv(4, kernel=1)) conv(8) head()",
    "conv(8) split(conv(4, stride=2), maxpool(2)) head()",
    "conv(6) concat(same, conv(4, kernel=5), split(same, conv(3))) head()",
    "concat(conv(4, stride=2), maxpool(2)) residual(concat(same, conv(4, stride=1))) head()",
    "conv(8) again(conv(8), times=3) head()",
    "conv(8) again(residual(conv(4) conv(8, dilation=2)) se(), times=2) head()",
    "conv(8) residual(again(maxpool(2) conv(8), times=2)) head()",
    "conv(8) se() residual(gated(6) se(reduction=2)) gated(8, hidden=3, activation=sigmoid) head()",
    "conv(8, norm=none) norm(layer) act(silu) dw(kernel=5) sep(8, multiplier=2, dilation=3) head(pool=max)",
    # a dilated kernel wider than its map reaches nothing with its outer taps
    "maxpool(8) sep(8, dilation=4) sep(8, dilation=2) head()",
    # units that see padding alone: some of them, all of them, and what comes then
    "conv(4, kernel=1, padding=1) conv(8) conv(4, kernel=1, padding=1, stride=2) conv(4, dilation=3) head()",
    "conv(4, kernel=1, padding=3, stride=100)",
    "conv(4, kernel=1, padding=3, stride=100) conv(8) head()",
    "conv(4) residual(conv(4, kernel=1, padding=3, stride=100) conv(8)) head()",
    # what differs in channels alone, down to one
    "conv(8, stride=32) act(silu) head()",
    "conv(1, stride=32) act(silu) head()",
    "conv(1) dw(dilation=2) residual(conv(8, stride=2)) se(reduction=1) head(pool=max)",
    "conv(8) dw(dilation=2) residual(conv(1, stride=2)) se(reduction=1) head(pool=max)",
    # of channels that do not see the same, half may see less; a convolution mixes them
    "conv(8) concat(conv(4), conv(4, kernel=5)) dw(norm=none, activation=none) split(same, relu) head()",
    "conv(8) concat(conv(4), conv(4, kernel=5)) conv(8, norm=none, activation=none) split(same, relu) head()",
    # shapes that do not fit: at the first word, in brackets, behind them, at the last
    "split(conv(8), conv(8)) head()",
    "conv(8) residual(conv(8, padding=0)) head()",
    "conv(8) concat(maxpool(2), same) conv(8) head()",
    "maxpool(8) maxpool(4) maxpool(2) head()",
    "conv(8) again(conv(4), times=2) head()",
]  # fmt: skip


@pytest.mark.parametrize("image", [IMAGE, (4, 33, 20), (1, 40, 7)], ids=str)
@pytest.mark.parametrize("reach", REACHES)
def test_figures_are_those_of_the_analyzer(reach: bool, image: Shape) -> None:
    by = make_fold(image, reach=reach)
    fits = [agree(parse(sentence), by) for sentence in SENTENCES]
    assert 0 < fits.count(False) < len(fits) / 2


def test_figures_with_a_sentence_for_a_word_of_the_state_before() -> None:
    # The fold goes on from a state that others left: what is remembered of them is not what is asked now.
    by = make_fold()
    for first in ("conv(8)", "conv(8, stride=2)", "conv(8) relu", "conv(8) conv(8)"):
        for second in ("residual(conv(8))", "split(conv(4), same)", "again(conv(8))"):
            assert agree(parse(f"{first} {second} head()"), by)
    assert len(by.states) < 40


def test_a_longer_image_than_sets_are_made_for() -> None:
    by = Fold((1, 4096, 3), 10, FOLDED, calibration=CALIBRATION)
    assert agree(parse("conv(4, stride=2) residual(conv(4, kernel=5)) head()"), by)


def test_a_receptive_field_too_large_to_count_does_not_fit() -> None:
    grown = "conv(1, kernel=4000, dilation=1000, stride=2, padding=1999500)"
    fits = [agree(parse(f"{grown} " * times + "head()"), make_fold()) for times in (1, 2, 3, 4)]
    assert fits == sorted(fits, reverse=True)
    assert not fits[-1]


@pytest.mark.parametrize("enough", [1, 5, 44, 60])
def test_what_is_larger_than_enough_is_said_to_be_more(enough: int) -> None:
    by, exact = make_fold(reach=False, enough=enough), FOLDS[False]
    for sentence in KEPT:
        step, known = (one.sentence(parse(sentence).calls) for one in (by, exact))
        assert step is not None
        assert known is not None
        found, right = by.figures(step), exact.figures(known)
        assert min(found.pop("rf"), enough + 1) == min(right.pop("rf"), enough + 1)
        assert found == right


@settings(max_examples=60)
@given(st.integers(0, 10**9), st.sampled_from([7, 16, 33]), st.booleans(), st.booleans())
def test_figures_of_random_sentences(seed: int, size: int, head: bool, reach: bool) -> None:
    assert agree(random_network(seed, size, head=head), make_fold((3, size, size), reach=reach))


@settings(max_examples=60)
@given(st.integers(0, 10**9), st.booleans())
def test_random_sentences_of_words_that_were_in_others(seed: int, reach: bool) -> None:
    assert agree(random_network(seed, IMAGE[1]), FOLDS[reach])


@settings(max_examples=40)
@given(st.integers(0, 10**9), st.integers(1, 20), st.integers(1, 20))
def test_random_sentences_that_may_not_fit(seed: int, height: int, width: int) -> None:
    agree(random_network(seed, 32), make_fold((3, height, width)))
