"""Whatever interrupts a training, the same command goes on to the same curve, row and weights, to the digit."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from examples import killing
from examples.mistakes import Capture
from examples.mistakes import run as run_command

from archsearch.study.results import load_results
from archsearch.training.checkpoint import Checkpoint
from archsearch.training.weights import load_weights

NETWORK = "conv(8, stride=4) sep(16, stride=2) head()"
RECIPE = [
    *("--epochs", "4", "--batch-size", "64", "--augmentation", "crop", "--dropout", "0.1", "--ema-decay", "0.9"),
    *("--muon-learning-rate", "0.02", "--mixup", "0.2", "--threads", "1", "--precision", "fp32"),
]
SEARCH = ["search", "one.space", "--data", "digits", "--trials", "1", *RECIPE]
TRAIN = ["train", NETWORK, "--data", "digits", "--weights", "trained.safetensors", *RECIPE]
KEPT, MOVED = "results/archsearch.weights/one/0.safetensors", "trained.safetensors"
RESULTS, TIMES = Path("results"), {"seconds", "images_per_second"}


@pytest.fixture(autouse=True)
def space(folder: Path) -> None:
    (folder / "one.space").write_text(f"network = {NETWORK}\n")


def interrupted(how: signal.Signals, command: list[str]) -> str:
    """Run a command until the middle of its third epoch; return what it says."""
    program = [sys.executable, killing.__file__, how.name, "3", NETWORK]
    done = subprocess.run([*program, *command], capture_output=True, text=True, check=False)
    assert done.returncode == {signal.SIGKILL: -signal.SIGKILL, signal.SIGINT: 130}[how], done.stderr
    (checkpoint,) = RESULTS.rglob("*.safetensors")
    assert [epoch["epoch"] for epoch in Checkpoint.read(checkpoint).values["history"]] == [1, 2]
    return done.stderr


def ended(capsys: Capture, command: list[str], weights: str) -> dict[str, Any]:
    """Run a command to its end; return what it is to have reached: row, history, weights."""
    status, _, err = run_command(capsys, *command)
    assert status == 0, err
    (row,) = load_results()
    found = load_weights(weights)
    epochs = [
        {name: value for name, value in epoch.items() if name not in TIMES} for epoch in found.about["history"]
    ]
    values = {name: value for name, value in row.values.items() if name not in TIMES}
    return {"row": values, "epochs": epochs, "tensors": found.module.state_dict()}


@pytest.mark.parametrize(
    ("how", "command", "weights"),
    [
        (signal.SIGKILL, SEARCH, KEPT),
        pytest.param(signal.SIGINT, SEARCH, KEPT, marks=pytest.mark.slow),
        pytest.param(signal.SIGKILL, TRAIN, MOVED, marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, TRAIN, MOVED, marks=pytest.mark.slow),
    ],
    ids=lambda value: value.name if isinstance(value, signal.Signals) else value[0],
)
def test_the_same_command_goes_on_to_the_same_curve(
    capsys: Capture, how: signal.Signals, command: list[str], weights: str
) -> None:
    said = interrupted(how, command)
    assert (f"; the same command resumes the {command[0]}" in said.replace("training", "train")) is (
        how == signal.SIGINT
    )
    # Without the checkpoint the same study, on the device chosen for it, trains the network in one go.
    shutil.copytree(RESULTS, "before")
    shutil.rmtree(RESULTS / "archsearch.weights")
    whole = ended(capsys, command, weights)
    for path in (RESULTS, Path(MOVED)):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    Path("before").rename(RESULTS)
    resumed = ended(capsys, command, weights)
    assert [epoch["epoch"] for epoch in whole["epochs"]] == [1, 2, 3, 4]
    tensors, others = whole.pop("tensors"), resumed.pop("tensors")
    assert resumed == whole
    assert all(torch.equal(tensor, others[name]) for name, tensor in tensors.items())
    assert command is SEARCH or not [*RESULTS.rglob("*.safetensors")]
