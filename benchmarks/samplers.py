"""What a search finds with each sampler, by both ways of proposing: sixty proposals, a tight limit, ten seeds.

    python benchmarks/samplers.py --seeds 10

Nothing is trained: the score of a network is a made-up formula, another for each seed. Parameters and MACs pay,
ever less; so does each word, by its values and by the word before it, which is what a sampler has to find out; and
there is noise, as with another seed of a training. A published table can stand for the formula: a `Score` that
looks results up, as in docs/training.md, takes the place of `Landscape`, and its space that of --space.

The table has means over the seeds: proposals refused and seen before; the best score after so many proposals, less
the best of as many fair draws (`random`, `fitting`) with the same seed, with its standard error; the slots of a
network that follow from what was learnt, and those that were drawn; seconds of a proposal. With --trained, what is
refused or seen before does not count: the search goes on until sixty networks are scored.
"""

from __future__ import annotations

import argparse
import math
import random
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import mean, stdev
from tempfile import TemporaryDirectory

from archsearch.notation.network import WordCall
from archsearch.space.space import Space
from archsearch.study import fitting, loop
from archsearch.study.budget import Budget
from archsearch.study.columns import ResultRow
from archsearch.study.job import Job
from archsearch.study.loop import run
from archsearch.study.propose import FITTING, PROPOSALS, SAMPLERS
from archsearch.study.study import Measurement, Study
from archsearch.study.watch import Watch
from archsearch.training.history import Epoch
from archsearch.training.recipe import Recipe

AFTER = (10, 30, 60)
LIMITS = "rf > 44, params < 100k, macs < 20M, norm_ops < 110k, dilated >= 1, depthwise >= 1"
NOISE = 0.2


@dataclass(frozen=True)
class Landscape:
    """A made-up accuracy for the networks of a space, in percent."""

    space: Space
    seed: int

    def __call__(self, job: Job) -> None:
        figures = self.space.check(job.network).figures
        cost = sum(2 * math.log10(figures[name]) for name in ("params", "macs"))
        words = [*flat(job.network.calls)]
        alone = mean(self.effect(f"{word}") for word in words)
        beside = mean(self.effect(f"{before} {word}") for before, word in pairwise(words))
        noise = NOISE * self.effect(job.graph.digest)
        accuracy = 50 + cost + 4 * alone + 6 * beside + noise
        job.report(Epoch(1, 0.0, 1.0, 50.0, 1.0, accuracy, 0.0))

    def effect(self, what: str) -> float:
        return effect(f"{self.seed} {what}")


@cache
def effect(what: str) -> float:
    """Return a number that has nothing to do with others: normal, with mean 0 and standard deviation 1."""
    return random.Random(what).gauss(0, 1)


def flat(calls: Sequence[WordCall]) -> Iterator[str]:
    """Yield the words of a network with their values, each before those in its brackets."""
    for call in calls:
        yield f"{call.word.name} {sorted(call.values)}"
        for body in call.bodies:
            yield from flat(body)


@dataclass
class Searched(Watch):
    """What one search has come to; it ends after so many proposals, unless only those `trained` count."""

    trained: bool
    proposals: int = 0
    refused: int = 0
    complete: int = 0
    modelled: int = 0
    drawn: int = 0
    seconds: float = 0.0
    best: list[float] = field(default_factory=lambda: [-math.inf])

    def __post_init__(self) -> None:
        self.began = time.perf_counter()

    def said(self, line: str) -> None:
        # What is counted once, when a run begins, is no part of a proposal.
        self.began = time.perf_counter()

    def proposed(self, modelled: int, drawn: int) -> None:
        if not self.trained and self.proposals == AFTER[-1]:
            raise KeyboardInterrupt
        self.proposals += 1
        self.modelled, self.drawn = self.modelled + modelled, self.drawn + drawn
        if not self.trained:
            self.best.append(self.best[-1])

    def finished(self, row: ResultRow) -> None:
        self.seconds = time.perf_counter() - self.began
        self.refused += row["state"] == "refused"
        if row["state"] != "complete":
            return
        self.complete += 1
        if self.trained:
            self.best.append(self.best[-1])
        self.best[-1] = max(self.best[-1], float(str(row["val_accuracy"])))

    def after(self, count: int) -> float:
        """Return the best score among the first so many proposals, or all, if there were no more."""
        return self.best[min(count, len(self.best) - 1)]

    @property
    def columns(self) -> dict[str, float]:
        """The columns of the table, but for those of the best found."""
        return {
            "refused": self.refused,
            "seen before": self.proposals - self.refused - self.complete,
            "slots modelled": self.modelled / self.proposals,
            "slots drawn": self.drawn / self.proposals,
            "seconds each": self.seconds / self.proposals,
        }


