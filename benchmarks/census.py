"""What `archsearch explain` takes: seconds and memory, for each shipped space and as spaces grow.

Run it with `python benchmarks/census.py`, with `--part own` for a part of it, with `--spaces first` for one space.
Each row is measured in a process of its own: the seconds of `explain` alone, and the most memory that the process
took, Python and the library included. `open` is the width of the interval, in percent of its upper end, where sums
were rounded; nothing where the number is exact.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from archsearch.census.automaton import Automaton
from archsearch.census.count import MEMORY, census, paths
from archsearch.census.explanation import explain
from archsearch.files import shipped
from archsearch.notation.clauses import comparisons
from archsearch.space.space import Space

PARTS = {
    "own": "its own limits",
    "params": "params < 60k in place of its own limits on params",
    "tightest": "the tightest limit on params, in place of its own, that leaves 1,000 sentences or more",
    "growth": "spaces of 10^6 to 10^18 sentences: 5 to 14 steps, each with 20 ways",
}
AT_LEAST = 1_000
STEPS = (5, 8, 11, 14)
COLUMNS = ("space", "limits", "sentences", "fit", "share", "open", "seconds", "MiB")


def with_params(space: Space, bound: int) -> Space:
    """Return a space with a limit on params in place of its own."""
    clauses = space.limits.condition.clauses
    others = [one.text for one in clauses if "params" not in {each.name for each in comparisons(one)}]
    return space.with_limits(", ".join([*others, f"params < {bound}"]))


def tightest(space: Space) -> Space:
    """Return a space with the least limit on params that so many sentences are known to keep, with the others."""
    limited = with_params(space, 1)
    every = paths(limited, Automaton(space))

    def leaves_enough(bound: int) -> bool:
        return census(every, with_params(space, bound).limits, MEMORY).least >= AT_LEAST

    low, high = 0, 1_000
    while not leaves_enough(high):
        low, high = high, 4 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if leaves_enough(middle) else (middle, high)
    return with_params(space, high)


def family(steps: int) -> Space:
    """Return a space of so many steps, some of whose sentences keep limits on two sums."""
    rules = f"network = step(8|16|24|32|40)*{steps} head()\nstep(w) = conv(w, dilation=1|2) | sep(w, dilation=1|2)"
    limits = f"rf > {2 * steps + 9}, params < {2_500 * steps}, macs < {2_400 * steps}k"
    return Space.of(rules).with_limits(limits)


def spaces_of(part: str, names: Sequence[str]) -> Iterator[tuple[str, Space]]:
    """Yield the spaces of a part with their names."""
    if part == "growth":
        yield from ((f"{steps} steps", family(steps)) for steps in STEPS)
        return
    for name in names:
        space = Space.find(name)
        limited = {"own": lambda one: one, "params": lambda one: with_params(one, 60_000), "tightest": tightest}
        yield name, limited[part](space)


def measure(text: str, limits: str) -> dict[str, float]:
    """Explain a space in this process."""
    space = Space.of(text).with_limits(limits)
    started = time.perf_counter()
    found = explain(space)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    counts = {"sentences": found.sentences, "least": found.feasible.least, "most": found.feasible.most}
    return {**counts, "seconds": seconds, "MiB": peak}


def row(name: str, space: Space) -> str:
    """Return a row of the table, measured in another process."""
    given = json.dumps({"text": space.text, "limits": str(space.limits)})
    command = [sys.executable, str(Path(__file__)), "--measure"]
    found = json.loads(subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=True).stdout)
    least, most = found["least"], found["most"]
    cells = (
        name,
        f"`{space.limits}`",
        f"{found['sentences']:,}",
        f"{most:,}",
        f"{100 * most / found['sentences']:.2g} %",
        f"{100 * (most - least) / most:.2g} %" if least < most else "",
        f"{found['seconds']:.1f}",
        f"{found['MiB']:.0f}",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print a table for each part."""
    every = sorted(Path(name).stem for name in shipped(".space"))
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    options.add_argument(
        "--part", choices=PARTS, action="append", help="a part of the tables; all if none is given"
    )
    options.add_argument("--spaces", nargs="+", metavar="SPACE", default=every, help="shipped names or files")
    options.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.measure:
        print(json.dumps(measure(**json.load(sys.stdin))))
        return
    print(f"one core of {platform.machine()}, {platform.platform()}, Python {platform.python_version()}")
    for part in given.part or PARTS:
        print(f"\n{PARTS[part]}:\n\n| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
        for name, space in spaces_of(part, given.spaces):
            print(row(name, space), flush=True)


if __name__ == "__main__":
    main()
