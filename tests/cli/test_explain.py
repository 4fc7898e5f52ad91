"""`archsearch explain`: what it writes, and how it ends."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from examples.mistakes import SPACES, Capture, message, refused, run

from archsearch.analysis.cost import Calibration

TWICE = "limits params < 3k\nnetwork = part(8|16)*1..2 head()\npart(w) = conv(w) | conv(w, kernel=3)\n"


@pytest.fixture
def twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A space in which each sentence has several derivations, in the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twice.space").write_text(TWICE)
    return "twice.space"


DISTRIBUTIONS = """\
from all 5 that fit:
rf >=  share           params >=  share             macs >=  share
    3   40 % ######          200   20 % ####        200,000   20 % ########
    4                        400                    400,000   20 % ########
    5   60 % ########        600   20 % ####        600,000
                             800   20 % ####        800,000   20 % ########
                           1,000                  1,000,000
                           1,200                  1,200,000
                           1,400                  1,400,000   20 % ########
                           1,600   40 % ########  1,600,000   20 % ########

          rf  params       macs  sentence
smallest   3     330    221,264  conv(8) head()
largest    5   1,746  1,622,096  conv(16) conv(8) head()
"""

AMBIGUOUS = """\
ambiguous: 2 derivations lead to conv(8) head()
slot              one takes  another
network.0#0.part  conv(w)    conv(w, kernel=3)
"""


def test_each_sentence_once(capsys: Capture, twice: str) -> None:
    said = "twice: 6 sentences, by 20 derivations\nlimits: params < 3k\n5 fit (83.33 %)\n"
    assert run(capsys, "explain", twice) == (0, f"{said}\n{DISTRIBUTIONS}\n{AMBIGUOUS}", "")


def test_a_limit_that_none_keeps(capsys: Capture, twice: str) -> None:
    said = f"""\
twice: 6 sentences, by 20 derivations
limits: rf > 44
0 fit (none)

whatever the other limits, no network keeps this:
limit    nearest  kept if it is  nearest network
rf > 44        5  rf >= 5        conv(8) conv(8) head()

