"""Torch modules on the command line: what `analyze` and `check` show of those that can be traced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from examples.mistakes import Capture, message, refused, run
from examples.own_models import write_models

# Files that Python itself would run.
RUNNING = [
    "from torch import nn\ndef Net():\n    return nn.Conv2d(3, 4, 3)\n",
    pytest.param(
        "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom torch import nn\n"
        "@dataclass\nclass Sizes:\n    width: int = 4\nNet = nn.Conv2d(3, Sizes().width, 3)\n",
    ),
    pytest.param("from archsearch_test_neighbour import Net\n"),
    pytest.param("from torch import nn\nprint('loaded')\nNet = nn.Conv2d(3, 4, 3)\n"),
    pytest.param("from torch import nn\nNet = nn.Conv2d(3, 4, 3).half()\n"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_models(tmp_path)
    return tmp_path


@pytest.mark.parametrize("text", RUNNING)
def test_a_file_that_runs_is_analysed(capsys: Capture, folder: Path, text: str) -> None:
    (folder / "own.py").write_text(text)
    (folder / "archsearch_test_neighbour.py").write_text("from torch import nn\nNet = nn.Conv2d(3, 4, 3)\n")
    status, out, err = run(capsys, "analyze", "own.py:Net", "--json")
    assert (status, err.replace("loaded\n", ""), json.loads(out)["params"]) == (0, "", 112)


def test_operations_that_are_not_known_are_marked(capsys: Capture) -> None:
    status, out, err = run(capsys, "analyze", "my.py:Sorting")
    name, table, _figures, remarks, _digest = out.split("\n\n")
    assert (status, name, err) == (0, "my.py:Sorting", "")
    unknown = "      aten.{:14}  4x30x30                            0       0  not known, rf is an upper bound\n"
    assert table == (
        "path  op                   output   rf  stride  padding  params    macs  notes\n"
        "      input                3x32x32   1       1        0       0       0\n"
        "conv  convolution 3x3      4x30x30   3       1        0     112  97,200\n"
        f"{unknown.format('sort.default')}{unknown.format('cumsum.default')}"
        "      mean over dims 2, 3  4                                  0       0  rf is an upper bound\n"
        "head  linear               10                                50      40  rf is an upper bound"
    )
    assert remarks.endswith("\nPARTIAL: these operations are not known: aten.sort.default, aten.cumsum.default")
    plain = json.loads(run(capsys, "analyze", "my.py:Sorting", "--json")[1])
    assert plain["unknown"] == ["aten.sort.default", "aten.cumsum.default"]


def test_what_lies_behind_operations_that_are_not_known_is_not_proved(capsys: Capture) -> None:
    status, out, err = run(capsys, "analyze", "my.py:Sorting", "--verify")
    assert (status, err) == (2, "")
    unknown = "aten.sort.default, aten.cumsum.default"
    assert out.split("\n\n")[-1] == (
        f"NOT PROVED: what lies behind {unknown}: not known, so that rf may be larger\n"
        "  equal: what 60 units of conv: convolution 3x3 see, by analysis, gradients and NaNs\n"
    )
    status, out, err = run(capsys, "analyze", "my.py:Sorting", "--verify", "--json")
    found = json.loads(out)["verified"]
    assert (status, found["equal"], found["unproved"]) == (2, False, ["aten.sort.default", "aten.cumsum.default"])
    assert run(capsys, "analyze", "my.py:Net", "--verify")[0] == 0


def test_operations_that_are_not_known_are_refused_where_all_must_be(capsys: Capture) -> None:
    rule = "not known: aten.sort.default, aten.cumsum.default"
    remedy = "`archsearch analyze` without --strict shows all else, marked as partial"
    assert refused(capsys, "analyze", "my.py:Sorting", "--strict") == message(rule, remedy)
    assert refused(capsys, "check", "my.py:Sorting").startswith(message(rule))


def test_the_json_of_a_model_has_the_keys_of_a_sentence(capsys: Capture) -> None:
    status, out, err = run(capsys, "analyze", "my.py:Net", "--json")
    model, sentence = json.loads(out), json.loads(run(capsys, "analyze", "conv(4) head()", "--json")[1])
    assert (status, err, list(model)) == (0, "", list(sentence))
    assert {tuple(row) for row in model["ops"]} == {tuple(row) for row in sentence["ops"]}
    assert (model["sentence"], model["classes"], model["params"], model["rf"]) == ("my.py:Net", 10, 162, 3)


def test_a_model_is_checked_like_a_sentence(capsys: Capture) -> None:
    fits = run(capsys, "check", "my.py:Net", "--limits", "rf > 2, params < 200")
    assert fits == (0, "fits rf > 2, params < 200\n  rf 3, params 162, macs 97,240\n", "")
    broken = run(capsys, "check", "my.py:gray", "--input", "1x9x9", "--limits", "rf > 3, params < 20")
    assert broken == (1, "refused\n  rf is 3, not > 3\n  params is 90, not < 20\n", "")
    warned = "archsearch: the receptive field of this module is an upper bound\n"
    below = run(capsys, "check", "my.py:uneven", "--limits", "rf < 4")
    assert below == (0, "fits rf < 4\n  rf 3, params 3, macs 0\n", warned)
    above = run(capsys, "check", "my.py:uneven", "--limits", "rf > 2")
    assert above == (2, "not known to fit\n  rf is at most 3: whether it is > 2 is not known\n", warned)
    for limits, verdict in (("rf > 2", 0), ("rf > 3", 1)):
        status, out, _err = run(capsys, "check", "my.py:Net", "--limits", limits, "--json")
        assert (status, json.loads(out)["fits"]) == (verdict, verdict == 0)


def test_several_outputs(capsys: Capture) -> None:
    said = "archsearch: rf is that of the output `out`; of the others: aux 3\n"
    fits = run(capsys, "check", "my.py:Pair", "--limits", "rf > 10")
    assert fits == (0, "fits rf > 10\n  rf 11, params 1,568, macs 799,968\n", said)
    chosen = run(capsys, "check", "my.py:Pair", "--limits", "rf > 10", "--output", "aux")
    assert chosen[:2] == (1, "refused\n  rf is 3, not > 10\n")
    plain = json.loads(run(capsys, "analyze", "my.py:Pair", "--output", "aux", "--json")[1])
    assert (plain["rf"], plain["output"], plain["params"]) == (3, "aux", 1568)
    assert [(one["output"], one["rf"], one["last_map"]) for one in plain["outputs"]] == [
        ("out", 11, "deep"),
        ("aux", 3, "early"),
    ]
    for command in ("analyze", "check"):
        said = refused(capsys, command, "my.py:Pair", "--output", "auxx")
        assert said == message("there is no output `auxx`", "did you mean `aux`?")
        said = refused(capsys, command, "conv(8)", "--output", "out")
        assert said == message("`--output` has no effect here: a sentence has one output", "leave out --output")


def test_several_inputs(capsys: Capture) -> None:
    given = ["--input", "image=3x8x8", "--input", "other=3x1x1"]
    plain = json.loads(run(capsys, "analyze", "my.py:Two", *given, "--json")[1])
    assert (plain["rf"], plain["input"], [row["op"] for row in plain["ops"]]) == (
        1,
        [3, 8, 8],
        ["input", "input", "add"],
    )
    assert run(capsys, "check", "my.py:Two", *given, "--limits", "rf = 1")[0] == 0
    both = "of several inputs each needs a name of its own, and these are image=3x8x8, 3x1x1"
    said = refused(capsys, "analyze", "my.py:Two", *given[:3], "3x1x1")
    assert said == message(both, "as in --input image=3x32x32 --input other=8", "--input")
    said = refused(capsys, "check", "conv(8)", *given)
    rule = "only a torch module has inputs with names or types; `conv(8)` is none"
    assert said == message(rule, "as in --input 3x32x32")


def test_lazy_layers_and_the_meta_device(capsys: Capture) -> None:
    assert json.loads(run(capsys, "analyze", "my.py:lazy", "--compare", "--json")[1])["params"] == 112
    assert run(capsys, "analyze", "my.py:lazy", "--input", "3x8x8", "--verify")[0] == 0
    assert json.loads(run(capsys, "analyze", "my.py:meta", "--json")[1])["params"] == 112
    remedy = "build it on the CPU to verify it; leave out --verify to analyse it as it is"
    rule = "the module is on the meta device, where it has no values to be run with"
    assert refused(capsys, "analyze", "my.py:meta", "--verify") == message(rule, remedy)


def test_a_window_that_covers_its_map_is_read_in_both_ways(capsys: Capture) -> None:
    said = "The window of max pool 4x4, stride 4 at 2 covers its whole map; as global pooling, "
    said += "rf would be 3 and maxpool 0"
    fits = run(capsys, "check", "conv(4) maxpool(4)", "--input", "3x4x4", "--limits", "rf > 5")
    assert fits == (0, "fits rf > 5\n  rf 6, params 120, macs 1,728\n", f"archsearch: {said}\n")
    plain = json.loads(run(capsys, "analyze", "conv(4) maxpool(4)", "--input", "3x4x4", "--json")[1])
    assert plain["read_as_global"] == {"rf": 3, "maxpool": 0}
    assert run(capsys, "check", "conv(4) maxpool(4)", "--input", "3x8x8", "--limits", "rf > 5")[2] == ""
