"""Test accuracies of the networks of a search over several seeds: the best, and the simplest near it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, stdev

from archsearch.notation.condition import ColumnValue
from archsearch.study.columns import ResultRow


@dataclass(frozen=True)
class Run:
    """One training of a confirmed network: its row, and percent of the test images of each class."""

    row: ResultRow
    by_class: Mapping[str, float | None]

    @property
    def accuracy(self) -> float | None:
        """Percent of the test images after the last epoch; None for a training that failed."""
        accuracy = self.row["test_accuracy"]
        # It may have failed after its last epoch, when its predictions were made.
        has_ended = self.row["state"] == "complete"
        return float(accuracy) if has_ended and isinstance(accuracy, int | float) else None


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation (n - 1) of accuracies in percent; no deviation of a single one."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float | None:
        """The mean, None of no values."""
        return fmean(self.values) if self.values else None

    @property
    def sd(self) -> float | None:
        """The sample standard deviation, None of fewer than two values.

        >>> Spread((90.0, 92.0)).mean, Spread((89.0, 91.0, 93.0)).sd, Spread((90.0,)).sd
        (91.0, 2.0, None)
        """
        return stdev(self.values) if len(self.values) > 1 else None

    @property
    def standard_error(self) -> float | None:
        """The standard error of the mean, sd / sqrt(n)."""
        return None if self.sd is None else self.sd / math.sqrt(len(self.values))


@dataclass(frozen=True)
class Confirmed:
    """A network of a search, `name` as STUDY#NUMBER, and its trainings by their seeds; some may be missing."""

    name: str
    sentence: str
    digest: str
    figures: Mapping[str, float]
    runs: Mapping[int, Run]

    @cached_property
    def accuracy(self) -> Spread:
        """Percent of the test images, over the seeds that were trained to the end."""
        return Spread(tuple(run.accuracy for run in self.runs.values() if run.accuracy is not None))

    @property
    def by_class(self) -> Mapping[str, Spread]:
        """The same for each class that has test images."""
        found: defaultdict[str, list[float]] = defaultdict(list)
        for run in self.runs.values():
            for name, percent in run.by_class.items():
                if percent is not None:
                    found[name].append(percent)
        return {name: Spread(tuple(values)) for name, values in found.items()}

    @property
    def minutes(self) -> float:
        """What all its trainings took, in minutes."""
        return sum(float(run.row["seconds"] or 0) for run in self.runs.values()) / 60

    @property
    def values(self) -> dict[str, ColumnValue]:
        """A line of a table: its names are the columns; accuracies are in percent, a seed a column."""
        reasons = {f"seed {seed}: {run.row['reason']}" for seed, run in self.runs.items() if run.row["reason"]}
        return {
            "network": self.name,
            "params": self.figures["params"],
            "rf": self.figures["rf"],
            "macs": self.figures["macs"],
            "mean": self.accuracy.mean,
            "sd": self.accuracy.sd,
            **{f"seed_{seed}": run.accuracy for seed, run in self.runs.items()},
            "minutes": self.minutes,
            "reason": "; ".join(sorted(reasons)) or None,
            "digest": self.digest,
            "sentence": self.sentence,
        }


@dataclass(frozen=True)
class Confirmation:
    """Networks of a search with their test accuracies, in the order in which they were chosen."""

    networks: tuple[Confirmed, ...]

    @property
    def best(self) -> Confirmed | None:
        """The network of the highest mean, of equal ones that with the fewest parameters; None if all failed.

        It is one of those with the fewest failures: a mean over fewer seeds is less sure.
        """
        return max(self._comparable, key=lambda one: (one.accuracy.mean, -one.figures["params"]), default=None)

    @property
    def simplest(self) -> Confirmed | None:
        """The network with the fewest parameters whose mean is within one standard error of the best's.

        None where there is no spread: it takes two seeds. The rule is that of Breiman, Friedman, Olshen and Stone,
        Classification and Regression Trees (1984), 3.4.3.
        """
        best = self.best
        if best is None or best.accuracy.standard_error is None or best.accuracy.mean is None:
            return None
        least = best.accuracy.mean - best.accuracy.standard_error
        near = [one for one in self._comparable if one.accuracy.mean is not None and one.accuracy.mean >= least]
        return min(near, key=lambda one: one.figures["params"])

    @property
    def _comparable(self) -> list[Confirmed]:
        most = max((len(one.accuracy.values) for one in self.networks), default=0)
        return [one for one in self.networks if 0 < len(one.accuracy.values) == most]