{AMBIGUOUS}"""
    assert run(capsys, "explain", twice, "--limits", "rf > 44") == (1, said, "")


def test_limits_that_none_keeps_together(capsys: Capture, twice: str) -> None:
    _status, said, _ = run(capsys, "explain", twice, "--limits", "rf > 3, params < 500, macs < 1M or rf < 9")
    assert said.split("\n")[2:14] == [
        "0 fit (none)",
        "",
        "limit                kept alone by  share     refused by it only",
        "rf > 3               4              66.67 %   1",
        "params < 500         1              16.67 %   4",
        "macs < 1M or rf < 9  6              100.00 %  0",
        "",
        "each limit is kept by some; if one alone is relaxed, a network fits:",
        "limit                nearest  fits if it is                 nearest network",
        "rf > 3                     3  rf >= 3                       conv(8) head()",
        "params < 500             930  params <= 930                 conv(8) conv(8) head()",
        "macs < 1M or rf < 9           (left out, none fits either)",
    ]


def test_each_limit_alone(capsys: Capture, twice: str) -> None:
    _status, said, _ = run(capsys, "explain", twice, "--limits", "rf > 3, params < 1k")
    assert said.split("\n")[2:8] == [
        "1 fit (16.67 %)",
        "",
        "limit        kept alone by  share    refused by it only",
        "rf > 3       4              66.67 %  2",
        "params < 1k  3              50.00 %  3",
        "",
    ]
    assert said.endswith(
        "\n\noptions that no network takes which fits:\n"
        "option       line  column\n*1 of *1..2     2      11\n16              2      18\n"
    )


def test_shapes_that_do_not_fit(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "own.space").write_text("network = conv(8|16, kernel=3|33, padding=0) head()")
    status, said, _ = run(capsys, "explain", str(tmp_path / "own.space"))
    assert said.startswith(
        "own: 4 sentences, by 4 derivations\nshapes fit in 2 of them (50.00 %)\nlimits: none\n2 fit (50.00 %)\n"
    )
    assert said.endswith("options that no network takes which fits:\noption  line  column\n33         1      31\n")
    assert status == 0


def test_kernels_wider_than_their_maps(capsys: Capture, tmp_path: Path) -> None:
    rules = "input 3x8x8\nnetwork = conv(8, dilation=2|4|8|9|10|11|12|13|14) relu*0..1 head()"
    (tmp_path / "own.space").write_text(rules)
    _status, said, _ = run(capsys, "explain", str(tmp_path / "own.space"))
    assert said.split("\n\n")[-1].split("\n") == [
        "dilated kernels wider than their maps, on which all taps but one miss:",
        "word                  map  sentences  share",
        *(f"conv(8, dilation={one})".ljust(22) + "8x8          2  11.11 %" for one in (8, 9, 10, 11, 12, 13)),
        "and 1 more; --json writes all",
        "",
    ]


def test_json(capsys: Capture, twice: str) -> None:
    _status, said, _ = run(capsys, "explain", twice, "--json", "--limits", "rf > 3, params < 1k")
    one = {"sentence": "conv(8) conv(8) head()", "rf": 5, "params": 930, "macs": 811_088}
    found = json.loads(said)
    first, second = found["ambiguity"].pop("first"), found["ambiguity"].pop("second")
    assert {**first, "network.0#0.part": "conv(w, kernel=3)"} == second
    assert found == {
        "space": "twice",
        "limits": "rf > 3, params < 1k",
        "derivations": 20,
        "sentences": 6,
        "shaped": 6,
        "feasible": 1,
        "feasible_least": 1,
        "feasible_most": 1,
        "rounded": {},
        "unknown": [],
        "alone_least": {"rf > 3": 4, "params < 1k": 3},
        "alone_most": {"rf > 3": 4, "params < 1k": 3},
        "only_least": {"rf > 3": 2, "params < 1k": 3},
        "only_most": {"rf > 3": 2, "params < 1k": 3},
        "only_drawn": {},
        "draws": 1_000,
        "distributions": {
            "exact": True,
            "networks": 1,
            "rf": {"edges": [5, 6], "counts": [1]},
            "params": {"edges": [930, 931], "counts": [1]},
            "macs": {"edges": [811_088, 811_089], "counts": [1]},
        },
        "among": "all",
        "smallest": one,
        "largest": one,
        "relaxed": [],
        "ambiguity": {"sentence": "conv(8) head()", "derivations": 2},
        "degenerate": [],
        "unused": [
            {"option": "*1 of *1..2", "line": 2, "column": 11},
            {"option": "16", "line": 2, "column": 18},
        ],
    }


def test_csv_has_the_numbers_in_one_row(capsys: Capture, twice: str) -> None:
    _status, said, _ = run(capsys, "explain", twice, "--csv")
    columns, row = (line.split(",") for line in said.splitlines())
    found = dict(zip(columns, row, strict=True))
    assert (found["sentences"], found["feasible"], found["alone_most"]) == ("6", "5", "params < 3k: 5")


def test_a_picture(capsys: Capture, twice: str) -> None:
    assert run(capsys, "explain", twice, "--picture", "twice.svg")[0] == 0
    assert "params &lt; 3k" not in Path("twice.svg").read_text()
    assert "fit all limits" in Path("twice.svg").read_text()
    said = refused(capsys, "explain", twice, "--picture", "twice.gif")
    rule = "cannot draw `twice.gif`: `.gif` is not a known kind of picture"
    assert said == message(rule, "end it in .pdf, .png or .svg")


def test_one_that_it_contains(capsys: Capture, twice: str) -> None:
    said = """\
twice has conv(8) conv(16) head()
by one of 4 derivations
refused
  params is 1,610, not < 1k

