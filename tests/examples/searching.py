"""A search in a process of its own: `python searching.py URL TRIALS SECONDS`, which are those for each network.

It writes `ready`, starts when it reads a line, and writes `training` when it trains a network.
"""

from __future__ import annotations

import sys
import time

from archsearch.space.space import Space
from archsearch.study.budget import Budget
from archsearch.study.job import Job, Score
from archsearch.study.loop import run
from archsearch.study.study import Measurement, Study
from archsearch.training.history import Epoch
from archsearch.training.recipe import Recipe

STUDY = Study(
    "many",
    Space.of("network = conv(4|8|12|16|20|24|28|32, stride=2) conv(4|8|12|16) head()", "many"),
    Measurement("a table", "0123456789abcdef", "validation", Recipe(epochs=1), seed=0),
)


def score_in(seconds: float) -> Score:
    def score(job: Job) -> None:
        print("training", flush=True)
        time.sleep(seconds)
        job.report(Epoch(1, 0.0, 1.0, 50.0, 1.0, sum(job.graph.digest.encode()) / 40, 0.0))
        job.note({"precision": "looked up"})

    return score


if __name__ == "__main__":
    url, trials, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    print("ready", flush=True)
    sys.stdin.readline()
    print(run(STUDY, score_in(seconds), Budget(trials=trials), storage=url).ended, flush=True)
