"""What is said of mistakes in files of words."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples.mistakes import Capture, message, place_of, refused, unmarked
from examples.words import IMPORTS, own

from archsearch import parse
from archsearch.analysis.limits import check
from archsearch.errors import ArchsearchError
from archsearch.notation.user_words import read_words


@pytest.mark.parametrize("command", ["analyze", "check", "sample", "train", "search"])
def test_every_command_that_reads_the_notation_takes_words(capsys: Capture, folder: Path, command: str) -> None:
    for name in ("nothere.py", "n" * 300 + ".py"):
        expected = message("there is no such file", "give the path of a Python file", name)
        assert refused(capsys, command, "relu", "--words", name) == expected


WORDS = "write WORDS = [Word(...), ...] in it, with Word from archsearch.notation"
SHOWS = "`python own.py` shows where"
NAMES = "a name has letters from a to z, in either case, digits and _, and does not begin with a digit"

# The file, what is wrong with it, and what to do.
FILES = [
    ("", "the file has no list WORDS", WORDS),
    ("WORDS = None", "the file has no list WORDS", WORDS),
    ("WORDS = Word('own', (), print)", "WORDS must be a list, not Word", WORDS),
    ("WORDS = {'own': 1}", "WORDS must be a list, not dict", WORDS),
    (
        "WORDS = [Word('own', (), print), print]",
        "WORDS[1] must be a Word, not builtin_function_or_method",
        WORDS,
    ),
    ("1 / 0", "the file cannot be imported: ZeroDivisionError: division by zero", SHOWS),
    ("import nothere", "the file cannot be imported: ModuleNotFoundError: No module named 'nothere'", SHOWS),
    ("WORDS = [", "the file cannot be imported: SyntaxError: '[' was never closed (own.py, line 4)", SHOWS),
    ("raise SystemExit(0)", "the file cannot be imported: SystemExit: 0", SHOWS),
    ("WORDS = [Word('conv', (), print)]", "there is already a word `conv`", "give yours another name"),
    ("WORDS = [Word('own', (), print)] * 2", "two of the words are named `own`", "rename one of them"),
    ("WORDS = [Word('my-own', (), print)]", "`my-own` cannot be a name in a sentence", NAMES),
    ("WORDS = [Word('2d', (), print)]", "`2d` cannot be a name in a sentence", NAMES),
    ("WORDS = [Word('own ', (), print)]", "`own ` cannot be a name in a sentence", NAMES),
    ("WORDS = [Word('', (), print)]", "`` cannot be a name in a sentence", NAMES),
    ("WORDS = [Word(3, (), print)]", "`3` cannot be a name in a sentence", NAMES),
    ("WORDS = [Word('own', (Parameter('a b'),), print)]", "`a b` cannot be a name in a sentence", NAMES),
    (
        "WORDS = [Word('own', (Parameter('a')), print)]",
        "the parameters of `own` must be a tuple of Parameter",
        "write (Parameter(...),): a tuple of one needs the comma too",
    ),
    (
        "WORDS = [Word('own', [Parameter('a'), 'b'], print)]",
        "the parameters of `own` must be a tuple of Parameter",
        "write (Parameter(...),): a tuple of one needs the comma too",
    ),
    *(
        (
            f"WORDS = [Word('own', (Parameter('a', choices={choices}),), print)]",
            "the choices of `a` of `own` must be a tuple of texts",
            'as in ("avg", "max"): a tuple of one needs the comma too, and numbers are only bounded by least',
        )
        for choices in ("(3, 5)", "('max')", "None")
    ),
    (
        "WORDS = [Word('own', (Parameter('a', 3, least=None),), print)]",
        "least of `a` of `own` is None; it must be a whole number",
        "as in least=0",
    ),
    (
        "WORDS = [Word('own', (Parameter('a'), Parameter('a', 3)), print)]",
        "two parameters of `own` are named `a`",
        "rename one of them",
    ),
    (
        "WORDS = [Word('own', (Parameter('body'),), print)]",
        "a parameter of `own` is named `body`, which is reserved",
        "give it another name",
    ),
    (
        "WORDS = [Word('own', (Parameter('bodies', 1),), print, has_bodies=True)]",
        "a parameter of `own` is named `bodies`, which is reserved",
        "give it another name",
    ),
    (
        "WORDS = [Word('own', (Parameter('a', 1),), print, has_body=True, has_bodies=True)]",
        "`own` takes one sentence or several, not both",
        "remove has_body or has_bodies",
    ),
]


@pytest.mark.parametrize(("text", "rule", "remedy"), FILES)
def test_a_mistake_in_a_file_of_words(capsys: Capture, folder: Path, text: str, rule: str, remedy: str) -> None:
    (folder / "own.py").write_text(IMPORTS + text)
    assert refused(capsys, "check", "relu", "--words", "own.py") == message(rule, remedy, "own.py")


def test_a_file_that_is_no_python(capsys: Capture, folder: Path) -> None:
    (folder / "own.txt").write_text("WORDS = []")
    expected = message("this is not a Python file", "give it a name that ends in .py", "own.txt")
    assert refused(capsys, "check", "relu", "--words", "own.txt") == expected


def test_a_file_of_words_that_is_not_utf_8(capsys: Capture, folder: Path) -> None:
    (folder / "own.py").write_bytes("# coding: latin-1\nWORDS = []  # \u00e9\n".encode("latin-1"))
    assert refused(capsys, "check", "relu", "--words", "own.py") == message(
        "cannot read `own.py`: it is not UTF-8 text", "give the path of a text file in UTF-8"
    )


# The code of a word after IMPORTS, the sentence with an @ before the place, what is wrong, and what to do.
CODE = [
    (
        "def lower(build, a):\n    return {}[a]",
        "relu @own(3) head()",
        "the lower function of `own` fails: KeyError: 3",
        "fix {path}, line 5",
    ),
    (
        "def lower(build, a):\n    build.then(Convolution(a))",
        "relu residual(conv(8) @own(3))",
        "the lower function of `own` fails: TypeError: "
        "Convolution.__init__() missing 1 required positional argument: 'kernel'",
        "fix {path}, line 5",
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
    expected = message(rule, f"fix {folder / 'own.py'}, line 4", place_of(marked, "my.space"))
    assert refused(capsys, "check", "my.space", "--words", "own.py") == expected


def test_a_mistake_in_the_code_of_a_word_that_takes_a_sentence(folder: Path) -> None:
    vocabulary = own(folder, "WORDS = [Word('own', (), lambda build: None, has_body=True)]")
    with pytest.raises(ArchsearchError) as caught:
        parse("own(relu)", vocabulary=vocabulary).lower()
    assert caught.value.message == (
        "the lower function of `own` fails: TypeError: <lambda>() takes 1 positional argument but 2 were given"
    )
    assert caught.value.remedy == "it is called as lower(build, body)"
    several = own(folder, "WORDS = [Word('own', (Parameter('a'),), lambda build: None, has_bodies=True)]")
    with pytest.raises(ArchsearchError) as caught:
        parse("own(relu, relu, a=3)", vocabulary=several).lower()
    assert caught.value.remedy == "it is called as lower(build, *bodies, a=...)"


@pytest.mark.parametrize(
    ("default", "rule", "remedy"),
    [
        ("lambda before: before['c']", "KeyError: 'c'", "fix {path}, line 4"),
        (
            "lambda: 3",
            "TypeError: <lambda>() takes 0 positional arguments but 1 was given",
            "it is called as value(before), where before is a mapping",
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
        (
            "build.then(Convolution(build.channels // 4, (1, 1)))",
            "the convolution 1x1 would give 0x32x32; sizes are whole numbers of at least 1; write larger numbers",
        ),
        (
            "build.then(Convolution(build.channels / 3, (1, 1)))",
            "channels of `convolution` is 1.0; it must be a whole number of at most 999,999,999; as in channels=1",
        ),
        (
            "build.then(Convolution(4, (3, 3), groups=2))",
            "groups is 2, which does not divide the 3 input channels; write a divisor of both, such as groups=1",
        ),
        ("raise ShapeError('the map is too small')", "the map is too small"),
    ],
)
def test_operations_of_a_word_that_do_not_fit_refuse_the_network(folder: Path, code: str, reason: str) -> None:
    vocabulary = own(folder, f"def lower(build):\n    {code}\n\nWORDS = [Word('own', (), lower)]\n")
    verdict = check(parse("own", vocabulary=vocabulary))
    assert verdict.reasons == (reason,)


# An operation that no layer can be built of, what is wrong, and what to do.
UNBUILDABLE = [
    (
        "Elementwise('sigmod')",
        "there is no layer for the elementwise function `sigmod`",
        "did you mean `sigmoid`?",
    ),
    (
        "Elementwise('sqrt')",
        "there is no layer for the elementwise function `sqrt`",
        "known here: "
        "add, elu, gelu, hardsigmoid, hardswish, leaky_relu, mish, mul, relu, relu6, sigmoid, silu, tanh",
    ),
    (
        "Convolution(4, 3)",
        "kernel of `convolution` is 3; it must be a tuple of whole numbers of at most 999,999,999",
        "as in kernel=(3, 3)",
    ),
    ("Attention()", "there is no layer for `attention`", "it occurs only in traced modules"),
]


@pytest.mark.parametrize(("operation", "rule", "remedy"), UNBUILDABLE)
def test_an_operation_that_no_layer_can_be_built_of(
    capsys: Capture, folder: Path, operation: str, rule: str, remedy: str
) -> None:
    code = f"WORDS = [Word('own', (), lambda build: build.then({operation}) and None)]"
    traced_only = "from archsearch.graph.ops.mixing import Attention\n"
    (folder / "own.py").write_text(IMPORTS + traced_only + code)
    expected = message(rule, remedy, place_of("relu @own head()", "sentence"))
    assert refused(capsys, "analyze", "relu own head()", "--words", "own.py") == expected
    verdict = check(parse("relu own head()", vocabulary=read_words(folder / "own.py")))
    assert verdict.reasons == (f"{rule}; {remedy}",)
