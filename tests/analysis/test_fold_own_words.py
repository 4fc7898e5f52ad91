"""Figures of sentences with words of a user's own, and what a fold cannot tell of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples.folding import REACHES, agree, make_fold
from examples.words import FOLDED_OR_NOT, own

from archsearch import ArchsearchError, parse
from archsearch.analysis.fold import Fold
from archsearch.analysis.fragment import NeedsReachError, NotFoldedError, NotInOrderError
from archsearch.analysis.limits import check
from archsearch.notation.network import WordCall
from archsearch.notation.word import Vocabulary


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return own(tmp_path_factory.mktemp("words"), FOLDED_OR_NOT)


FOLDED_WORDS = [
    "image head()",
    "conv(16, stride=2) image conv(8) head()",
    # the longest path does not lead to the output
    "conv(8) conv(8) conv(8) conv(8) image head()",
    "concat(image, conv(4)) head()",
    "conv(8) concat(image, conv(4)) again(image relu) head()",
    "conv(8) pooled head()",
    "conv(8) pooled conv(4, kernel=1) relu pooled head()",
    "conv(8) concat(se(), conv(5)) maps conv(4, kernel=1) head()",
    "conv(8) residual(conv(12) first_half conv(8)) head()",
    "conv(8) concat(conv(8), conv(8, kernel=5)) first_half head()",
    "conv(8) larger conv(8, stride=2) larger larger head()",
    "conv(8) twice(conv(8)) head()",
    "conv(8) twice(conv(8, stride=2) relu) residual(twice(conv(4))) never(conv(8)) head()",
    "conv(8) swapped(conv(8), residual(conv(8, kernel=5))) swapped(never(relu), same) head()",
    "conv(8) beside(conv(8), same, twice(conv(8))) head()",
]


@pytest.mark.parametrize("sentence", FOLDED_WORDS)
@pytest.mark.parametrize("reach", REACHES)
def test_figures_with_a_users_words(sentence: str, reach: bool, words: Vocabulary) -> None:
    assert agree(parse(sentence, vocabulary=words), make_fold(reach=reach))


# sentence, what its error says
NOT_FOLDED = [
    ("conv(8) conv(8) previous head()", "`previous` depends on operations of the words before it"),
    ("conv(8) again(previous relu) head()", "`previous` depends"),
    ("conv(8) conv(8) conv(8) conv(8) ninth head()", "`ninth` depends"),
    ("conv(8) conv(8) third head()", "`third` depends"),
    ("conv(8) as_wide head()", "`as_wide` depends"),
    ("conv(8) conv(8, stride=2) shrunk head()", "`shrunk` depends"),
    ("conv(8) odd head()", "`odd` depends"),
    ("conv(8) back head()", "`back` ends in an operation that is not its last"),
    ("conv(8) tokens", "no map, such as tokens"),
    ("conv(8) tokens head()", "no map, such as tokens"),
    # as the first word, its sentence begins with the image that it reads
    ("residual(image) head()", "a sentence in `residual` reads the image"),
    ("conv(8) concat(pooled, conv(8) pooled) head()", "which of several maps is the last"),
]


@pytest.mark.parametrize(("sentence", "said"), NOT_FOLDED)
def test_what_is_not_folded_is_said(sentence: str, said: str, words: Vocabulary) -> None:
    network = parse(sentence, vocabulary=words)
    assert check(network).profile is not None
    with pytest.raises(NotFoldedError, match=said):
        make_fold().sentence(network.calls)


@pytest.mark.parametrize("sentence", ["twice(conv(8))", "never(conv(8))", "again(conv(8))", "swapped(relu, relu)"])
def test_sentences_out_of_order_are_read_as_a_whole(sentence: str, words: Vocabulary) -> None:
    by = make_fold()
    (call,) = parse(sentence, vocabulary=words).calls
    count = len(call.bodies)
    with pytest.raises(NotInOrderError, match=f"`{call.word.name}` does not add its sentences one after another"):
        enter_all(by, count, call.opening)


def enter_all(by: Fold, count: int, opening: WordCall) -> None:
    """Read a word whose sentences each end in the state in which they begin."""
    ends: tuple[int, ...] = ()
    for _ in range(count):
        state = by.entered(by.start, opening, ends, count)
        assert state is not None
        ends = (*ends, state)
    by.left(by.start, opening, ends)


def test_a_mistake_in_a_users_word_is_said(tmp_path: Path) -> None:
    words = own(tmp_path, 'WORDS = [Word("broken", (), lambda build: {}["no"])]')
    with pytest.raises(ArchsearchError, match="the lower function of `broken`"):
        make_fold().sentence(parse("broken", vocabulary=words).calls)


def test_units_without_a_pattern_need_what_they_see_inside() -> None:
    # Of a map one unit wide, that unit is read by all units of the other map.
    network = parse("conv(8) residual(again(maxpool(2) conv(8), times=2)) head()")
    with pytest.raises(NeedsReachError, match="follow no pattern"):
        make_fold((1, 40, 7), reach=False).sentence(network.calls)
    assert agree(network, make_fold((1, 40, 7)))
