"""What is said of mistakes in how a command is called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from examples.mistakes import CONDITION, SPACES, Capture, message, refused

from archsearch.space.space import Space

pytestmark = pytest.mark.usefixtures("folder")


ARGUMENTS = [
    (
        ["analyze", "nothere.net"],
        "there is no file `nothere.net`",
        "give a sentence, the path of a .net file or a shipped name; known here: era_s9.net",
    ),
    (
        ["train", "era_s8.net"],
        "there is no file `era_s8.net`",
        "give a sentence, the path of a .net file or a shipped name; did you mean `era_s9.net`?",
    ),
    (["check", "folder.net"], "cannot read `folder.net`: Is a directory", None),
    (["analyze", "binary.net"], "cannot read `binary.net`: it is not UTF-8 text", None),
    (["check", "binary.space"], "cannot read `binary.space`: it is not UTF-8 text", None),
    (
        ["analyze", "era_s9"],
        "`era_s9` is a space; one network is asked for",
        "`archsearch sample` draws networks from a space",
    ),
    (["sample", "frist"], "there is no space `frist`", f"{SPACES}did you mean `first`?"),
    (
        ["sample", "nothere.space"],
        "there is no space `nothere.space`",
        f"{SPACES}known here: era_s9, first, tight60k",
    ),
    (
        ["sample", "conv(3) " * 40],
        f"there is no space `{'conv(3) ' * 40}`",
        f"{SPACES}known here: era_s9, first, tight60k",
    ),
    (["sample", "first", "--json", "--csv"], "--json and --csv exclude each other", "give one of them"),
]

USAGE = [
    (["analize", "conv(3)"], ["No such command 'analize'", "'analyze'"]),
    (["--jsn"], ["No such option", "--jsn"]),
    (["analyze"], ["Missing argument 'TARGET'"]),
    (["analyze", "conv(3)", "head()"], ["unexpected extra argument (head())"]),
    (["analyze", "conv(3)", "--jsn"], ["No such option", "--jsn", "--json"]),
    (["analyze", "conv(3)", "--input"], ["'--input' requires an argument"]),
    (["analyze", "conv(3)", "--classes", "0"], ["'--classes'", "0 is not in the range x>=1"]),
    (["check", "conv(3)", "--seed", "-1"], ["'--seed'", "-1 is not in the range x>=0"]),
    (["sample", "first", "--count", "0"], ["'--count'", "0 is not in the range x>=1"]),
]


@pytest.mark.parametrize(("arguments", "rule", "remedy"), ARGUMENTS)
def test_a_mistake_in_an_argument(
    capsys: Capture, folder: Path, arguments: list[str], rule: str, remedy: str | None
) -> None:
    (folder / "folder.net").mkdir()
    for name in ("binary.net", "binary.space"):
        (folder / name).write_bytes(b"\x80\x02conv(24)\x00")
    assert refused(capsys, *arguments) == message(rule, remedy)


@pytest.mark.parametrize(("arguments", "parts"), USAGE)
def test_a_mistake_in_the_usage(capsys: Capture, arguments: list[str], parts: list[str]) -> None:
    said = refused(capsys, *arguments).splitlines()[-1]
    assert said.startswith("Error: ")
    assert [part for part in parts if part not in said] == []


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
    ],
)
def test_the_command_ends_with_status_2_and_without_a_traceback(
    folder: Path, arguments: list[str], expected: str
) -> None:
    (folder / "my.space").write_text("network = part\npart = conv(8) part | conv(4)\n")
    command = Path(sys.executable).with_name("archsearch")
    done = subprocess.run([command, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)


def test_what_looks_like_a_mistake_and_is_none() -> None:
    text = "limits (rf > 90 or params < 9k), macs < 9M\nnetwork = conv(3|4) (relu | last)\nlast = head()*0..1\n"
    space = Space.of(text)
    assert (space.size, str(space.limits)) == (6, "(rf > 90 or params < 9k), macs < 9M")
