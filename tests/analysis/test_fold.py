"""Figures of sentences by a fold, word by word, are those of the whole network, whatever its words do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from examples.sentences import random_network
from examples.words import own
from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch import ArchsearchError, Network, parse
from archsearch.analysis.cost import Calibration
from archsearch.analysis.figures import FIGURES, is_upper_bound
from archsearch.analysis.fold import FOLDED, Fold, NeedsReachError
from archsearch.analysis.fragment import NotFoldedError, NotInOrderError
from archsearch.analysis.limits import NO_LIMITS, check
from archsearch.analysis.op_profile import rf
from archsearch.graph.shapes import Shape
from archsearch.notation.network import WordCall
from archsearch.notation.word import Vocabulary

KEPT = json.loads((Path(__file__).parents[1] / "examples" / "figures.json").read_text())
CALIBRATION = Calibration(1e-11, 4e-11, 2e-11, 8e-11, 2e-9, 3e-9, 1e-9, 1e-6, device="a table")
IMAGE = (3, 32, 32)
REACHES = [pytest.param(True, id="inside"), pytest.param(False, id="unclipped")]


def make_fold(image: Shape = IMAGE, *, reach: bool = True, enough: int | None = None) -> Fold:
    """Return a fold that tells all that it can: `rf_inside` only with `reach`."""
    names = FOLDED if reach else FOLDED - {"rf_inside"}
    return Fold(image, 10, names, calibration=CALIBRATION, enough=enough)


FOLDS = {True: make_fold(), False: make_fold(reach=False)}


def agree(network: Network, by: Fold) -> bool:
    """Whether a network fits its input, in which case the figures of the fold must be those of the analyzer."""
    found = check(network, NO_LIMITS.calibrated(CALIBRATION), by.input, by.classes).profile
    try:
        step = by.sentence(network.calls)
        figures = step and by.figures(step)
    except NeedsReachError:
        assert found is not None
        assert rf(found.patterns[found.headline]) is None
        return True
    except NotFoldedError:
        # Branches come to what sees nothing: a fold does not know which of the maps in them is the last.
        assert found is not None
        assert any(not seen.axes for seen in found.patterns)
        return True
    if found is None or step is None or figures is None:
        assert found is None
        assert step is None
        return False
    assert figures == {name: found.figures[name] for name in figures}
    assert set(by.summed) | {"rf", "depth", "seconds"} <= figures.keys()
    if "rf_inside" in figures:
        assert by.is_bound(step.state) == is_upper_bound(found, "rf_inside")
    assert by.is_bound(step.state) >= is_upper_bound(found, "rf")
    return True


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


@settings(max_examples=40)
@given(st.integers(0, 10**9), st.integers(1, 20), st.integers(1, 20))
def test_random_sentences_that_may_not_fit(seed: int, height: int, width: int) -> None:
    agree(random_network(seed, 32), make_fold((3, height, width)))


# Words of a user's, each for what a fold must know of it.
OWN = """
from archsearch.graph import Concatenate, Reshape, Take, TransposedConvolution

def image(build):  # reads the image, whatever is before it
    build.then(Convolution(8, (3, 3), padding=(1, 1)), 0)

def previous(build):  # reads the operation before the last
    build.then(Elementwise("add"), build.last, build.last - 1)

def ninth(build):
    build.then(Elementwise("add"), build.last, build.last - 9)

def third(build):
    build.then(Elementwise("add"), build.last, 3)

def as_wide(build):  # asks for a shape alone
    build.then(Convolution(build.shape(build.last - 1)[1], (1, 1)))

def shrunk(build):  # asks for the stride of all before it
    build.then(Convolution(build.stride_between(0, build.last)[0], (1, 1)))

def odd(build):  # depends on the number of operations
    build.then(Elementwise("relu" if build.last % 2 else "sigmoid"))

def back(build):  # does not end in its last operation
    last = build.last
    build.then(Elementwise("relu"))
    build.last = last

def tokens(build):
    _, channels, height, width = build.shape(build.last)
    build.then(Reshape((1, channels, height * width)))

def pooled(build):  # global in the middle of a sentence
    build.then(GlobalPool("avg"))

def maps(build):  # several maps are the last
    entry, ends = build.last, []
    for kernel in (3, 7, 5):
        build.then(Convolution(4, (kernel, kernel), padding=(3, 3)), entry)
        ends.append(build.then(GlobalPool("max")))
    build.then(Concatenate(), *ends)

def first_half(build):  # of these channels, none may see all that is said
    build.then(Take(1, 0, build.channels // 2))

def larger(build):
    build.then(TransposedConvolution(8, (2, 2), (2, 2)))

def twice(build, body):
    body()
    body()

def never(build, body):
    build.then(Elementwise("relu"))

def swapped(build, *bodies):
    entry, ends = build.last, []
    for body in reversed(bodies):
        build.last = entry
        body()
        ends.append(build.last)
    build.then(Elementwise("add"), *ends)

def beside(build, *bodies):
    entry, ends = build.last, []
    for body in bodies:
        build.last = entry
        build.then(Elementwise("relu"))
        body()
        ends.append(build.last)
    build.then(Concatenate(), *ends)

ALONE = [image, previous, ninth, third, as_wide, shrunk, odd, back, tokens, pooled, maps, first_half, larger]
WORDS = [
    *(Word(one.__name__, (), one) for one in ALONE),
    *(Word(one.__name__, (), one, has_body=True) for one in (twice, never)),
    *(Word(one.__name__, (), one, has_bodies=True) for one in (swapped, beside)),
]
"""


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return own(tmp_path_factory.mktemp("words"), OWN)


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
