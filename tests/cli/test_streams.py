"""The standard streams as they really are: pipes that close, full disks, other encodings, names of any bytes."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from examples.mistakes import NETWORK, message

PROGRAM = str(Path(sys.executable).with_name("archsearch"))
RESULTS = Path(__file__).parents[1] / "examples" / "results_0_1.sql"
NAME = "größe [/] 大\x1b[31m\n"
FORMS = [
    ["results"],
    ["results", "--csv"],
    ["results", "--json"],
    ["results", "--columns"],
    ["analyze", NETWORK],
    ["analyze", NETWORK, "--csv"],
    ["sample", "first", "--count", "300", "--csv"],
    ["check", "first"],
    ["search", "--help"],
    ["--help"],
    ["--version"],
]

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture(autouse=True)
def results(folder: Path) -> None:
    """Write results, of which a study has a name as nobody should give one."""
    (folder / "results").mkdir()
    with closing(sqlite3.connect(folder / "results" / "archsearch.db")) as database:
        database.executescript(RESULTS.read_text())
        database.execute("update studies set study_name = ? where study_name = 'first'", [NAME])
        database.commit()


def shell(line: str, *arguments: str | bytes, **environment: str) -> tuple[int, str, str]:
    """Run a line of bash in which "$@" is the command line; return status, stdout and stderr."""
    command = ["bash", "-c", line, "bash", PROGRAM, *arguments]
    done = subprocess.run(command, capture_output=True, check=False, env=os.environ | environment)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


@pytest.mark.parametrize("arguments", FORMS, ids=" ".join)
def test_a_reader_may_stop(arguments: list[str]) -> None:
    assert shell('"$@" | head -c 1 > /dev/null; exit ${PIPESTATUS[0]}', *arguments) == (0, "", "")


@pytest.mark.parametrize("arguments", [FORMS[1], FORMS[4], FORMS[-2]], ids=" ".join)
def test_output_that_cannot_be_written_is_an_error(arguments: list[str]) -> None:
    full = "the output cannot be written: No space left on device"
    assert shell('"$@" > /dev/full', *arguments) == (2, "", message(full, "make room, or write it elsewhere"))


@pytest.mark.parametrize("arguments", [["results"], ["--help"], ["search", "first", "--trials", "1"]])
def test_closed_output_is_refused_before_anything_is_done(arguments: list[str]) -> None:
    expected = message("standard output is closed", "redirect it to a file, or to /dev/null")
    assert shell('"$@" >&-', *arguments) == (2, "", expected)


def test_the_verdict_of_a_check_is_kept_when_its_reader_stops() -> None:
    assert shell('"$@" | true; exit ${PIPESTATUS[0]}', "check", NETWORK, "--limits", "rf > 999")[0] == 1


def test_without_standard_error_the_status_still_says_how_it_ended() -> None:
    assert shell('"$@" 2>&-', "check", "conv(", "--csv") == (2, "", "")
    assert shell('"$@" 2>/dev/full', "check", "conv(") == (2, "", "")
    train = ("train", NETWORK, "--data", "digits", "--epochs", "1", "--seed", "7")
    status, out, _err = shell('{ "$@" 2>&3 | cat >&4; exit ${PIPESTATUS[0]}; } 3> >(true) 4>&1', *train)
    assert (status, out.splitlines()[1].split()[:3]) == (0, ["train", "1", "complete"])


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "cp1252"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_any_encoding_will_do(environment: dict[str, str]) -> None:
    encoding = environment.get("PYTHONIOENCODING", "ascii")
    escaped = NAME.encode(encoding, "backslashreplace").decode(encoding)
    command = [PROGRAM, "results"]
    done = [
        subprocess.run([*command, *form], capture_output=True, check=True, env=os.environ | environment).stdout
        for form in (["--csv"], ["--json"], [])
    ]
    assert escaped in [row["study"] for row in csv.DictReader(io.StringIO(done[0].decode(encoding), newline=""))]
    assert NAME in [row["study"] for row in json.loads(done[1])]
    shown = NAME.replace("\x1b", r"\x1b").replace("\n", r"\n").encode(encoding, "backslashreplace")
    assert len(done[2].splitlines()) == 11
    assert any(line.startswith(shown) for line in done[2].splitlines())


# A command line with bytes that are no text and with what a terminal would obey, and what it says of it.
BYTES = [
    (["check", b"conv(\xff)"], r"unexpected `\udcff`"),
    (["check", b"\xff.net"], r"there is no file `\udcff.net`"),
    (["check", b"\xff.py:Net"], r"there is no file `\udcff.py`"),
    (["check", b"\x1b[31m.net"], r"there is no file `\x1b[31m.net`"),
    (["sample", b"\xff\x07"], r"there is no space `\udcff\x07`"),
    (["check", "relu", "--words", b"\xff.py"], "there is no such file"),
    (["check", "relu", "--limits", b"\xff"], r"unexpected `\udcff`"),
    (["check", "relu", "--input", b"\xff"], r"`\udcff` is not an input shape"),
    (["results", "--sort", b"\xff"], r"there is no column `\udcff`"),
    (["results", "--storage", b"\xff"], r"`\udcff` is not the URL of a storage"),
    (["results", b"--\xff"], r"there is no option `--\udcff`"),
    ([b"\xff"], r"there is no command `\udcff`"),
    (
        ["search", "tiny.space", "--data", "digits", "--trials", "1", "--study", b"\xff"],
        r"'\udcff' cannot be the name of a study",
    ),
    (
        ["search", "tiny.space", "--data", "digits", "--trials", "1", "--study", b""],
        "'' cannot be the name of a study",
    ),
    (
        ["search", b"\xff.space", "--data", "digits", "--trials", "1"],
        r"'\udcff' cannot be the name of a study",
    ),
]


@pytest.mark.parametrize(("arguments", "rule"), BYTES)
def test_names_may_be_any_bytes(folder: Path, arguments: list[str | bytes], rule: str) -> None:
    Path(os.fsdecode(b"\xff.space")).write_bytes((folder / "tiny.space").read_bytes())
    status, out, err = shell('"$@"', *arguments)
    assert (status, out) == (2, "")
    assert f"archsearch: {rule}" in err
    assert "\x1b" not in err


@pytest.mark.parametrize("study", ["[/]", "[bold]x[/bold]", "größe"])
def test_a_name_is_no_markup(study: str) -> None:
    search = ("search", "tiny.space", "--data", "digits", "--epochs", "1", "--trials", "1", "--study", study)
    status, out, err = shell('"$@"', *search)
    assert (status, out.splitlines()[1].split()[0]) == (0, study)
    assert f"\nstudy {study} starts" in err
