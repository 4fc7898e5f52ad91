"""How well what is known of a network early ranks what is known of it in the end."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from scipy.stats import norm, spearmanr

from archsearch.errors import ArchsearchError, suggest
from archsearch.notation.condition import ColumnValue
from archsearch.study.columns import COLUMNS, WORDS, ResultRow, check_column
from archsearch.study.plan import epochs_text
from archsearch.study.study import KEY

SIGNALS = ("rf", "params", "macs", "depth", "activation_bytes", "synflow", "naswot", "first_train_loss")
"""The columns that are known before a network is trained, or after its first epoch."""

FEWEST = 4
"""Networks that a correlation needs: with fewer, its interval has no width to compute."""

_MEASURED_BY = tuple(name for name in KEY if name != "seed")
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Correlation:
    """Spearman's rank correlation of a signal with a column, from -1 to 1, over `n` networks.

    `low` and `high` are its 95 % confidence interval. Where there is no figure, `reason` says why.
    """

    signal: str
    column: str
    n: int
    spearman: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None

    def __str__(self) -> str:
        """Write it on a line.

        >>> print(Correlation("val_loss after 2 epochs", "val_loss after 7 epochs", 9, 0.6, -0.12, 0.9))
        rank correlation of val_loss after 2 epochs with val_loss after 7 epochs: 0.60 (-0.12 to 0.90, 9 networks)
        """
        of = f"rank correlation of {self.signal} with {self.column}"
        if self.spearman is None:
            return f"{of}: {self.reason}"
        return f"{of}: {self.spearman:.2f} ({self.low:.2f} to {self.high:.2f}, {self.n} networks)"


def correlations(rows: Iterable[ResultRow], column: str) -> tuple[Correlation, ...]:
    """Return, for each of SIGNALS but the column itself, its rank correlation with a column of numbers.

    Only rows that are `complete` count, and only where they have both values. Each network counts once, with the
    means over its seeds, so that `n` is a number of networks; equal values share the mean of their ranks. The
    interval takes the networks as independent draws, which those that a sampler chose by earlier results are not.

    Raises ArchsearchError for a column that is unknown or holds words, and for rows that were measured on
    different data or splits or by different recipes: a rank over them compares those and not the networks.

    >>> empty = dict.fromkeys(COLUMNS) | {"state": "complete"}
    >>> rows = [
    ...     ResultRow(empty | {"digest": str(number), "params": number, "val_accuracy": number**3})
    ...     for number in range(10)
    ... ]
    >>> [params] = [found for found in correlations(rows, "val_accuracy") if found.signal == "params"]
    >>> params.n, round(params.spearman, 2), round(params.low, 2), round(params.high, 2)
    (10, 1.0, 0.96, 1.0)
    """
    check_column(column)
    if column in WORDS:
        raise ArchsearchError(
            f"column `{column}` holds words; a correlation needs numbers",
            remedy=suggest(column, set(COLUMNS) - set(WORDS)),
        )
    complete = [row for row in rows if row["state"] == "complete"]
    _check_comparable(complete)
    networks = _by_network(complete)
    return tuple(_correlation(signal, column, networks) for signal in SIGNALS if signal != column)


def between_rungs(rows: Iterable[ResultRow], recipes: Mapping[int, str]) -> tuple[Correlation, ...]:
    """Return how well each rung of a study ranks by `val_loss` the networks that went on to the next.

    `recipes` are the digests of their recipes, by their epochs. Those that went on are the best of a rung, which
    are closer to each other than all of it: over all the correlation would be higher.
    """
    rows = [row for row in rows if row["state"] == "complete"]
    losses = {
        epochs: {row["digest"]: _number(row["val_loss"]) for row in rows if row["recipe_digest"] == recipe}
        for epochs, recipe in recipes.items()
    }
    found = []
    for first, second in pairwise(recipes):
        pairs = [(losses[first].get(digest), loss) for digest, loss in losses[second].items()]
        known = [(one, other) for one, other in pairs if one is not None and other is not None]
        names = [f"val_loss after {epochs_text(epochs)}" for epochs in (first, second)]
        found.append(_of_pairs(names[0], names[1], known))
    return tuple(found)


def interval(spearman: float, n: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a rank correlation over `n` > 3 pairs.

    Fisher's transformation atanh, with the variance `(1 + spearman**2 / 2) / (n - 3)` for ranks (Bonett and
    Wright, Sample size requirements for estimating Pearson, Kendall and Spearman correlations, Psychometrika
    2000). It is chosen over a bootstrap, whose resamples of few pairs are full of ties, and which gives a perfect
    order of four networks an interval without width. Here, an order counts as no closer to perfect than half
    the step to the next one, a swap of two neighbours.

    >>> low, high = interval(1.0, 4)
    >>> round(low, 2), high
    (-0.69, 1.0)
    """
    most = 1 - 6 / (n * (n * n - 1))
    bounded = max(-most, min(spearman, most))
    reach = norm.ppf((1 + _CONFIDENCE) / 2) * math.sqrt((1 + bounded**2 / 2) / (n - 3))
    middle = math.atanh(bounded)
    return min(spearman, math.tanh(middle - reach)), max(spearman, math.tanh(middle + reach))


