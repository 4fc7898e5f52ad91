"""Torch modules that cannot be found, run or traced: what `analyze` and `check` say of a user's Python file."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from examples.mistakes import Capture, message, place_of, refused, unmarked
from examples.own_models import MODELS, write_models

from archsearch import analyze
from archsearch.errors import TraceError
from archsearch.pytorch.find import find_model

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


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_models(tmp_path)
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


def test_the_command_ends_with_status_2_and_without_a_traceback(folder: Path) -> None:
    command = Path(sys.executable).with_name("archsearch")
    done = subprocess.run([command, "analyze", "my.py:branches"], capture_output=True, text=True, check=False)
    expected = message(f"Of {DEPENDS}", NO_IF, line_of(folder, "if image.sum() > 0"))
    assert (done.returncode, done.stdout, done.stderr) == (2, "", expected)