def searched(space: Space, sampler: str, way: str, seed: int, *, trained: bool) -> Searched:
    """Search once."""
    measurement = Measurement("made up", f"{seed}", "validation", Recipe(epochs=1), seed)
    found = Searched(trained)
    with TemporaryDirectory() as folder, suppress(KeyboardInterrupt):
        storage = f"sqlite:///{Path(folder) / 'study.db'}"
        budget = Budget(trials=AFTER[-1])
        study = Study(space.name, space, measurement)
        run(study, Landscape(space, seed), budget, storage=storage, watch=found, sampler=sampler, proposals=way)
    return found


def row(searches: Sequence[Searched], fair: Sequence[Searched]) -> list[str]:
    """Return the means over the seeds."""
    columns = {name: mean(one.columns[name] for one in searches) for name in searches[0].columns}
    cells = [f"{columns['refused']:.1f}", f"{columns['seen before']:.1f}"]
    for after in AFTER:
        gains = [one.after(after) - other.after(after) for one, other in zip(searches, fair, strict=True)]
        error = stdev(gains) / math.sqrt(len(gains)) if len(gains) > 1 else math.nan
        cells.append(f"{mean(gains):+.2f} ± {error:.2f}" if math.isfinite(mean(gains)) else "none")
    return [
        *cells,
        *(f"{columns[name]:.1f}" for name in ("slots modelled", "slots drawn")),
        f"{columns['seconds each']:.3f}",
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--space", default="cpu200k")
    parser.add_argument("--limits", default=LIMITS, help="instead of those of the space")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--samplers", nargs="+", default=SAMPLERS, choices=SAMPLERS, metavar="NAME")
    parser.add_argument("--ways", nargs="+", default=PROPOSALS, choices=PROPOSALS, metavar="WAY")
    parser.add_argument("--trained", action="store_true", help="count networks that are scored, not proposals")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    space = Space.find(asked.space).with_limits(asked.limits)
    counted = fitting.fitting(space, print)
    assert counted is not None
    # All searches are of one space: it is counted once.
    vars(loop)["fitting"] = lambda _space, _say: counted
    print(f"{space.size:,} derivations of `{space.name}`; limits: {space.limits}\n", flush=True)
    header = ["sampler", "proposals", "refused", "seen before", *(f"best after {one}" for one in AFTER)]
    header += ["slots modelled", "slots drawn", "seconds each"]
    print(f"| {' | '.join(header)} |\n|{'---|' * len(header)}")
    fair = [searched(space, "random", FITTING, seed, trained=asked.trained) for seed in range(asked.seeds)]
    for sampler in asked.samplers:
        for way in asked.ways:
            runs = (
                fair
                if (sampler, way) == ("random", FITTING)
                else [searched(space, sampler, way, seed, trained=asked.trained) for seed in range(asked.seeds)]
            )
            print(f"| {' | '.join([sampler, way, *row(runs, fair)])} |", flush=True)
    best = [f"{mean(one.after(after) for one in fair):.2f}" for after in AFTER]
    print(f"\nbest of fair draws: {', '.join(best)}")


if __name__ == "__main__":
    main()