slot                option
network.0.count     2
network.0#0.w       8
network.0#0.part    conv(w)
network.0#1.w       16
network.0#1.part    conv(w)
"""
    found = run(capsys, "explain", twice, "--contains", "conv(8) conv(16) head()", "--limits", "params < 1k")
    assert [line.split() for line in found[1].splitlines()] == [line.split() for line in said.splitlines()]
    assert found[0] == 0


def test_one_that_it_contains_for_programs(capsys: Capture, twice: str) -> None:
    status, said, _ = run(capsys, "explain", twice, "--contains", "conv(8) head()", "--json")
    found = json.loads(said)
    assert (status, found["contained"], found["derivations"], found["fits"]) == (0, True, 2, True)
    assert found["derivation"] == {"network.0.count": "1", "network.0#0.w": "8", "network.0#0.part": "conv(w)"}


def test_where_a_network_leaves_it(capsys: Capture, twice: str) -> None:
    status, said, _ = run(capsys, "explain", twice, "--contains", "conv(8) relu")
    assert said == (
        "the network is no sentence of the space `twice`: `relu` cannot stand here\n"
        "  at sentence, line 1, column 9\n    conv(8) relu\n            ^\n"
        "  write head() or conv(8|16) or conv(8|16, kernel=3)\n"
    )
    assert status == 1
    status, said, _ = run(capsys, "explain", twice, "--contains", "conv(8) relu", "--json")
    assert (status, json.loads(said)["contained"]) == (1, False)


def test_the_reference_network_is_in_its_space(capsys: Capture) -> None:
    status, said, _ = run(capsys, "explain", "era_s9", "--contains", "era_s9.net")
    assert "\nby one derivation\nfits rf > 44, params < 200k" in said
    assert re.search(r"^network\.2\.third\.1 +spread\(32\|64\|96\|128\)$", said, re.MULTILINE)
    assert status == 0
    assert run(capsys, "explain", "first", "--contains", "era_s9.net")[0] == 1


def test_options_without_effect(capsys: Capture, twice: str) -> None:
    said = refused(capsys, "explain", twice, "--contains", "conv(8) head()", "--memory", "5")
    rule = "`--memory` has no effect here: with --contains, nothing is counted"
    assert said == message(rule, "leave out --memory")
    said = refused(capsys, "explain", twice, "--storage", "sqlite:///x.db")
    assert said.startswith("archsearch: `--storage` has no effect here")


def test_an_interval_where_memory_is_short(capsys: Capture) -> None:
    limits = "params < 180k, macs < 25M"
    status, said, _ = run(capsys, "explain", "cpu200k", "--limits", limits, "--memory", "1", "--json")
    found = json.loads(said)
    assert found["feasible"] is None
    assert 0 < found["feasible_least"] < found["feasible_most"] < found["sentences"]
    assert status == 0


def test_what_is_not_known_from_word_to_word(capsys: Capture, twice: str) -> None:
    limits = ["--limits", "activation_bytes < 1M, params < 3k"]
    status, said, _ = run(capsys, "explain", twice, *limits)
    assert "from 0 to 5 fit (83.33 %); activation_bytes is not known from word to word\n" in said
    assert status == 0
    _status, said, _ = run(capsys, "explain", twice, *limits, "--json")
    assert json.loads(said)["unknown"] == ["activation_bytes"]


def test_seconds_by_a_calibration(capsys: Capture, twice: str, tmp_path: Path) -> None:
    # Each of the 6 operations of conv(8) head() takes half a second: 10 us for each of 50,000 images.
    file = tmp_path / "machine.json"
    file.write_text(json.dumps(Calibration(operation=1e-5).written()), encoding="utf-8")
    limits = ["--limits", "seconds <= 3", "--calibration", str(file)]
    _status, said, _ = run(capsys, "explain", twice, *limits)
    assert "\n2 fit (33.33 %)\n" in said


def test_no_space(capsys: Capture) -> None:
    said = refused(capsys, "explain", "frist")
    assert said == message("there is no space `frist`", f"{SPACES}did you mean `first`?")
