"""What fair draws of networks that fit take, beside drawing from all networks until so many fit.

Run it with `python benchmarks/draws.py`: 10,000 draws from the shipped space era_s9 under a limit on params that
few of its networks keep, with the counting that comes before. Drawing from all and throwing away what does not fit
has the same time; where hardly any fits, it finds none. All in one process, by one thread.
"""

from __future__ import annotations

import argparse
import time
from itertools import islice

from archsearch.census.feasible import Feasible, sample_any
from archsearch.space.space import Space

LIMITS = "rf > 44, macs < 60M, dilated >= 1, depthwise >= 1, params < 13259"


def main() -> None:
    """Print what both ways come to."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    options.add_argument("--space", default="era_s9")
    options.add_argument("--limits", default=LIMITS)
    options.add_argument("--draws", type=int, default=10_000)
    given = options.parse_args()
    space = Space.find(given.space).with_limits(given.limits)
    started = time.perf_counter()
    feasible = Feasible(space)
    counted = time.perf_counter()
    drawn = [*islice(feasible.sample(seed=0), given.draws)]
    taken = time.perf_counter() - started
    print(f"{space.name}, {space.limits}: {feasible.count} of {feasible.sentences:,} networks fit")
    print(f"counted in {counted - started:.1f} s, {given.draws:,} drawn in {taken + started - counted:.1f} s")
    unfit = sum(not space.check(network).fits for network in drawn)
    print(f"of which {unfit} do not fit, and {len({*map(str, drawn)}):,} are distinct")
    tried = fitted = 0
    begun = time.perf_counter()
    for network in sample_any(space, seed=0):
        if time.perf_counter() - begun > taken:
            break
        tried, fitted = tried + 1, fitted + space.check(network).fits
    print(f"by rejection, in the same time: {tried:,} networks drawn from all, of which {fitted:,} fit")
    share = feasible.count.most / feasible.sentences
    print(f"at this rate, {given.draws:,} that fit would take {given.draws / share / tried * taken:,.0f} s")


if __name__ == "__main__":
    main()
