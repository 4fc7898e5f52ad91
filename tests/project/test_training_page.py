"""What docs/training.md shows is run: a network is trained, its weights classify an image, a score is used."""

from __future__ import annotations

import re
import shlex
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from examples.console import ROOT, blocks
from PIL import Image

from archsearch import cli
from archsearch.data.load import digits
from archsearch.study.correlation import SIGNALS
from archsearch.study.job import Job
from archsearch.study.record import MEASURED

PAGE = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
USE, PLAIN, SCORE = blocks(PAGE, "python")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def executed(code: str, **given: object) -> tuple[dict[str, Any], str]:
    """Run the code of a block; return its variables and what it prints."""
    variables: dict[str, Any] = {**given}
    with redirect_stdout(StringIO()) as printed:
        exec(code, variables)  # noqa: S102
    return variables, printed.getvalue()


@pytest.mark.slow
def test_weights_are_used_as_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (command,) = (text for text in blocks(PAGE, "sh") if "--weights" in text)
    arguments = shlex.split(command.replace("\\\n", ""))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [*arguments, "--threads", "1", "--precision", "fp32"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    test = digits().test
    assert test is not None
    seven = test.pixels[np.flatnonzero(test.labels == 7)[0]]
    Image.fromarray(seven).resize((50, 50)).save("my_digit.png")

    used, printed = executed(USE)
    assert printed == "7\n"
    (short,) = (text for text in blocks(README, "python") if "load_weights" in text)
    short = re.sub(r'"results/.*"', '"digits.safetensors"', short)
    assert executed(short, images=(used["pixels"] - used["mean"])[None] / used["std"])[1] == "['7']\n"
    images = torch.randn(4, *used["found"].input)
    assert torch.equal(executed(PLAIN)[0]["module"](images), used["found"].module(images))


def test_a_score_of_ones_own_gives_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert blocks(PAGE, "text") == [executed(SCORE)[1]]


def test_the_fields_of_a_job_are_those_of_the_table() -> None:
    table = PAGE.partition("A `Job` has")[2]
    named = re.findall(r"^\| `(\w+)", table, re.MULTILINE)
    assert ["network", "graph", "recipe", *named] == [*Job.__dataclass_fields__]


def test_the_columns_that_are_named_exist() -> None:
    table = PAGE.partition("| column | says |")[2].partition("\n\n")[0]
    named = {*re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)}
    assert named == {*MEASURED} - {*SIGNALS}
