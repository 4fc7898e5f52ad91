"""Torch modules that cannot be found, run or traced: what `analyze` and `check` say of a user's Python file."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from examples.mistakes import Capture, message, place_of, refused, run, unmarked

from archsearch import analyze
from archsearch.errors import TraceError
from archsearch.pytorch.find import find_model

MODELS = """\
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self, channels=3):
        super().__init__()
        self.conv = nn.Conv2d(channels, 4, 3)
        self.head = nn.Linear(4, 10)
    def forward(self, image):
        return self.head(self.conv(image).relu().mean((2, 3)))
class Sorting(Net):
    def forward(self, image):
        return self.head(self.conv(image).sort(-1)[0].cumsum(2).mean((2, 3)))
class Of(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.ones(3))
    def forward(self, image):
        return self.function(image)
class Two(nn.Module):
    def forward(self, image, other):
        return image + other
class Broken(nn.Module):
    def __init__(self):
        raise RuntimeError("no weights here")
def narrowed(image):
    raise ValueError("three channels\\nare too many")
def wordless(image):
    assert image.shape[1] == 1
def branching(image):
    if image.sum() > 0:
        return image
def scaled(image):
    return image * float(image[0, 0, 0, 0])
def cropped(image):
    return image[..., : int(image.max().item())]
def brightened(image):
    return image * image.max().item()
def masked(image):
    return image[image > 0]
def nothing():
    pass
gray = Net(1)
signal = Of(nn.Conv1d(3, 4, 3))
lazy = nn.Sequential(nn.LazyConv2d(4, 3), nn.ReLU())
ids, meta = nn.Embedding(5, 3), nn.Conv2d(3, 4, 3, device="meta")
class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.deep, self.early = nn.Conv2d(3, 4, 11), nn.Conv2d(3, 4, 3)
    def forward(self, image):
        return {"out": self.deep(image), "aux": self.early(image)}
def scripted():
    import warnings
    warnings.simplefilter("ignore")
    return torch.jit.script(nn.ReLU())
