"""What a proposal costs in a study of so many rows, and what showing them costs, beside Optuna's own ask and tell.

Run it with `python benchmarks/proposals.py`. All figures are ratios to the median of a proposal of Optuna alone,
its TPE on the same choices in a SQLite file of its own that is empty at first, in the same run.
"""

from __future__ import annotations

import random
import time
import warnings
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from archsearch.space.space import Space
from archsearch.study.budget import Budget
from archsearch.study.columns import ResultRow
from archsearch.study.job import Job
from archsearch.study.loop import run
from archsearch.study.propose import asking
from archsearch.study.results import load_results
from archsearch.study.study import Measurement, Study
from archsearch.study.watch import Watch
from archsearch.table import render
from archsearch.training.history import Epoch
from archsearch.training.recipe import Recipe

ROWS = (0, 135, 1_000)
PROPOSALS = 20
STUDY = Study(
    "cpu200k",
    Space.find("cpu200k"),
    Measurement("a table", "0123456789abcdef", "validation", Recipe(epochs=1), seed=0),
)


class Clock(Watch):
    """Notes when each proposal has ended, and ends the search after so many rows."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.times: list[float] = []

    def started(self, study: str, trained: int, trials: int | None) -> None:
        self.times = [time.perf_counter()]

    def finished(self, row: ResultRow) -> None:
        self.times.append(time.perf_counter())
        if len(self.times) > self.most:
            raise KeyboardInterrupt


def instantly(job: Job) -> None:
    """Score a network at once."""
    job.report(Epoch(1, 0.0, 1.0, 50.0, 1.0, random.Random(job.graph.digest).uniform(50, 90), 0.0))


def proposals(storage: str, count: int, sampler: BaseSampler | str = "tpe") -> float:
    """Let a search propose, judge and score; return the median of the seconds for each."""
    clock = Clock(count)
    try:
        run(STUDY, instantly, Budget(trials=10_000_000), storage=storage, watch=clock, sampler=sampler)
    except KeyboardInterrupt:
        return median(after - before for before, after in zip(clock.times, clock.times[1:], strict=False))
    raise AssertionError("the clock ends the search")


def of_optuna(storage: str) -> float:
    """Return the same for Optuna, which neither judges nor keeps anything of a network."""
    study = optuna.create_study(storage=storage, sampler=TPESampler(seed=0))
    times = []
    for number in range(PROPOSALS):
        began = time.perf_counter()
        trial = study.ask()
        STUDY.space.derive(asking(trial))
        study.tell(trial, number % 7)
        times.append(time.perf_counter() - began)
    return median(times)


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    table = []
    with TemporaryDirectory() as folder:
        peer = of_optuna(f"sqlite:///{Path(folder) / 'optuna.db'}")
        storage, there = f"sqlite:///{Path(folder) / 'studies.db'}", 0
        for rows in ROWS:
            if rows > there:
                proposals(storage, rows - there, RandomSampler(seed=rows))
            proposal = proposals(storage, PROPOSALS)
            began = time.perf_counter()
            there = len(load_results(storage))
            shown = time.perf_counter() - began
            table.append([rows, round(proposal / peer, 2), round(shown / peer, 2)])
        print(render(["rows", "a proposal", "showing all rows"], table))
        print(f"of a proposal of Optuna alone in an empty study ({1000 * peer:.0f} ms here)")


if __name__ == "__main__":
    main()
