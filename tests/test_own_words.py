"""Words of somebody's own: the example in the docs against torch, and each mistake a file of them can hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from console import ROOT, blocks, commands, run
from mistakes import message, place_of, refused, unmarked
from test_analysis import assert_equal_to_torch_and_fvcore

from archsearch import Network, Space, analyze, parse
from archsearch.analysis.candidate import judge
from archsearch.analysis.limits import Condition
from archsearch.data.load import digits
from archsearch.errors import ArchsearchError, NotationError, TrainingError
from archsearch.notation.user_words import read_words
from archsearch.notation.vocabulary import VOCABULARY
from archsearch.notation.word import Vocabulary
from archsearch.pytorch.build import build
from archsearch.study.loop import search
from archsearch.study.results import load
from archsearch.training.recipe import Recipe

DOCS = ROOT / "docs"
PAGE = (DOCS / "own_word.md").read_text(encoding="utf-8")

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return read_words(DOCS / "own_word.py")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def own(folder: Path, text: str, name: str = "own.py") -> Vocabulary:
    """Write a file of words after the imports that most of them need, and read it."""
    (folder / name).write_text(IMPORTS + text)
    return read_words(folder / name)


IMPORTS = """\
from archsearch.errors import ShapeError
from archsearch.graph import Convolution, Elementwise, Flatten, GlobalPool
from archsearch.notation import Derived, Parameter, Word
"""


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
    assert capsys.readouterr().out.strip() == str(analyze(parse("conv(24) se() head()", vocabulary=vocabulary)))


# Worked out by hand: sentence, params, macs
COSTS = [
    # two 1 x 1 convolutions on one unit: 24 * 6 + 6, then 6 * 24 + 24
    ("conv(24) se()", 672 + 48 + 150 + 168, 648 * 1024 + 144 + 144),
    # 24 / 8 = 3
    ("conv(24) se(reduction=8)", 672 + 48 + 75 + 96, 648 * 1024 + 72 + 72),
    # no fewer than one channel: 3 * 1 + 1, then 1 * 3 + 3
    ("se(reduction=8)", 4 + 6, 6),
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
    profile = analyze(parse("conv(24) conv(24, stride=2) se() conv(24, dilation=2)", vocabulary=vocabulary))
    assert profile.figures["rf"] == without.figures["rf"] == 13
    assert profile.first_global is not None
    assert (profile.first_global.op, profile.first_global.path) == ("avg global pool", "3")
    assert without.first_global is None


def test_a_ghost_block_sees_what_its_depthwise_part_does(vocabulary: Vocabulary) -> None:
    figures = analyze(parse("ghost(8)", vocabulary=vocabulary)).figures
    assert (figures["rf"], figures["depthwise"]) == (3, 1)


def test_a_residual_counts_strides_through_the_word(vocabulary: Vocabulary) -> None:
    network = parse("residual(conv(24, stride=2) se() ghost(16))", vocabulary=vocabulary)
    assert network.lower().nodes[-1].shape == (1, 16, 16, 16)


def test_the_digest_holds_the_operations(vocabulary: Vocabulary) -> None:
    def digest(sentence: str) -> str:
        return parse(sentence, vocabulary=vocabulary).lower().digest

    assert digest("conv(24) se()") == digest("conv(24) se(4)") == digest("conv(24) se(reduction=4)")
    assert len({digest(f"conv(24){word}") for word in ("", " se()", " se(reduction=8)", " se() se()")}) == 4
    assert digest("conv(24)") == parse("conv(24)").lower().digest


def test_a_network_of_own_words_is_written_and_read_back(vocabulary: Vocabulary, folder: Path) -> None:
    network = parse("residual( se(4) ghost(channels=3, ratio=3)) se(8)", vocabulary=vocabulary)
    assert str(network) == "residual(se() ghost(3, ratio=3)) se(reduction=8)"
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


def test_a_default_that_does_not_follow_must_be_said(folder: Path) -> None:
    code = """
