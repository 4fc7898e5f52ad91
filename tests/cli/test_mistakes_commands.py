"""What is said of mistakes in how a command is called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from examples import spaces
from examples.mistakes import CONDITION, SPACES, Capture, message, refused, run

pytestmark = pytest.mark.usefixtures("folder")

TEXT = "give the path of a text file in UTF-8"


ARGUMENTS = [
    (
        ["analyze", "unknown.net"],
        "there is no file `unknown.net`",
        "give a sentence, the path of a .net file or a shipped name; "
        f"known here: {', '.join(f'{name}.net' for name in spaces.STARTS)}",
    ),
    (
        ["train", "era_s8.net"],
        "there is no file `era_s8.net`",
        "give a sentence, the path of a .net file or a shipped name; did you mean `era_s9.net`?",
    ),
    (
        ["check", "my_net.py"],
        "`my_net.py` is a Python file; this command takes a network",
        "name what makes the torch module in it, as in my_net.py:Net",
    ),
    (["check", "era_s8"], "there is no word and no space `era_s8`", "did you mean `era_s9`?"),
    (["check", "folder.net"], "cannot read `folder.net`: Is a directory", TEXT),
    (["analyze", "binary.net"], "cannot read `binary.net`: it is not UTF-8 text", TEXT),
    (["check", "binary.space"], "cannot read `binary.space`: it is not UTF-8 text", TEXT),
    (
        ["analyze", "era_s9"],
        "`era_s9` is a space; this command takes one network",
        "`archsearch sample` draws networks from a space",
    ),
    (["sample", "frist"], "there is no space `frist`", f"{SPACES}did you mean `first`?"),
    (
        ["sample", "nothere.space"],
        "there is no space `nothere.space`",
        f"{SPACES}known here: {', '.join(spaces.SPACES)}",
    ),
    *(
        (
            ["sample", sentence],
            f"there is no space `{sentence}`",
            f"{SPACES}known here: {', '.join(spaces.SPACES)}",
        )
        for sentence in ("conv(3) " * 40, "relu " * 60)
    ),
]

COMMANDS = (
    "known here: analyze, calibrate, check, confirm, explain, quickstart, recipes, results, sample, search, train"
)
AFTER = "the options of a command come after it, as in archsearch check era_s9 --json; see `archsearch --help`"
QUOTED = "a sentence is one argument, in quotes"

# Arguments, what is wrong with them, and what to do.
USAGE = [
    (["analize", "relu"], "there is no command `analize`", "did you mean `analyze`? See `archsearch --help`"),
    (["relu"], "there is no command `relu`", f"{COMMANDS}; see `archsearch --help`"),
    (["conv(3) head()"], "there is no command `conv(3) head()`", f"{COMMANDS}; see `archsearch --help`"),
    (["--jsn"], "there is no option `--jsn`", AFTER),
    (["--json", "check", "relu"], "there is no option `--json`", AFTER),
    (["-x"], "there is no option `-x`", AFTER),
    (["--version=1"], "`--version` takes no value", "write --version alone; see `archsearch --help`"),
    (["--"], "`archsearch` needs a COMMAND", "see `archsearch --help`"),
    (["check", "--help=1"], "`--help` takes no value", "write --help alone; see `archsearch check --help`"),
    (
        ["search", "first", "--trials="],
        "`--trials` is empty; it must be a whole number from 1 to 1,000,000,000",
        "see `archsearch search --help`",
    ),
    (["analyze"], "`archsearch analyze` needs a TARGET", "see `archsearch analyze --help`"),
    (["sample"], "`archsearch sample` needs a SPACE", "see `archsearch sample --help`"),
    (["check", "relu", "head()"], "unexpected argument `head()`", f"{QUOTED}; see `archsearch check --help`"),
    (
        ["results", "era_s9"],
        "unexpected argument `era_s9`",
        "it takes options only; see `archsearch results --help`",
    ),
    (
        ["search", "first", "--trails", "3"],
        "there is no option `--trails`",
        "did you mean `--trials`? See `archsearch search --help`",
    ),
    (
        ["search", "first", "--trails=3"],
        "there is no option `--trails`",
        "did you mean `--trials`? See `archsearch search --help`",
    ),
    (
        ["search", "first", "-trials", "3"],
        "there is no option `-trials`",
        "did you mean `--trials`? See `archsearch search --help`",
    ),
    (
        ["results", "--xyzzy"],
        "there is no option `--xyzzy`",
        "known here: --columns, --correlate, --csv, --help, --json, --sort, --storage, --top, --where; "
        "see `archsearch results --help`",
    ),
    (
        ["analyze", "relu", "--input"],
        "`--input` needs a value",
        "write --input CxHxW; see `archsearch analyze --help`",
    ),
    (
        ["search", "first", "--no-nesterov=1"],
        "`--no-nesterov` takes no value",
        "write --no-nesterov alone; see `archsearch search --help`",
    ),
    (
        ["search", "first", "--no-nestrov"],
        "there is no option `--no-nestrov`",
        "did you mean `--no-nesterov`? See `archsearch search --help`",
    ),
    (
        ["analyze", "relu", "--json=1"],
        "`--json` takes no value",
        "write --json alone; see `archsearch analyze --help`",
    ),
    (
        ["analyze", "relu", "--classes", "0"],
        "`--classes` is 0; it must be a whole number from 1 to 999,999,999",
        "see `archsearch analyze --help`",
    ),
    (
        ["check", "relu", "--seed", "-1"],
        "`--seed` is -1; it must be a whole number from 0 to 2,147,483,647",
        "see `archsearch check --help`",
    ),
    (
        ["sample", "first", "--count", "is not"],
        "`--count` is is not; it must be a whole number from 1 to 1,000,000,000",
        "see `archsearch sample --help`",
    ),
    *(
        (
            [*command, "--json", "--csv"],
            "`--json` and `--csv` cannot be used together",
            "give one of them",
        )
        for command in (
            ["analyze", "relu"],
            ["check", "relu"],
            ["sample", "first"],
            ["train", "relu"],
            ["search", "first", "--trials", "1"],
            ["results"],
            ["recipes"],
            ["quickstart"],
        )
    ),
]


# An option that would do nothing, and why.
WITHOUT_EFFECT = [
    (["check", "relu", "--seed", "0"], "--seed", "one network is checked, and nothing is drawn"),
    (["check", "own.py:Net", "--words", "own.py"], "--words", "a torch module is not written in words"),
    (["analyze", "own.py:Net", "--words", "own.py"], "--words", "a torch module is not written in words"),
    *(
        (["calibrate", option], option, "only networks that are not compiled are timed")
        for option in ("--compile", "--no-compile")
    ),
    *(
        (["results", "--columns", option, "1"], option, "the columns are listed, and no results")
        for option in ("--where", "--sort", "--top", "--correlate", "--storage")
    ),
    *(
        (["results", "--correlate", "rf", option, "1"], option, "all rows that --where selects are correlated")
        for option in ("--sort", "--top")
    ),
]


def test_a_file_that_the_system_refuses_is_named(capsys: Capture) -> None:
    name = "a" * 300
    said = refused(capsys, "train", "relu", "--weights", f"{name}/my.safetensors")
    assert said == message(f"cannot use `{name}`: File name too long")


@pytest.mark.parametrize(("arguments", "option", "reason"), WITHOUT_EFFECT)
def test_an_option_without_effect_is_refused(
    capsys: Capture, folder: Path, arguments: list[str], option: str, reason: str
) -> None:
    (folder / "own.py").write_text("WORDS = []\n")
    assert refused(capsys, *arguments) == message(
        f"`{option}` has no effect here: {reason}", f"leave out {option}"
    )


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["check", "relu", "--limits", "rf > 3", "--limits=params < 3"], "--limits"),
        (["results", "--where", "rf > 3", "--where", "rf < 9"], "--where"),
    ],
)
def test_a_condition_that_is_given_twice_is_refused(capsys: Capture, arguments: list[str], option: str) -> None:
    assert refused(capsys, *arguments) == message(f"`{option}` is given twice", "join the conditions with a comma")


NUMBERS = [
    *((option, value) for option in ("--hours",) for value in ("nan", "inf", "-inf", "1e999", "0", "-1", "x")),
    *(
        (option, value)
        for option in ("--trials", "--seed")
        for value in ("1" + "0" * 30, "nan", "1.5", "-1", "9" * 5000)
    ),
]
MEANINGS = {
    "--hours": "a number above 0, of at most 1,000,000,000",
    "--trials": "a whole number from 1 to 1,000,000,000",
    "--seed": "a whole number from 0 to 2,147,483,647",
}


@pytest.mark.parametrize(("option", "value"), NUMBERS)
def test_a_number_that_an_option_cannot_take(capsys: Capture, option: str, value: str) -> None:
    rule = f"`{option}` is {value}; it must be {MEANINGS[option]}"
    expected = message(rule, "see `archsearch search --help`")
    assert refused(capsys, "search", "first", f"{option}={value}") == expected


@pytest.mark.parametrize(("arguments", "rule", "remedy"), ARGUMENTS)
def test_a_mistake_in_an_argument(
    capsys: Capture, folder: Path, arguments: list[str], rule: str, remedy: str | None
) -> None:
    (folder / "folder.net").mkdir()
    for name in ("binary.net", "binary.space"):
        (folder / name).write_bytes(b"\x80\x02conv(24)\x00")
    assert refused(capsys, *arguments) == message(rule, remedy)


@pytest.mark.parametrize(("arguments", "rule", "remedy"), USAGE)
def test_a_mistake_in_the_usage(capsys: Capture, arguments: list[str], rule: str, remedy: str) -> None:
    assert refused(capsys, *arguments) == message(rule, remedy)


def test_without_a_command_the_help_is_shown(capsys: Capture) -> None:
    status, out, err = run(capsys)
    assert (status, out) == (2, "")
    assert err.startswith("Usage: archsearch [OPTIONS] COMMAND")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["analyze", "conv(24) conv(44, kernal=5) head()"],
            "archsearch: `conv` has no argument `kernal`\n"
            "  at sentence, line 1, column 19\n"
            "    conv(24) conv(44, kernal=5) head()\n"
            "                      ^\n"
            "  did you mean `kernel`?\n",
        ),
        (
            ["sample", "my.space"],
            "archsearch: rule `part` is recursive: part > part\n"
            "  at my.space, line 2, column 16\n"
            "    part = conv(8) part | conv(4)\n"
            "                   ^\n"
            "  every space is finite: write how often, as in *1..3\n",
        ),
        (
            ["check", "conv(3) head()", "--limits", "rf = >"],
            "archsearch: unexpected `>`; expected a number or a quoted word\n"
            "  at --limits, line 1, column 6\n"
            "    rf = >\n"
            "         ^\n"
            f"  {CONDITION}\n",
        ),
        (
            ["search", "first", "--trails", "3"],
            "archsearch: there is no option `--trails`\n"
            "  did you mean `--trials`? See `archsearch search --help`\n",
        ),
    ],
)
def test_the_command_ends_with_status_2_and_without_a_traceback(
    folder: Path, arguments: list[str], expected: str
) -> None:
    (folder / "my.space").write_text("network = part\npart = conv(8) part | conv(4)\n")
    command = Path(sys.executable).with_name("archsearch")
    done = subprocess.run([command, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)
