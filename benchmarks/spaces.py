"""How good the networks of a space are before any search: random ones of two spaces, trained alike.

    python benchmarks/spaces.py cpu200k era_s9 --networks 5 --epochs 8 --seed 0 --results results/spaces.jsonl

So many networks that fit are drawn of each, shipped spaces or .space files, trained by the recipe `fast` with so
many epochs, and measured on the images held out. Every run is a line of the file, written when it ends; a run that
is there is not made again, and several processes may work on one file, each with its part (--part 1/2). What is
compared is printed at the end, and with --show alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from statistics import median

import runs

from archsearch import Space
from archsearch.notation.network import Network, parse
from archsearch.table import render
from archsearch.training.recipe import Recipe


def main() -> None:
    """Read what is asked for, make the runs that are missing, and print what is compared."""
    parser = runs.options(__doc__, epochs=8)
    parser.add_argument("spaces", nargs=2, metavar="SPACE")
    parser.add_argument("--networks", type=int, default=5, help="networks of each space")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn, and of every training")
    parser.add_argument("--images", type=int, help="train on so many of the images (all, if left out)")
    asked = parser.parse_args()
    spaces = [Space.find(name) for name in asked.spaces]
    drawn = [islice(fitting(space, asked.seed), asked.networks) for space in spaces]
    same = {"epochs": asked.epochs, "images": asked.images, "seed": asked.seed}
    # In turn, so that the spaces can be compared at any time.
    wanted: list[runs.Run] = [
        {**same, "space": space.name, "network": str(network)}
        for networks in zip(*drawn, strict=False)
        for space, network in zip(spaces, networks, strict=True)
    ]
    if not asked.show:
        make(asked, wanted)
    found = runs.read(asked.results)
    show(spaces, [run for key in wanted if (run := runs.of(key, found))])


def fitting(space: Space, seed: int) -> Iterator[Network]:
    """Draw networks that fit the limits of their space, none of them twice, while there are any."""
    seen: set[Network] = set()
    for network in map(space.at, space.random_indices(seed, most=100_000)):
        if network not in seen and space.check(network).fits:
            seen.add(network)
            yield network


def make(asked: argparse.Namespace, wanted: list[runs.Run]) -> None:
    """Make the runs that are not there yet."""
    split = runs.held_out(asked.images)
    recipe = replace(Recipe.find("fast"), epochs=asked.epochs)
    for key in runs.missing(wanted, asked.results, asked.part):
        run = runs.trained(parse(key["network"]).lower(), split, recipe, asked.seed, asked.threads)
        runs.append(asked.results, {**key, "data": split.data, **run})


def show(spaces: list[Space], found: list[runs.Run]) -> None:
    """Print the accuracies of each space in order, and how many are above all of the other."""
    of = {space.name: sorted(run["accuracy"] for run in found if run["space"] == space.name) for space in spaces}
    if not all(of.values()):
        print("no runs of both spaces yet")
        return
    rows = [
        (name, len(one), median(one), one[-1], "  ".join(f"{accuracy:.2f}" for accuracy in one))
        for name, one in of.items()
    ]
    print(render(("space", "networks", "median", "best", "accuracies"), rows))
    for name, other in ([*of], [*of][::-1]):
        above = sum(accuracy > of[other][-1] for accuracy in of[name])
        print(f"{above} of {len(of[name])} of {name} are above the best of {other}")


if __name__ == "__main__":
    main()
