"""What commands write: the same values under the same names as JSON, CSV and text, and tables in a terminal."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import pty
import sqlite3
import struct
import subprocess
import sys
import termios
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from examples.mistakes import TRAIN, Capture, done, run

from archsearch import analyze, parse
from archsearch.analysis.figures import FIGURES
from archsearch.study.columns import COLUMNS, SHOWN

SENTENCE = "conv(8, stride=2) sep(16, dilation=2) head()"
NETWORK = {*FIGURES, "digest", "sentence"} - {"seconds"}
ANALYZED = {"input", "classes", "unknown", "weight_macs", "output", "outputs", "read_as_global", "ops"}
VERDICT = {*NETWORK, "fits", "reason"}
RESULTS = Path(__file__).parents[1] / "examples" / "results_0_1.sql"


@pytest.fixture
def storage(tmp_path: Path) -> str:
    """A storage with ten results of three studies."""
    with closing(sqlite3.connect(tmp_path / "archsearch.db")) as database:
        database.executescript(RESULTS.read_text())
    return f"sqlite:///{tmp_path / 'archsearch.db'}"


def from_json(capsys: Capture, *arguments: str) -> Any:
    return json.loads(run(capsys, *arguments, "--json")[1])


def from_csv(capsys: Capture, *arguments: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(run(capsys, *arguments, "--csv")[1])))


# the values of a network


def test_every_command_names_the_values_of_a_network_alike(capsys: Capture, storage: str) -> None:
    analyzed = from_json(capsys, "analyze", SENTENCE)
    checked = from_json(capsys, "check", SENTENCE, "--limits", "rf > 3, params < 2")
    sampled = from_json(capsys, "sample", "first", "--count", "2")
    results = from_json(capsys, "results", "--storage", storage)
    assert set(analyzed) == NETWORK | ANALYZED
    assert set(checked) == VERDICT | {"limits"}
    assert [set(row) for row in sampled] == [VERDICT] * 2
    assert [set(row) for row in results] == [set(COLUMNS)] * 10
    assert set(COLUMNS) > NETWORK | {"reason"}

    profile = analyze(parse(SENTENCE))
    expected = {**profile.figures, "digest": profile.graph.digest, "sentence": SENTENCE}
    assert {name: analyzed[name] for name in NETWORK} == expected == {name: checked[name] for name in NETWORK}
    again = from_json(capsys, "check", sampled[0]["sentence"], "--limits", "")
    assert {name: again[name] for name in VERDICT} == sampled[0]


def test_whether_it_fits_is_a_boolean_in_json_and_a_word_in_csv(capsys: Capture) -> None:
    limits = "rf > 44, params < 100"
    refused = from_json(capsys, "check", SENTENCE, "--limits", limits)
    assert (refused["fits"], refused["limits"]) == (False, limits)
    assert refused["reason"] == "rf is 11, not > 44; params is 666, not < 100"
    fits = from_json(capsys, "check", SENTENCE, "--limits", "rf > 3")
    assert (fits["fits"], fits["reason"]) == (True, None)
    [row] = from_csv(capsys, "check", SENTENCE, "--limits", limits)
    assert row == {name: str(value) for name, value in refused.items()} | {"fits": "no"}
    [row] = from_csv(capsys, "check", SENTENCE, "--limits", "rf > 3")
    assert (row["fits"], row["reason"], row["params"]) == ("yes", "", "666")
    assert run(capsys, "sample", "first", "--count", "1")[1].split("\n")[1].startswith("yes ")


def test_a_network_whose_shapes_do_not_fit_has_no_figures(capsys: Capture) -> None:
    values = from_json(capsys, "check", "conv(8, kernel=40, padding=0)")
    assert (values["fits"], values["digest"]) == (False, None)
    assert values["reason"] == (
        "a window of 40 does not fit on a map of 32 with padding 0; "
        "reduce the kernel, or the strides before it, or add padding"
    )
    assert {values[name] for name in NETWORK - {"digest", "sentence"}} == {None}


def test_the_rows_of_an_analysis(capsys: Capture) -> None:
    values, rows = from_json(capsys, "analyze", SENTENCE), from_csv(capsys, "analyze", SENTENCE)
    assert (values["input"], values["classes"], values["unknown"]) == ([3, 32, 32], 10, [])
    assert [list(row) for row in rows] == [list(row) for row in values["ops"]]
    assert (rows[1]["shape"], values["ops"][1]["shape"]) == ("8x16x16", [8, 16, 16])
    assert [row["params"] for row in rows] == [str(row["params"]) for row in values["ops"]]


def test_the_comparison_and_the_proof_of_an_analysis(capsys: Capture) -> None:
    values = from_json(capsys, "analyze", "conv(4, stride=8) head()", "--compare", "--verify")
    assert values["compared"]["rows"][0] == {"family": "convolution", "ours": 1728, "fvcore": 1728, "torch": 1728}
    assert (values["verified"]["equal"], values["verified"]["differences"]) == (True, [])


def test_the_statistics_of_a_space(capsys: Capture) -> None:
    values = from_json(capsys, "check", "first", "--limits", "rf > 44, params < 20k")
    assert list(values) == ["space", "fits", "derivations", "drawn", "seed", "fitting", "broken", "limits"]
    assert (values["space"], values["fits"], values["derivations"], values["drawn"]) == (
        "first",
        True,
        24192,
        1000,
    )
    assert values["fitting"] == 1000 - values["broken"]["params < 20k"]
    [row] = from_csv(capsys, "check", "first", "--limits", "rf > 44, params < 20k")
    assert (row["fits"], row["fitting"]) == ("yes", str(values["fitting"]))
    assert row["broken"] == f"params < 20k: {values['broken']['params < 20k']}"


def test_a_trained_network_is_a_row_of_the_results(
    capsys: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(monkeypatch, *TRAIN)
    capsys.readouterr()
    rows = from_csv(capsys, *TRAIN)
    assert [list(row) for row in rows] == [list(COLUMNS)]
    assert rows == from_csv(capsys, "results")
    assert (folder / "results" / "archsearch.db").is_file()


# no limits


def test_blank_limits_are_no_limits(capsys: Capture) -> None:
    status, out, _err = run(capsys, "check", SENTENCE, "--limits", "")
    assert (status, out) == (0, "fits: no limits are set\n  rf 11, params 666, macs 106,656\n")
    assert from_json(capsys, "check", SENTENCE, "--limits", "")["limits"] == ""


def test_a_space_is_unlimited_with_blank_limits(capsys: Capture) -> None:
    status, out, _err = run(capsys, "check", "first", "--limits", " ")
    unlimited = "first: 24,192 derivations\nlimits: none\n1,000 of 1,000 drawn with seed 0 fit\n"
    assert (status, out) == (0, unlimited)
    values = from_json(capsys, "check", "first", "--limits", "")
    assert (values["limits"], values["broken"], values["fitting"]) == ("", {}, 1000)
    rows = from_json(capsys, "sample", "tight60k", "--any", "--limits", "", "--count", "20")
    assert {row["fits"] for row in rows} == {True}


# terminals


def in_terminal(width: int, *arguments: str) -> list[str]:
    """Return the lines that the command line writes to a terminal of some columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    command = [str(Path(sys.executable).with_name("archsearch")), *arguments]
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, env=environment) as process:
        os.close(theirs)
        chunks = []
        while chunk := _read(ours):
            chunks.append(chunk)
        assert process.stderr is not None
        assert process.stderr.read() == b""
    os.close(ours)
    return b"".join(chunks).decode().replace("\r\n", "\n").splitlines()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux's way of saying that the other end is closed
        return b""


