"""What is said of how networks are trained: of mistakes in device, time, recipe and weights, and by a search."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from examples.mistakes import SEARCH, TRAIN, Capture, message, refused, run

from archsearch.study.results import load_results
from archsearch.training.wanted import cores

pytestmark = pytest.mark.usefixtures("folder")

HELP = "see `archsearch search --help`"
MINUTES = "a number above 0, of at most 1,000,000,000"
NUMBER = "it must be a whole number from 0 to 1,000,000,000"
OPTIONS = [
    (
        ["--minutes-each", "0"],
        f"`--minutes-each` is 0; it must be {MINUTES}",
        HELP,
    ),
    (["--keep", "-1"], f"`--keep` is -1; {NUMBER}", HELP),
    (["--keep", "some"], f"`--keep` is some; {NUMBER}", HELP),
    (["--precision", "fp16"], "`--precision` is fp16; it must be one of fp32, bf16", HELP),
    (["--device", "gpu"], "`--device` is gpu; it must be one of cpu, cuda, mps", HELP),
    (
        ["--threads", "999"],
        f"threads is 999; it must be a whole number from 1 to {cores()}, the cores that this process may use",
        "leave it out to have the fastest number chosen",
    ),
    (
        ["--recipe", "nothere"],
        "there is no recipe `nothere`",
        "give the path of a .toml file or a shipped name; known here: assignment, fast, gpu, long",
    ),
    (
        ["--recipe", "broken.toml"],
        "broken.toml: this is not TOML: Invalid value (at line 1, column 10)",
        "write a line for each field, as in epochs = 20",
    ),
]


@pytest.mark.parametrize(("arguments", "rule", "remedy"), OPTIONS, ids=lambda value: str(value)[:30])
def test_a_mistake_in_an_option(
    capsys: Capture, folder: Path, arguments: list[str], rule: str, remedy: str
) -> None:
    (folder / "broken.toml").write_text("epochs = \n")
    assert refused(capsys, *SEARCH, *arguments) == message(rule, remedy)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("command", [SEARCH, TRAIN])
def test_a_gpu_that_is_not_there_costs_no_network(capsys: Capture, folder: Path, command: list[str]) -> None:
    assert refused(capsys, *command, "--device", "cuda") == message(
        "device is `cuda`; torch finds no such GPU on this machine",
        "leave out --device to train on what there is, or install a torch that is built for the GPU",
    )
    database = folder / "results" / "archsearch.db"
    assert not database.exists() or load_results() == ()


@pytest.mark.parametrize(
    ("file", "rule", "remedy"),
    [
        (
            "nothere/one.safetensors",
            "the weights cannot be written to `nothere/one.safetensors`: there is no folder `nothere`",
            "create the folder first",
        ),
        pytest.param(
            "/proc/one.safetensors",
            "the weights cannot be written to `/proc/one.safetensors`: No such file or directory",
            "name a file in a folder where you may write",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="a folder where even root may not write"),
        ),
    ],
)
def test_weights_that_cannot_be_written_are_refused_before_training(
    capsys: Capture, file: str, rule: str, remedy: str
) -> None:
    assert refused(capsys, *TRAIN, "--weights", file) == message(rule, remedy)


def test_no_weights_are_kept(capsys: Capture, folder: Path) -> None:
    status, _, err = run(capsys, *SEARCH, "--keep", "0", "--threads", "1", "--precision", "fp32")
    assert status == 0
    assert "weights of the best" not in err
    assert not [*folder.rglob("*.safetensors")]


def test_what_a_search_says(capsys: Capture) -> None:
    command = [*SEARCH[:-1], "2", "--threads", "1", "--precision", "fp32"]
    status, _, err = run(capsys, *command)
    assert status == 0
    for once in (
        "   trying how this machine",
        "   trained in fp32, ",
        " left for 1 more\n",
        "  weights of the best are",
    ):
        assert err.count(once) == 1, once
    assert err.count(" images/s\n") == 2
    # The same study on the same machine: nothing is tried again.
    assert "trying how" not in run(capsys, *command, "--json")[2]