half = Derived("a/2", lambda before: before["a"] // 2 if before["a"] % 2 == 0 else None)
WORDS = [Word("own", (Parameter("a", 2), Parameter("b", half)), lambda build, **named: None)]
"""
    vocabulary = own(folder, code)
    assert str(parse("own() own(3, b=1)", vocabulary=vocabulary)) == "own() own(a=3, b=1)"
    with pytest.raises(NotationError) as caught:
        parse("own(3)", vocabulary=vocabulary)
    assert (caught.value.rule, caught.value.remedy) == (
        "with a=3, `own` needs its b said",
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
    assert (space.size, space.grammar.classifies) == (4, False)
    assert Space.of("network = relu scores", vocabulary=vocabulary).grammar.classifies
    with pytest.raises(NotationError, match="`scores` may only end a sentence"):
        Space.of("network = scores relu", vocabulary=vocabulary)
    with pytest.raises(NotationError, match="`twice` can be left with nothing in its brackets"):
        Space.of("network = twice(relu*0..1)", vocabulary=vocabulary)


def test_reading_words_changes_nothing_for_others(vocabulary: Vocabulary) -> None:
    assert set(vocabulary) == {*VOCABULARY, "se", "ghost"}
    for refuse in (lambda: parse("se()"), lambda: Space.of("network = se()")):
        with pytest.raises(NotationError, match="there is no word"):
            refuse()


def test_a_search_of_a_space_with_own_words(vocabulary: Vocabulary, tmp_path: Path) -> None:
    text = "limits params < 2k\nnetwork = conv(4|64, kernel=4, stride=4, padding=0) se() head()"
    space = Space.of(text, "tiny", vocabulary)
    storage = f"sqlite:///{tmp_path / 'studies.db'}"
    for _run in range(2):  # the second goes on with the first, and finds it done
        recipe = Recipe(epochs=1, augmentation="none")
        outcome = search(space, digits(), recipe=recipe, trials=1, storage=storage)
        assert outcome.ended == "the study has trained 1 networks, of 1 asked for"
    row = next(row for row in load(storage) if row["state"] == "complete")
    assert row["sentence"] == "conv(4, kernel=4, stride=4, padding=0) se() head()"
    assert parse(str(row["sentence"]), vocabulary=vocabulary).lower().digest == row["digest"]


@pytest.mark.parametrize("command", ["analyze", "check", "sample", "train", "search"])
def test_every_command_that_reads_the_notation_takes_words(capsys: Capture, folder: Path, command: str) -> None:
    expected = message("there is no such file", "give the path of a Python file", "nothere.py")
    assert refused(capsys, command, "relu", "--words", "nothere.py") == expected


WORDS = "write WORDS = [Word(...), ...] in it, with Word from archsearch.notation"
SHOWS = "`python own.py` shows where"
NAMES = "a name is made of the letters a to z, digits and _, and does not begin with a digit"

# The file, what is wrong with it, and what to do.
FILES = [
    ("", "there are no WORDS in the file", WORDS),
    ("WORDS = None", "there are no WORDS in the file", WORDS),
    ("WORDS = Word('own', (), print)", "WORDS is no list, but of type Word", WORDS),
    ("WORDS = {'own': 1}", "WORDS is no list, but of type dict", WORDS),
    (
        "WORDS = [Word('own', (), print), print]",
        "WORDS[1] is no Word, but of type builtin_function_or_method",
        WORDS,
    ),
    ("1 / 0", "the file cannot be imported: ZeroDivisionError: division by zero", SHOWS),
    ("import nothere", "the file cannot be imported: ModuleNotFoundError: No module named 'nothere'", SHOWS),
    ("WORDS = [", "the file cannot be imported: SyntaxError: '[' was never closed (own.py, line 4)", SHOWS),
    ("raise SystemExit(0)", "the file cannot be imported: SystemExit: 0", SHOWS),
    ("WORDS = [Word('conv', (), print)]", "`conv` is a word already", "give yours another name"),
    ("WORDS = [Word('own', (), print)] * 2", "two of the WORDS are named `own`", "rename one of them"),
    ("WORDS = [Word('my-own', (), print)]", "a sentence cannot hold the name `my-own`", NAMES),
    ("WORDS = [Word('2d', (), print)]", "a sentence cannot hold the name `2d`", NAMES),
    ("WORDS = [Word('own ', (), print)]", "a sentence cannot hold the name `own `", NAMES),
    ("WORDS = [Word('', (), print)]", "a sentence cannot hold the name ``", NAMES),
    ("WORDS = [Word(3, (), print)]", "a sentence cannot hold the name `3`", NAMES),
    ("WORDS = [Word('own', (Parameter('a b'),), print)]", "a sentence cannot hold the name `a b`", NAMES),
    (
        "WORDS = [Word('own', (Parameter('a')), print)]",
        "the parameters of `own` are no tuple of Parameter",
        "write them as (Parameter(...),): a tuple of one has a comma too",
    ),
    (
        "WORDS = [Word('own', [Parameter('a'), 'b'], print)]",
        "the parameters of `own` are no tuple of Parameter",
        "write them as (Parameter(...),): a tuple of one has a comma too",
    ),
    (
        "WORDS = [Word('own', (Parameter('a'), Parameter('a', 3)), print)]",
        "two parameters of `own` are named `a`",
        "rename one of them",
    ),
    (
        "WORDS = [Word('own', (Parameter('body'),), print)]",
        "a parameter of `own` is named `body`, which stands for something else",
        "give it another name",
    ),
    (
        "WORDS = [Word('own', (Parameter('a', 1),), print, has_body=True)]",
        "`own` takes a sentence in its brackets, and can take no arguments",
        "remove its parameters, or has_body",
    ),
]


@pytest.mark.parametrize(("text", "rule", "remedy"), FILES)
def test_a_mistake_in_a_file_of_words(capsys: Capture, folder: Path, text: str, rule: str, remedy: str) -> None:
    (folder / "own.py").write_text(IMPORTS + text)
    assert refused(capsys, "check", "relu", "--words", "own.py") == message(rule, remedy, "own.py")


def test_a_file_that_is_no_python(capsys: Capture, folder: Path) -> None:
    (folder / "own.txt").write_text("WORDS = []")
    expected = message("this is no Python file", "give it a name that ends in .py", "own.txt")
    assert refused(capsys, "check", "relu", "--words", "own.txt") == expected


# The code of a word after IMPORTS, the sentence with an @ before the place, what is wrong, and what to do.
CODE = [
    (
        "def lower(build, a):\n    return {}[a]",
        "relu @own(3) head()",
        "the lower function of `own` fails: KeyError: 3",
        "mend {path}, line 5",
    ),
    (
        "def lower(build, a):\n    build.then(Convolution(a))",
        "relu residual(conv(8) @own(3))",
        "the lower function of `own` fails: TypeError: "
        "Convolution.__init__() missing 1 required positional argument: 'kernel'",
        "mend {path}, line 5",
    ),
    (
        "def lower(build, a):\n    build.then(Convolution(a, 3))",
        "@own(3)",
        "the lower function of `own` fails: TypeError: object of type 'int' has no len()",
        "mend {path}, line 5",
    ),
    (
        "def lower(build, b):\n    pass",
        "@own(3)",
        "the lower function of `own` fails: TypeError: lower() got an unexpected keyword argument 'a'",
        "it is called as lower(build, a=...)",
    ),
]


@pytest.mark.parametrize(("code", "marked", "rule", "remedy"), CODE)
def test_a_mistake_in_the_code_of_a_word(
    capsys: Capture, folder: Path, code: str, marked: str, rule: str, remedy: str
) -> None:
    (folder / "own.py").write_text(f"{IMPORTS}{code}\n\nWORDS = [Word('own', (Parameter('a'),), lower)]\n")
    remedy = remedy.format(path=folder / "own.py")
    expected = message(rule, remedy, place_of(marked, "sentence"))
    assert refused(capsys, "analyze", unmarked(marked), "--words", "own.py") == expected


def test_a_mistake_in_the_code_of_a_word_is_placed_in_a_space(capsys: Capture, folder: Path) -> None:
    (folder / "own.py").write_text(f"{IMPORTS}WORDS = [Word('own', (), lambda build: 1 / 0)]\n")
    marked = "network = conv(8) @own\n"
    (folder / "my.space").write_text(unmarked(marked))
    rule = "the lower function of `own` fails: ZeroDivisionError: division by zero"
    expected = message(rule, f"mend {folder / 'own.py'}, line 4", place_of(marked, "my.space"))
    assert refused(capsys, "check", "my.space", "--words", "own.py") == expected


def test_a_mistake_in_the_code_of_a_word_that_takes_a_sentence(folder: Path) -> None:
    vocabulary = own(folder, "WORDS = [Word('own', (), lambda build: None, has_body=True)]")
    with pytest.raises(ArchsearchError) as caught:
        parse("own(relu)", vocabulary=vocabulary).lower()
    assert caught.value.rule == (
        "the lower function of `own` fails: TypeError: <lambda>() takes 1 positional argument but 2 were given"
    )
    assert caught.value.remedy == "it is called as lower(build, body)"


@pytest.mark.parametrize(
    ("default", "rule", "remedy"),
    [
        ("lambda before: before['c']", "KeyError: 'c'", "mend {path}, line 4"),
        (
            "lambda: 3",
            "TypeError: <lambda>() takes 0 positional arguments but 1 was given",
            "it is called as value(before), before being a mapping",
        ),
    ],
)
def test_a_mistake_in_the_code_of_a_default(folder: Path, default: str, rule: str, remedy: str) -> None:
    word = f"Word('own', (Parameter('a'), Parameter('b', Derived('c', {default}))), print)"
    vocabulary = own(folder, f"WORDS = [{word}]")
    with pytest.raises(ArchsearchError) as caught:
        parse("relu own(3)", vocabulary=vocabulary)
    place = place_of("relu @own(3)", "sentence")
    expected = [f"the default of b of `own` fails: {rule}", f"  at {place}", f"  {remedy}"]
    assert str(caught.value) == "\n".join(expected).format(path=folder / "own.py")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("build.then(Convolution(build.channels // 4, (1, 1)))", "convolution would put out 0x32x32"),
        ("build.then(Convolution(build.channels / 3, (1, 1)))", "convolution would put out 1.0x32x32"),
        (
            "build.then(Convolution(4, (3, 3), groups=2))",
            "groups is 2, which does not divide the 3 input channels",
        ),
        ("raise ShapeError('the map is too small')", "the map is too small"),
    ],
)
def test_operations_of_a_word_that_do_not_fit_refuse_the_network(folder: Path, code: str, reason: str) -> None:
    vocabulary = own(folder, f"def lower(build):\n    {code}\n\nWORDS = [Word('own', (), lower)]\n")
    candidate = judge(parse("own", vocabulary=vocabulary), (3, 32, 32), 10, Condition("", ()))
    whole = f"{reason}; sizes are whole numbers of at least 1" if "put out" in reason else reason
    assert candidate.reasons == (whole,)


def test_a_function_that_torch_has_no_layer_for(folder: Path) -> None:
    code = "WORDS = [Word('own', (), lambda build: build.then(Elementwise('sigmod')) and None)]"
    network: Network = parse("own head()", vocabulary=own(folder, code))
    with pytest.raises(TrainingError) as caught:
        build(network.lower())
    rule = "there is no layer for the elementwise function `sigmod`"
    assert (caught.value.rule, caught.value.remedy) == (rule, "did you mean `sigmoid`?")