@pytest.mark.parametrize(
    ("width", "left_out"),
    [
        (
            60,
            ["7 columns do not fit in 60: macs, reason, data, epochs,", "seed, seconds, digest; --csv writes all"],
        ),
        (100, ["3 columns do not fit in 100: seed, seconds, digest; --csv writes all"]),
    ],
)
def test_a_terminal_is_shown_the_columns_of_results_that_fit(
    storage: str, width: int, left_out: list[str]
) -> None:
    lines = in_terminal(width, "results", "--storage", storage)
    note = " ".join(left_out)
    assert lines[0].split() == [name for name in SHOWN if name not in note and name != "test_accuracy"]
    assert lines[11:] == left_out
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("width", [60, 100])
def test_an_analysis_in_a_terminal_has_whole_columns(width: int) -> None:
    lines = in_terminal(width, "analyze", SENTENCE)
    _name, operations, figures, _remarks, _digest = "\n".join(lines).split("\n\n")
    assert max(map(len, [*operations.split("\n"), *figures.split("\n")])) <= width
    columns = ["path", "op", "output", "rf", "stride", "padding", "params", "macs", "notes"]
    assert operations.split("\n")[0].split() == (columns[:4] if width == 60 else columns)
    left_out = "5 columns do not fit in 60: stride, padding, params, macs,\nnotes"
    assert operations.endswith(left_out) == (width == 60)
    start = figures.index("meaning")
    meanings = " ".join(line[start:] for line in figures.split("\n")[1:])
    assert meanings.split() == " ".join(FIGURES[name] for name in FIGURES if name in NETWORK).split()


@pytest.mark.parametrize("width", [60, 100])
def test_no_word_of_a_drawn_sentence_is_lost_in_a_terminal(capsys: Capture, width: int) -> None:
    lines = in_terminal(width, "sample", "first", "--count", "3")
    assert max(map(len, lines)) <= width
    sentences = [row["sentence"] for row in from_json(capsys, "sample", "first", "--count", "3")]
    assert " ".join(line[27:] for line in lines[1:]).split() == " ".join(sentences).split()


def test_what_is_not_a_terminal_gets_every_column(capsys: Capture, storage: str) -> None:
    _status, out, _err = run(capsys, "results", "--storage", storage)
    assert out.split("\n")[0].split()[-2:] == ["seconds", "digest"]
    assert max(map(len, out.split("\n"))) > 120
