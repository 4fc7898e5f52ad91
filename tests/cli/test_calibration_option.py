"""Limits on seconds from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from examples.console import run

from archsearch.analysis.cost import Calibration

CALIBRATION = Calibration(
    1e-11, 4e-11, 1e-11, 4e-11, 2e-9, 3e-9, 1e-9, 1e-6, device="fp32, 1 thread, batches of 128"
)


@pytest.fixture
def machine(tmp_path: Path) -> str:
    file = tmp_path / "machine.json"
    file.write_text(json.dumps(CALIBRATION.written()), encoding="utf-8")
    return str(file)


def test_check_judges_seconds_by_a_calibration_and_loads_no_torch(machine: str) -> None:
    code = "import sys; from archsearch.cli import main\ntry: main()\nfinally: print('torch' in sys.modules)"
    limits = ["--limits", "seconds < 1", "--calibration", machine]
    done = subprocess.run(
        [sys.executable, "-c", code, "check", "conv(8) head()", *limits],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("refused\n  seconds is 3.28, not < 1\nFalse\n", "")
    assert done.returncode == 1


def test_analyze_shows_seconds(
    machine: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = run(f"analyze 'conv(8) head()' --calibration {machine} --json", monkeypatch, capsys)
    assert json.loads(out)["seconds"] == 3.28
    out = run("analyze 'conv(8) head()' --json", monkeypatch, capsys)
    assert "seconds" not in json.loads(out)


def test_sample_shows_seconds(
    machine: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = f"--limits 'seconds < 1' --calibration {machine}"
    rows = json.loads(run(f"sample first --any --count 3 {limits} --json", monkeypatch, capsys))
    assert [row["fits"] for row in rows] == [row["seconds"] < 1 for row in rows]


def test_a_search_without_limits_on_seconds_takes_no_calibration(machine: str) -> None:
    command = ["search", "first", "--trials", "1", "--calibration", machine]
    done = subprocess.run(
        [sys.executable, "-m", "archsearch", *command], capture_output=True, text=True, check=False
    )
    assert "`--calibration` has no effect here: no limit names seconds" in done.stderr
    assert done.returncode == 2
