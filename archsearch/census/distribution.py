"""How the figures of the networks that fit are distributed: of all of them, or of fair draws."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from archsearch.analysis.fold import Fold
from archsearch.analysis.fragment import NeedsReachError

if TYPE_CHECKING:
    from archsearch.census.feasible import Feasible
    from archsearch.notation.network import Network
    from archsearch.space.space import Space

DRAWS = 1_000
SHOWN = ("rf", "params", "macs")
_BINS = 8


@dataclass(frozen=True)
class Distribution:
    """How many networks have a figure from `edges[n]` to below `edges[n + 1]`: `counts[n]`."""

    name: str
    edges: tuple[int, ...]
    counts: tuple[int, ...]

    @staticmethod
    def of(name: str, values: Sequence[int]) -> Distribution:
        """Put values into at most 8 bins, each as wide as 1, 2 or 5 times a power of ten.

        >>> Distribution.of("params", [1_250, 1_300, 1_990, 3_400])
        Distribution(name='params', edges=(1000, 1500, 2000, 2500, 3000, 3500), counts=(2, 1, 0, 0, 1))
        """
        least, most, width = min(values), max(values), 1
        widths = (times * 10**power for power in range(most.bit_length()) for times in (1, 2, 5))
        while most // width - least // width >= _BINS:
            width = next(widths)
        edges = range(least // width * width, most // width * width + 2 * width, width)
        found = Counter(bisect_right(edges, value) - 1 for value in values)
        return Distribution(name, tuple(edges), tuple(found[number] for number in range(len(edges) - 1)))


@dataclass(frozen=True)
class Sample:
    """Networks that fit, with their figures: all, or as many fair draws. `is_whole` says whether it is all."""

    is_whole: bool
    networks: tuple[Network, ...]
    figures: tuple[Mapping[str, int], ...]

    @staticmethod
    def of(space: Space, networks: Iterable[Network], *, is_whole: bool = False) -> Sample:
        """Return networks of a space, whose shapes fit, with their figures."""
        found = tuple(networks)
        return Sample(is_whole, found, tuple(_figures(space, found)))

    @property
    def text(self) -> str:
        """Which networks these are.

        >>> Sample(is_whole=False, networks=(), figures=()).text
        '0 fair draws of those that fit'
        """
        many = f"{len(self.networks):,}"
        if self.is_whole:
            return "the one that fits" if len(self.networks) == 1 else f"all {many} that fit"
        return f"{many} fair draws of those that fit"

    @property
    def distributions(self) -> tuple[Distribution, ...]:
        """Those of rf, params and macs; none without networks."""
        names = SHOWN if self.figures else ()
        return tuple(Distribution.of(name, [one[name] for one in self.figures]) for name in names)


def sample(space: Space, fits: Feasible, draws: int = DRAWS, seed: int = 0) -> Sample:
    """Return all networks that fit, if there are no more than so many `draws`; else as many fair draws."""
    is_whole = fits.count.is_exact and fits.size <= draws
    return Sample.of(space, _drawn(fits, range(fits.size) if is_whole else None, draws, seed), is_whole=is_whole)


def _drawn(fits: Feasible, numbers: Iterable[int] | None, draws: int, seed: int) -> Iterable[Network]:
    if numbers is not None:
        return fits.networks(numbers)
    if not fits.count.is_exact:
        return islice(fits.sample(seed), draws)
    generator = random.Random(seed)
    # All at once they share more than one after another.
    return fits.networks([generator.randrange(fits.size) for _ in range(draws)])


def _figures(space: Space, networks: Sequence[Network]) -> list[Mapping[str, int]]:
    """Return the figures of networks whose shapes fit."""
    try:
        return _folded(Fold(space.input, space.classes, SHOWN), networks)
    # Where units follow no pattern, more must be known of what they see.
    except NeedsReachError:
        return _folded(Fold(space.input, space.classes, SHOWN, reach=True), networks)


def _folded(fold: Fold, networks: Iterable[Network]) -> list[Mapping[str, int]]:
    steps = (fold.sentence(network.calls) for network in networks)
    figures = (fold.figures(step) for step in steps if step is not None)
    return [{name: int(one[name]) for name in SHOWN} for one in figures]
