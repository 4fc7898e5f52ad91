"""Words of a user: the example in the docs against torch, and searches and spaces with such words."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples.console import ROOT, blocks, commands, run
from examples.counted import assert_equal_to_torch_and_fvcore
from examples.mistakes import Capture
from examples.words import own

from archsearch import Space, analyze, parse
from archsearch.data.load import digits
from archsearch.errors import NotationError, ShapeError
from archsearch.notation.user_words import read_words, words_from
from archsearch.notation.vocabulary import VOCABULARY
from archsearch.notation.word import Vocabulary
from archsearch.study.results import load_results
from archsearch.study.search import search
from archsearch.training.recipe import Recipe

DOCS = ROOT / "docs"
PAGE = (DOCS / "own_word.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return read_words(DOCS / "own_word.py")


def test_the_page_shows_the_files() -> None:
    assert blocks(PAGE, "python")[0] == (DOCS / "own_word.py").read_text(encoding="utf-8")
    assert blocks(PAGE, "")[0] == (DOCS / "own_word.space").read_text(encoding="utf-8").split("\n\n", 1)[1]


@pytest.mark.parametrize(("arguments", "printed"), commands(PAGE))
def test_a_command_prints_what_the_page_shows(
    arguments: str, printed: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert run(arguments, monkeypatch, capsys).strip() == printed.strip()


def test_the_page_shows_how_it_is_done_from_python(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, vocabulary: Vocabulary
) -> None:
    monkeypatch.chdir(ROOT)
    exec(blocks(PAGE, "python")[1], {})  # noqa: S102  # the code of the page itself
    assert capsys.readouterr().out.strip() == str(analyze(parse("conv(24) eca() head()", vocabulary=vocabulary)))


# Worked out by hand: sentence, params, macs
COSTS = [
    # one kernel of 3 weights slides over the means of 24 channels
    ("conv(24) eca()", 672 + 48 + 3, 648 * 1024 + 72),
    ("conv(24) eca(kernel=5)", 672 + 48 + 5, 648 * 1024 + 120),
    ("eca()", 3, 9),
    # 3 * 4 and 8 of the norm, then 4 * 9 and 8 of the norm
    ("ghost(8)", 12 + 8 + 36 + 8, 48 * 1024),
    # 3 * 2 and 4 of the norm, then 6 * 9 and 12 of the norm
    ("ghost(8, ratio=4)", 6 + 4 + 54 + 12, 60 * 1024),
]


@pytest.mark.parametrize(("sentence", "params", "macs"), COSTS)
def test_costs_worked_out_by_hand(vocabulary: Vocabulary, sentence: str, params: int, macs: int) -> None:
    figures = analyze(parse(sentence, vocabulary=vocabulary)).figures
    assert (figures["params"], figures["macs"]) == (params, macs)


@pytest.mark.parametrize("sentence", [sentence for sentence, _params, _macs in COSTS])
def test_costs_against_torch_and_fvcore(vocabulary: Vocabulary, sentence: str) -> None:
    network = parse(f"residual({sentence}) conv(8, stride=2) {sentence} head()", vocabulary=vocabulary)
    assert_equal_to_torch_and_fvcore(network.lower())


def test_the_receptive_field_is_that_of_the_paths_beside_the_global_pool(vocabulary: Vocabulary) -> None:
    without = analyze(parse("conv(24) conv(24, stride=2) conv(24, dilation=2)"))
    profile = analyze(parse("conv(24) conv(24, stride=2) eca() conv(24, dilation=2)", vocabulary=vocabulary))
    assert profile.figures["rf"] == without.figures["rf"] == 13
    assert profile.first_global is not None
    assert (profile.first_global.op, profile.first_global.path) == ("avg global pool", "3")
    assert without.first_global is None


def test_a_ghost_block_sees_what_its_depthwise_part_does(vocabulary: Vocabulary) -> None:
    figures = analyze(parse("ghost(8)", vocabulary=vocabulary)).figures
    assert (figures["rf"], figures["depthwise"]) == (3, 1)


def test_a_residual_counts_strides_through_the_word(vocabulary: Vocabulary) -> None:
    network = parse("residual(conv(24, stride=2) eca() ghost(16))", vocabulary=vocabulary)
    assert network.lower().nodes[-1].shape == (1, 16, 16, 16)


def test_the_digest_holds_the_operations(vocabulary: Vocabulary) -> None:
    def digest(sentence: str) -> str:
        return parse(sentence, vocabulary=vocabulary).lower().digest

    assert digest("conv(24) eca()") == digest("conv(24) eca(3)") == digest("conv(24) eca(kernel=3)")
    assert len({digest(f"conv(24){word}") for word in ("", " eca()", " eca(kernel=5)", " eca() eca()")}) == 4
    assert digest("conv(24)") == parse("conv(24)").lower().digest


def test_a_network_of_own_words_is_written_and_read_back(vocabulary: Vocabulary, folder: Path) -> None:
    network = parse("residual( eca(3) ghost(channels=3, ratio=3)) eca(5)", vocabulary=vocabulary)
    assert str(network) == "residual(eca() ghost(3, ratio=3)) eca(kernel=5)"
    assert parse(str(network), vocabulary=vocabulary) == network

    code = (
        "WORDS = (Word('pair', (Parameter('a'), Parameter('b'), Parameter('c', 3)), lambda build, **named: None),)"
    )
    pair = own(folder, code)
    assert str(parse("pair(b=2, a=1) relu", vocabulary=pair)) == "pair(1, b=2) relu"
    assert pair["pair"].signature == "pair(a, b, c=3)"


def test_a_default_follows_from_the_arguments_before_it(folder: Path) -> None:
    code = """
