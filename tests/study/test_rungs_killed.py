"""A search on rungs that is killed at any point goes on to the same networks, and trains none twice."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from examples import killed_after

from archsearch.study.columns import ResultRow
from archsearch.study.results import load_results

SPACE = """
limits params < 2k
network = conv(4|6|8|10|12, kernel=4, stride=4, padding=0) conv(4|8|12|16, stride=2) head(pool=max|avg)
"""
COMMAND = [
    *("search", "tiny.space", "--data", "digits", "--trials", "6", "--rungs", "1,2,4"),
    *("--batch-size", "64", "--augmentation", "crop", "--threads", "1", "--precision", "fp32"),
]
# 6 networks for an epoch, 2 for two, 1 for four, of 21 batches each: 294 in all.
BATCHES = 294


def searched(storage: Path, batches: int) -> int:
    """Run the search, killed after so many batches; return the exit status."""
    command = [sys.executable, killed_after.__file__, str(batches), *COMMAND, "--storage", f"sqlite:///{storage}"]
    return subprocess.run(command, capture_output=True, check=False).returncode


def complete(rows: tuple[ResultRow, ...]) -> list[tuple[object, ...]]:
    names = ("digest", "epochs", "val_accuracy", "val_loss")
    return [tuple(row[name] for name in names) for row in rows if row["state"] == "complete"]


@pytest.mark.slow
def test_killed_at_three_random_points_it_trains_the_same_networks(folder: Path) -> None:
    (folder / "tiny.space").write_text(SPACE)
    whole, killed = folder / "whole.db", folder / "killed.db"
    # Two studies may find different layouts faster, which differ in the last digits: these share the first choice.
    assert searched(whole, 1) == -signal.SIGKILL
    shutil.copy(whole, killed)
    assert searched(whole, 10 * BATCHES) == 0
    generator = random.Random(0)
    statuses = [searched(killed, generator.randrange(1, BATCHES // 4)) for _ in range(3)]
    assert statuses == [-signal.SIGKILL] * 3
    assert searched(killed, 10 * BATCHES) == 0
    expected, rows = (load_results(f"sqlite:///{storage}") for storage in (whole, killed))
    assert complete(rows) == complete(expected)
    assert Counter(row["epochs"] for row in rows if row["state"] == "complete") == {1: 6, 2: 2, 4: 1}
    assert len({(row["digest"], row["recipe_digest"]) for row in rows}) == len(rows)
