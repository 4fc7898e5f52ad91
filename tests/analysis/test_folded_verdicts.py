"""Verdicts by what is remembered of words are those by the analysis of the whole network, to the letter."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from examples.folding import CALIBRATION, IMAGE
from examples.sentences import random_network
from examples.words import FOLDED_OR_NOT, own
from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch import ArchsearchError, Network, Space, parse
from archsearch.analysis.figures import FIGURES
from archsearch.analysis.fold import FOLDED
from archsearch.analysis.folds import KeptFold, folded
from archsearch.analysis.limits import Limits, Verdict, check, check_whole
from archsearch.errors import TraceError
from archsearch.graph.shapes import Shape
from archsearch.notation.word import Vocabulary


def told(verdict: Verdict) -> tuple[object, ...]:
    """Return all that a verdict says."""
    excess, figures = dict(verdict.excess), dict(verdict.figures)
    return verdict.violations, excess, verdict.is_open, verdict.digest, figures, str(verdict)


def agree(network: Network, limits: Limits, image: Shape = IMAGE) -> Verdict:
    """Check a network in both ways, which must tell the same, and return the verdict."""
    verdict = check(network, limits, image)
    assert told(verdict) == told(check_whole(network, limits, image))
    return verdict


def random_limits(seed: int, network: Network, image: Shape, names: frozenset[str] = frozenset(FIGURES)) -> Limits:
    """Draw limits whose bounds are at the figures of a network, or one away from them."""
    generator = random.Random(seed)
    figures = check_whole(network, Limits().calibrated(CALIBRATION), image).figures

    def comparison() -> str:
        name = generator.choice(sorted(names))
        bound = max(0, figures.get(name, 1) + generator.choice([-1, 0, 0, 1]))
        return f"{name} {generator.choice(['<', '<=', '>', '>=', '=', '!='])} {bound}"

    def clause(depth: int) -> str:
        kind = generator.choice(["one", "one", "or", "and", "not"]) if depth else "one"
        if kind == "one":
            return comparison()
        if kind == "not":
            return f"not ({clause(depth - 1)})"
        return f"({clause(depth - 1)} {kind} {clause(depth - 1)})"

    text = ", ".join(clause(2) for _ in range(generator.randint(1, 4)))
    return Limits.of(text).calibrated(CALIBRATION)


@settings(max_examples=80)
@given(st.integers(0, 10**9), st.sampled_from([7, 16, 33]), st.booleans())
def test_verdicts_on_random_sentences(seed: int, size: int, head: bool) -> None:
    image = (3, size, size)
    network = random_network(seed, size, head=head)
    limits = random_limits(seed, network, image, FOLDED)
    # A fold of all figures would have to know what units see inside the image.
    agree(network, limits, image)
    agree(network, random_limits(seed, network, image), image)


@settings(max_examples=40)
@given(st.integers(0, 10**9), st.integers(1, 20), st.integers(1, 20))
def test_verdicts_where_shapes_may_not_fit(seed: int, height: int, width: int) -> None:
    network, image = random_network(seed, 32), (3, height, width)
    verdict = agree(network, random_limits(seed, network, image), image)
    if verdict.profile is None:
        assert (verdict.excess, verdict.figures, verdict.digest) == ({"shapes": 1}, {}, None)


SPACES = [
    "network = conv(8|12, stride=1|2) residual(conv(8|12, stride=1|2) relu*0..1)*0..2 head(pool=max|avg)",
    "network = conv(4)*0..2 (split(conv(4), same) | concat(conv(4, kernel=1|3), maxpool(2))) again(relu) head",
    "network = maxpool(8|16) (maxpool(4) | conv(8, kernel=5, padding=0|2)) head()",
    "network = conv(4, kernel=1, padding=0|3, stride=1|100) conv(4|8) se()*0..1 head()",
]


@pytest.mark.parametrize("text", SPACES)
@settings(max_examples=6)
@given(seed=st.integers(0, 10**9))
def test_verdicts_on_all_sentences_of_a_space(text: str, seed: int) -> None:
    space = Space.of(text)
    networks = [space.at(index) for index in range(space.size)]
    generator = random.Random(seed)
    limits = random_limits(seed, generator.choice(networks), space.input)
    for network in generator.sample(networks, min(12, len(networks))):
        agree(network, limits, space.input)


# sentence with a user's words, whether a fold tells its figures
WORDS = [
    ("image head()", True),
    ("conv(16, stride=2) image conv(8) head()", True),
    ("conv(8) pooled conv(4, kernel=1) relu pooled head()", True),
    ("conv(8) concat(se(), conv(5)) maps conv(4, kernel=1) head()", True),
    ("conv(8) twice(conv(8)) never(relu) swapped(conv(8), same) head()", True),
    # what some of these channels see is an upper bound
    ("conv(8) concat(conv(8), conv(8, kernel=5)) first_half head()", False),
    ("conv(8) conv(8) previous head()", False),
    ("conv(8) odd head()", False),
    ("conv(8) back head()", False),
    ("conv(8) tokens", False),
    ("residual(image) head()", False),
    ("conv(8) concat(pooled, conv(8) pooled) head()", False),
    ("conv(8) residual(conv(8, padding=0)) odd head()", False),
]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return own(tmp_path_factory.mktemp("words"), FOLDED_OR_NOT)


@pytest.mark.parametrize(("sentence", "is_folded"), WORDS)
def test_verdicts_with_a_users_words(sentence: str, is_folded: bool, words: Vocabulary) -> None:
    network = parse(sentence, vocabulary=words)
    limits = Limits.of("rf > 5, rf_inside != 3 or params < 2k, not (rf > 3 and macs > 1M)")
    # A word that is not folded is refused again where it is remembered.
    for _ in range(2):
        agree(network, limits)
        assert (folded(network, limits.names, None, IMAGE, 10) is not None) is is_folded
    for seed in range(4):
        agree(network, random_limits(seed, network, IMAGE))


def test_an_upper_bound_is_said_by_the_whole_analysis(words: Vocabulary) -> None:
    network = parse("conv(8) concat(conv(8), conv(8, kernel=5)) first_half head()", vocabulary=words)
    verdict = agree(network, Limits.of("rf > 5, params < 10k"))
    assert verdict.is_open
    assert verdict.reasons == ("rf is at most 7: whether it is > 5 is not known",)
    # Where no limit is on what is seen, that is not asked for.
    assert folded(network, frozenset({"params"}), None, IMAGE, 10) is not None


BROKEN = """
def fails(build):
    {}["no"]