fails, asserts = Of(narrowed), Of(wordless)
branches, scales, crops = Of(branching), Of(scaled), Of(cropped)
brightens, masks = Of(brightened), Of(masked)
blind, zeros = Of(lambda image: torch.ones(3)), Of(torch.zeros_like)
silent, counting = Of(lambda image: None), Of(lambda image: image.shape[1])
weights = Of(lambda image: 2 * weights.weight)
uneven = Of(lambda image: torch.cat([image, nn.functional.avg_pool2d(image, 3, 1, 1)], 1)[:, :3])
number, layers = 3, [nn.ReLU()]
"""


FORM = (
    "write package.module:name or file.py:name, where name is a module or makes one when called without arguments"
)
MAKER = "name a function of your own that takes none"
DEPENDS = "cannot be traced: which operations it computes depends on the values in the image"
NO_IF = "no `if` or loop on a tensor, no .item(), no mask as an index; or analyse the part that has none"
BLIND = "the module's output does not depend on its input"
NAMED = "name each with its shape without the batch, the image first: --input image=3x32x32 --input other=SHAPE"
FLOATS = (
    "fails on an input of 1x3x32x32: Expected tensor for argument #1 'indices' to have one of the following "
    "scalar types: Long, Int; but got torch.FloatTensor instead (while checking arguments for embedding)"
)
HIDDEN = "was scripted or traced by torch.jit, and its operations are hidden"
EARLIER = "analyse it before torch.jit.script or torch.jit.trace"
LACKS = "missing 1 required positional argument:"
CALL = "calling it without arguments fails:"

# The name of the model, what is wrong with it, the line that is named, and what to do.
MODELS_REFUSED = [
    ("fails", "Of fails on an input of 1x3x32x32: three channels", "raise ValueError(", None),
    ("asserts", "Of fails on an input of 1x3x32x32: AssertionError", "assert image", None),
    ("branches", f"Of {DEPENDS}", "if image.sum() > 0", NO_IF),
    ("scales", f"Of {DEPENDS}", "return image * float(", NO_IF),
    ("crops", f"Of {DEPENDS}", "return image[..., :", NO_IF),
    ("Two", "Two takes 2 inputs, and the shape of `other` is not given", None, NAMED),
    ("ids", f"Embedding {FLOATS}", None, "this input holds whole numbers: write --input 3x32x32:int"),
    ("scripted", f"RecursiveScriptModule {HIDDEN}", None, EARLIER),
    *((name, BLIND, None, None) for name in ("blind", "zeros", "silent", "counting", "weights")),
]

# The name of the model, the shape of its input, and the line that is named; what fails is told in torch's words.
INPUTS_REFUSED = [
    ("gray", "Net", "3x32x32", "return self.head("),
    ("Net", "Net", "1x32x32", "return self.head("),
    ("Net", "Net", "3x2x2", "return self.head("),
    ("signal", "Of", "3x32x32", "return self.function("),
]

# What is named, what is wrong with it, and what to do.
TARGETS = [
    ("absent.py:Net", "there is no file `absent.py`", FORM),
    (f"{'n' * 300}.py:Net", f"there is no file `{'n' * 300}.py`", FORM),
    ("folder/my.py:Net", "there is no file `folder/my.py`", FORM),
    ("absent_package.nets:Net", "there is no Python module `absent_package`", FORM),
    ("torch.absent:Net", "there is no Python module `torch.absent`", FORM),
    ("my.py:Nett", "`my.py` has no `Nett`", "did you mean `Net`?"),
    pytest.param("my.py:gray.convv", "`gray` has no `convv`", "did you mean `conv`?"),
    ("my.py:number.absent", "`number` has no `absent`", None),
    ("my.py:Of(Net)", "a torch module is named without arguments", MAKER),
    ("three.py:net", "`three.py` has no `net`", "known here: first, second"),
    ("my.py:number", "`number` is not a torch module: its type is int", FORM),
    ("my.py:layers", "`layers` is not a torch module: its type is list", FORM),
    ("my.py:nothing", "`nothing` is not a torch module: its type is NoneType", FORM),
    ("my.py:gray.conv.weight", "`gray.conv.weight` is not a torch module: its type is Parameter", FORM),
    ("my.py:Of", f"{CALL} TypeError: Of.__init__() {LACKS} 'function'", MAKER),
    ("my.py:Broken", f"{CALL} RuntimeError: no weights here", MAKER),
]

# The text of a file, and what is said of it before Python's own words.
FILES = [
    ("def net(:\n", "`own.py` cannot be imported: SyntaxError: "),
    ("raise ValueError('not today')\n", "`own.py` cannot be imported: ValueError: not today"),
    ("from torch import absent_name\n", "`own.py` cannot be imported: ImportError: "),
    (
        "import absent_package.part\n",
        "`own.py` cannot be imported: ModuleNotFoundError: No module named 'absent_package'",
    ),
    pytest.param("raise SystemExit(3)\n", "`own.py` cannot be imported: SystemExit"),
    pytest.param("def Net(): raise SystemExit\n", f"{CALL} SystemExit"),
    pytest.param("open('absent')\n", "`own.py` cannot be imported: FileNotFoundError"),
]

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
    (tmp_path / "my.py").write_text(MODELS)
    (tmp_path / "three.py").write_text("first, second, _third = 1, 2, 3\n")
    return Path.cwd()


def line_of(folder: Path, start: str | None) -> str | None:
    """Return the place of a line of MODELS, given how it starts."""
    if start is None:
        return None
    number = MODELS[: MODELS.index(start)].count("\n") + 1
    return f"{folder / 'my.py'}, line {number}: {MODELS.splitlines()[number - 1].strip()}"


@pytest.mark.parametrize(("name", "rule", "start", "remedy"), MODELS_REFUSED)
def test_a_model_that_cannot_be_traced(
    capsys: Capture, folder: Path, name: str, rule: str, start: str | None, remedy: str | None
) -> None:
    assert refused(capsys, "analyze", f"my.py:{name}") == message(rule, remedy, line_of(folder, start))


@pytest.mark.parametrize("name", [pytest.param("masks"), pytest.param("brightens")])
def test_a_value_of_the_image_that_leaves_the_tensors(capsys: Capture, name: str) -> None:
    assert refused(capsys, "analyze", f"my.py:{name}").startswith("archsearch: Of cannot be traced: ")


@pytest.mark.parametrize("name", ["Net", "Sorting", "gray", "fails", "branches", "lazy"])
def test_a_model_is_left_in_the_mode_that_it_was_in(name: str) -> None:
    model = find_model(f"my.py:{name}")
    next(model.children(), model).eval()
    modes = [part.training for part in model.modules()]
    with suppress(TraceError):
        analyze(model)
    assert [part.training for part in model.modules()] == modes
    assert torch.backends.mha.get_fastpath_enabled()


@pytest.mark.parametrize(("name", "kind", "shape", "start"), INPUTS_REFUSED)
@pytest.mark.parametrize("command", ["analyze", "check"])
def test_an_input_that_does_not_fit(
    capsys: Capture, folder: Path, command: str, name: str, kind: str, shape: str, start: str
) -> None:
    said = refused(capsys, command, f"my.py:{name}", "--input", shape).splitlines()
    assert said[0].startswith(f"archsearch: {kind} fails on an input of 1x{shape}: ")
    assert said[1:] == [f"  at {line_of(folder, start)}"]


@pytest.mark.parametrize(("target", "rule", "remedy"), TARGETS)
def test_a_target_that_is_no_model(capsys: Capture, target: str, rule: str, remedy: str) -> None:
    assert refused(capsys, "analyze", target) == message(rule, remedy, target)


@pytest.mark.parametrize("command", ["analyze", "check"])
@pytest.mark.parametrize(("text", "rule"), FILES)
def test_a_file_that_cannot_be_imported(capsys: Capture, folder: Path, command: str, text: str, rule: str) -> None:
    (folder / "own.py").write_text(text)
    said = refused(capsys, command, "own.py:Net").splitlines()
    assert said[0].startswith(f"archsearch: {rule}")
    assert said[1] == "  at own.py:Net"


@pytest.mark.parametrize("text", RUNNING)
def test_a_file_that_runs_is_analysed(capsys: Capture, folder: Path, text: str) -> None:
    (folder / "own.py").write_text(text)
    (folder / "archsearch_test_neighbour.py").write_text("from torch import nn\nNet = nn.Conv2d(3, 4, 3)\n")
    status, out, err = run(capsys, "analyze", "own.py:Net", "--json")
    assert (status, err.replace("loaded\n", ""), json.loads(out)["params"]) == (0, "", 112)


def test_options_that_a_model_cannot_have(capsys: Capture, folder: Path) -> None:
    for command in ("analyze", "check"):
        said = refused(capsys, command, "my.py:Net", "--classes", "10")
        assert said == message("--classes is for sentences; a torch module has its own")
    said = refused(capsys, "analyze", "my.py:Net", "--picture", "net.gif")
    reason = "`.gif` is not a known kind of picture"
    assert said == message(f"cannot draw `net.gif`: {reason}", "end it in .pdf, .png or .svg")
    said = refused(capsys, "analyze", "my.py:Net", "--picture", "absent/net.png")
    assert said == message("cannot write `absent/net.png`: No such file or directory")
    marked = "rf > 44, @parms < 3"
    said = refused(capsys, "check", "my.py:Net", "--limits", unmarked(marked))
    assert said == message("there is no figure `parms`", "did you mean `params`?", place_of(marked, "--limits"))
    said = refused(capsys, "analyze", "my.py:Net", "--input", "3x0")
    assert said == message(
        "`3x0` is not an input shape", "write channels x height x width, as in 3x32x32", "--input"
    )
    assert not [*folder.glob("*net*")]


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


def test_the_command_ends_with_status_2_and_without_a_traceback(folder: Path) -> None:
    command = Path(sys.executable).with_name("archsearch")
    done = subprocess.run([command, "analyze", "my.py:branches"], capture_output=True, text=True, check=False)
    expected = message(f"Of {DEPENDS}", NO_IF, line_of(folder, "if image.sum() > 0"))
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)