def lower(build, channels, squeezed):
    build.then(Convolution(squeezed, (1, 1)))
    build.then(Convolution(channels, (1, 1)))

squeezed = Derived("channels/4", lambda before: before["channels"] // 4)
WORDS = [Word("squeeze", (Parameter("channels"), Parameter("squeezed", squeezed)), lower)]
"""
    vocabulary = own(folder, code)
    assert vocabulary["squeeze"].signature == "squeeze(channels, squeezed=channels/4)"
    network = parse("squeeze(16, squeezed=4) squeeze(16, squeezed=8)", vocabulary=vocabulary)
    assert str(network) == "squeeze(16) squeeze(16, squeezed=8)"
    assert [node.shape[1] for node in network.lower().nodes] == [3, 4, 16, 8, 16]


def test_an_argument_without_a_default_here_is_required(folder: Path) -> None:
    code = """
half = Derived("a/2", lambda before: before["a"] // 2 if before["a"] % 2 == 0 else None)
WORDS = [Word("own", (Parameter("a", 2), Parameter("b", half)), lambda build, **named: None)]
"""
    vocabulary = own(folder, code)
    assert str(parse("own() own(3, b=1)", vocabulary=vocabulary)) == "own() own(a=3, b=1)"
    with pytest.raises(NotationError) as caught:
        parse("own(3)", vocabulary=vocabulary)
    assert (caught.value.message, caught.value.remedy) == (
        "with a=3, `own` needs `b`",
        "write own(a=2, b=a/2)",
    )


def test_words_that_take_a_sentence_and_words_that_end_one(folder: Path) -> None:
    code = """
def twice(build, body):
    body()
    body()

def scores(build):
    build.then(GlobalPool("avg"))
    build.then(Convolution(build.classes, (1, 1)))
    build.then(Flatten())

WORDS = [Word("twice", (), twice, has_body=True), Word("scores", (), scores, ends=True)]
"""
    vocabulary = own(folder, code)
    nodes = parse("twice(relu twice(relu)) scores", vocabulary=vocabulary).lower().nodes
    assert [node.path for node in nodes[1:]] == ["1.1", "1.2.1", "1.2.1"] * 2 + ["2"] * 3
    space = Space.of("network = twice(relu*1..2) scores()*0..1", vocabulary=vocabulary)
    assert (space.size, space.classifies) == (4, False)
    assert Space.of("network = relu scores", vocabulary=vocabulary).classifies
    with pytest.raises(NotationError, match="`scores` may only end a sentence"):
        Space.of("network = scores relu", vocabulary=vocabulary)
    with pytest.raises(NotationError, match="`twice` can be left with nothing in its brackets"):
        Space.of("network = twice(relu*0..1)", vocabulary=vocabulary)


SEVERAL = """
def most(build, *bodies, by, times):
    entry = build.last
    ends = []
    for body in bodies:
        build.last = entry
        build.repeat(body, times)
        ends.append(build.last)
    build.then(Elementwise(by), *ends)

def growing(build):
    for _ in range(len(build.graph().nodes)):
        build.then(Elementwise("relu"))

WORDS = [
    Word("most", (Parameter("by", choices=("add", "mul")), Parameter("times", 1)), most, has_bodies=True),
    Word("growing", (), growing),
]
"""


def test_a_word_that_takes_several_sentences_and_values(folder: Path) -> None:
    vocabulary = own(folder, SEVERAL)
    assert vocabulary["most"].signature == "most(sentence, sentence, ..., by, times=1)"
    network = parse(
        "most(relu,conv(3), times = 1, by=add) most(same, relu, by=mul, times=2)", vocabulary=vocabulary
    )
    assert str(network) == "most(relu, conv(3), by=add) most(same, relu, by=mul, times=2)"
    assert parse(str(network), vocabulary=vocabulary) == network
    assert [node.inputs for node in network.lower().nodes[1:]] == [
        (0,), (0,), (2,), (3,), (1, 4), (5,), (6,), (5, 7),
    ]  # fmt: skip
    space = Space.of("network = most(relu*1..2, conv(3|4), by=add|mul, times=1|2)", vocabulary=vocabulary)
    assert len({space.at(index) for index in range(space.size)}) == space.size == 16
    with pytest.raises(NotationError, match="`most` needs `by`"):
        parse("most(relu, relu)", vocabulary=vocabulary)


def test_what_is_repeated_has_the_same_operations_each_time(folder: Path) -> None:
    with pytest.raises(ShapeError, match="has 1 operations the first time, and another number later"):
        parse("again(growing)", vocabulary=own(folder, SEVERAL)).lower()


def test_reading_words_changes_nothing_for_others(vocabulary: Vocabulary) -> None:
    assert set(vocabulary) == {*VOCABULARY, "eca", "ghost"}
    for refuse in (lambda: parse("eca()"), lambda: Space.of("network = eca()")):
        with pytest.raises(NotationError, match="there is no word"):
            refuse()


def test_a_vocabulary_is_made_again_from_its_source(vocabulary: Vocabulary, folder: Path) -> None:
    assert vocabulary.source == (DOCS / "own_word.py").read_text(encoding="utf-8")
    again = words_from(vocabulary.source)
    assert again.source == vocabulary.source
    assert [word.signature for word in again.values()] == [word.signature for word in vocabulary.values()]
    for sentence in ("conv(24) eca() head()", "residual(conv(8) ghost(9, ratio=3)) head(pool=max)"):
        first, second = (parse(sentence, vocabulary=words) for words in (vocabulary, again))
        assert first.lower().digest == second.lower().digest
    other = own(folder, "WORDS = [Word('own', (), lambda build: None)]  # \u00e9")
    assert set(words_from(other.source)) == {*VOCABULARY, "own"}  # not those of the text read before


def test_a_word_is_built_in_now_that_an_earlier_text_has(folder: Path) -> None:
    code = "WORDS = [Word('se', (Parameter('by'),), lambda build, by: None)]"
    with pytest.raises(NotationError, match="there is already a word `se`"):
        own(folder, code)
    found = words_from((folder / "own.py").read_text(encoding="utf-8"))
    assert found["se"].signature == "se(by)"
    assert set(found) == set(VOCABULARY)
    assert str(parse("dw() se(3)", vocabulary=found)) == "dw() se(3)"


def test_no_source_makes_the_built_in_words() -> None:
    assert VOCABULARY.source == ""
    assert words_from("") == VOCABULARY


def test_a_source_that_makes_no_words_is_refused() -> None:
    with pytest.raises(NotationError) as caught:
        words_from("import nothere")
    assert str(caught.value) == (
        "the file cannot be imported: ModuleNotFoundError: No module named 'nothere'\n  at the source of the words"
    )


def test_a_search_of_a_space_with_own_words(vocabulary: Vocabulary, tmp_path: Path) -> None:
    text = "limits params < 2k\nnetwork = conv(4|64, kernel=4, stride=4, padding=0) eca() head()"
    space = Space.of(text, "tiny", vocabulary)
    storage = f"sqlite:///{tmp_path / 'studies.db'}"
    for _run in range(2):  # the second goes on with the first, and finds it done
        recipe = Recipe(epochs=1, augmentation="none")
        outcome = search(space, digits(), recipe=recipe, trials=1, storage=storage)
        assert outcome.ended == "1 of 1 networks are trained"
    row = next(row for row in load_results(storage) if row["state"] == "complete")
    assert row["sentence"] == "conv(4, kernel=4, stride=4, padding=0) eca() head()"
    assert parse(str(row["sentence"]), vocabulary=vocabulary).lower().digest == row["digest"]