def late(build):
    assert build.last > 2

WORDS = [Word("fails", (), fails), Word("late", (), late)]
"""


def test_a_mistake_in_a_users_word_is_said_as_before(tmp_path: Path) -> None:
    words = own(tmp_path, BROKEN)
    for sentence in ("conv(8) fails head()", "relu late head()"):
        network = parse(sentence, vocabulary=words)
        with pytest.raises(ArchsearchError) as whole:
            check_whole(network)
        with pytest.raises(ArchsearchError) as found:
            check(network)
        assert str(found.value) == str(whole.value)
    # Built by itself the word would fail, though it does not where it stands.
    agree(parse("conv(8) conv(8) late head()", vocabulary=words), Limits.of("rf > 3"))


@pytest.mark.parametrize("image", [(3, 32), [3, 32, 32], (3, 32.0, 32), (3, 32, 5_000), "image"])
def test_an_input_that_none_can_have_is_refused_as_before(image: object) -> None:
    network = parse("conv(8) head()")
    check(network)
    with pytest.raises(ArchsearchError) as whole:
        check_whole(network, input_shape=image)  # type: ignore[arg-type]
    with pytest.raises(ArchsearchError) as found:
        check(network, input_shape=image)  # type: ignore[arg-type]
    assert str(found.value) == str(whole.value)


def test_a_sentence_has_no_named_outputs() -> None:
    with pytest.raises(TraceError, match="there is no output `side`"):
        check(parse("conv(8) head()"), output="side")


def test_what_is_costly_waits_until_it_is_asked_for() -> None:
    network, limits = parse("conv(8) head()"), Limits.of("rf > 44, params < 10k")
    verdict = check(network, limits)
    assert not verdict.fits
    # 216 + 8 of the convolution, 16 of its norm and 90 of the head: 330
    assert verdict.excess == {"rf > 44": 42, "params < 10k": -9_669}
    assert "result" not in vars(verdict.whole)
    assert verdict.digest == network.lower().digest
    assert "result" in vars(verdict.whole)


def test_what_is_remembered_is_bounded() -> None:
    names = frozenset({"rf_inside", "params"})
    kept, free = (KeptFold(IMAGE, 10, names, None, most) for most in (100_000, 10**9))
    for seed in range(40):
        network = random_network(seed, 32)
        assert kept.figures(network) == free.figures(network)
        assert kept.fold.size < 300_000
    assert free.fold.size > 600_000


@pytest.fixture
def hurried() -> Iterator[None]:
    """Let threads take turns at every chance."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hurried")
def test_threads_do_not_mix_up_what_they_remember() -> None:
    limits = Limits.of("rf > 44, params < 20k, depth > 3")
    networks = [random_network(seed, 32) for seed in range(30)]

    def verdicts(seed: int) -> list[tuple[str, ...]]:
        order = random.Random(seed).sample(networks, len(networks))
        found = {network: check(network, limits).reasons for network in order}
        return [found[network] for network in networks]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(verdicts, range(8)))
    assert found == [[check_whole(network, limits).reasons for network in networks]] * 8