def _correlation(signal: str, column: str, networks: Sequence[Sequence[ResultRow]]) -> Correlation:
    pairs = [
        (first, second)
        for rows in networks
        if (first := _mean(rows, signal)) is not None and (second := _mean(rows, column)) is not None
    ]
    return _of_pairs(signal, column, pairs)


def _of_pairs(signal: str, column: str, pairs: Sequence[tuple[float, float]]) -> Correlation:
    n = len(pairs)
    if n < FEWEST:
        networks = "1 complete network has" if n == 1 else f"{n} complete networks have"
        return Correlation(signal, column, n, reason=f"{networks} both; it needs {FEWEST}")
    for name, values in zip((signal, column), zip(*pairs, strict=True), strict=True):
        if len(set(values)) == 1:
            return Correlation(signal, column, n, reason=f"{name} is the same for all")
    spearman = float(spearmanr(pairs).statistic)
    return Correlation(signal, column, n, spearman, *interval(spearman, n))


def _by_network(rows: Iterable[ResultRow]) -> list[list[ResultRow]]:
    """Return the rows of each network, one for each seed: others are copies in other studies."""
    found: defaultdict[object, dict[object, ResultRow]] = defaultdict(dict)
    for row in rows:
        found[row["digest"]].setdefault(row["seed"], row)
    return [list(by_seed.values()) for by_seed in found.values()]


def _number(value: ColumnValue) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _mean(rows: Iterable[ResultRow], column: str) -> float | None:
    values = [value for row in rows if isinstance(value := row[column], int | float)]
    return fmean(values) if values else None


def _check_comparable(rows: Sequence[ResultRow]) -> None:
    """Raise ArchsearchError, with a condition that selects the largest part, for rows measured in several ways."""
    kinds = Counter(tuple(row[name] for name in _MEASURED_BY) for row in rows)
    if len(kinds) > 1:
        [(most, count)] = kinds.most_common(1)
        largest = dict(zip(_MEASURED_BY, most, strict=True))
        mixed = [name for number, name in enumerate(_MEASURED_BY) if len({kind[number] for kind in kinds}) > 1]
        raise ArchsearchError(
            f"the networks were measured in {len(kinds)} ways, which differ in {' and '.join(mixed)}; "
            "ranks over them would compare those",
            remedy=f'select one: --where "{_condition(largest, mixed)}" leaves {count} of {len(rows)}',
        )


def _condition(values: Mapping[str, object], names: Iterable[str]) -> str:
    return " and ".join(
        f"{name} is none" if values[name] is None else f"{name} = '{values[name]}'" for name in names
    )
