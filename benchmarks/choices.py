"""Which choices make a small network accurate: search_spaces/cpu200k.net with one choice changed at a time.

    python benchmarks/choices.py --epochs 6 --seeds 0 1 --results results/choices.jsonl

Every network is trained by the recipe `fast` with so many epochs, and measured on the images held out. Every run
is a line of the file, written when it ends; a run that is there is not made again, and several processes may work
on one file, each with its part (--part 1/2). The table is printed at the end, and with --show alone.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from dataclasses import replace
from statistics import mean

import runs

from archsearch.analyzer import analyze
from archsearch.notation.network import parse
from archsearch.table import render
from archsearch.training.recipe import Recipe

BASE = "base"


def plain(w: int, dilation: int = 1) -> str:
    """Return a block of two dense convolutions."""
    return f"residual(conv({w}) conv({w}, dilation={dilation}, activation=none)) relu"


def narrow(w: int, t: int, dilation: int = 1) -> str:
    """Return a block with a bottleneck of t channels."""
    first, last = f"conv({t}, kernel=1)", f"conv({w}, kernel=1, activation=none)"
    return f"residual({first} conv({t}, dilation={dilation}) {last}) relu"


def light(w: int, kernel: int = 3, dilation: int = 1, multiplier: int = 1, after: str = "") -> str:
    """Return a block of one depthwise-separable convolution, and words after it."""
    return f"residual(sep({w}, kernel={kernel}, dilation={dilation}, multiplier={multiplier}){after})"


def reach(kernel: int, dilation: int = 1) -> str:
    """Return a depthwise kernel alone."""
    return f"dw({kernel}, dilation={dilation}, norm=none, activation=none)"


def gated(w: int, hidden: int, depthwise: str) -> str:
    """Return a block of depthwise kernels and a gate, as `gpu200k` has them."""
    return f"residual({depthwise} norm() gated({w}, hidden={hidden}), scale=skip)"


SCALES = f"split(same, {reach(3)}, {reach(5)}, avgpool(3, stride=1, padding=1) {reach(5, dilation=2)})"


def network(
    stem: str = "conv(24, norm=none) conv(48, stride=2)",
    middle: tuple[str, ...] = (plain(48, dilation=2), plain(48)),
    halve: str = "sep(80, stride=2, multiplier=2)",
    deep: tuple[str, ...] = (narrow(80, 40, dilation=2), narrow(80, 40), light(80), light(80)),
    pool: str = "avg",
) -> str:
    """Return the sentence of the network that these make one after another, by default cpu200k.net."""
    return " ".join([stem, *middle, halve, *deep, f"head(pool={pool})"])


def everywhere(name: str, value: str, sentence: str) -> str:
    """Return the sentence with an argument for each convolution that has none of that name."""

    def given(call: re.Match[str]) -> str:
        return call[0] if f"{name}=" in call[0] else f"{call[0][:-1]}, {name}={value})"

    return re.sub(r"\b(?:conv|sep)\([^()]*\)", given, sentence)


def residuals(written: str, sentence: str) -> str:
    r"""Return the sentence with each `residual(...)` written in another way; \1 is what is in its brackets."""
    return re.sub(r"residual\(((?:[^()]|\([^()]*\))*)\)", written, sentence)


NETWORKS: Mapping[str, str] = {
    BASE: network(),
    "head: max": network(pool="max"),
    "stem: batch norm": network(stem="conv(24) conv(48, stride=2)"),
    "stem: 5 x 5": network(stem="conv(24, kernel=5, norm=none) conv(48, stride=2)"),
    "stride: in the first convolution": network(stem="conv(24, stride=2, norm=none) conv(48)"),
    "stride: a block later": network(stem=f"conv(24, norm=none) {plain(24)} conv(48, stride=2)"),
    "dilation: none": network(middle=(plain(48),) * 2, deep=(narrow(80, 40),) * 2 + (light(80),) * 2),
    "dilation: middle": network(deep=(narrow(80, 40),) * 2 + (light(80),) * 2),
    "dilation: deep": network(middle=(plain(48),) * 2),
    "norm: layer": everywhere("norm", "layer", network()),
    "activation: silu": everywhere("activation", "silu", network()).replace(" relu", " act(silu)"),
    "residual: none": residuals(r"\1", network()),
    "residual: scaled": residuals(r"residual(\1, scale=skip)", network()),
    "residual: over the halving too": network(
        halve="residual(sep(80, stride=2, multiplier=2, activation=none)) relu"
    ),
    "residual: over the halving too, pool": network(
        halve="residual(sep(80, stride=2, multiplier=2, activation=none), shortcut=pool) relu"
    ),
    "deep: bottlenecks": network(deep=(narrow(80, 40, dilation=2),) + (narrow(80, 40),) * 2),
    "deep: depthwise": network(
        deep=(light(80, dilation=2, multiplier=2),) + (light(80, multiplier=2),) * 3,
    ),
    "deep: depthwise of 5 x 5": network(
        deep=(narrow(80, 40, dilation=2), narrow(80, 40), light(80, kernel=5), light(80, kernel=5))
    ),
    "deep: squeeze-excitation": network(
        deep=(narrow(80, 40, dilation=2), narrow(80, 40), *(light(80, after=" se()"),) * 2)
    ),
    "deep: gated": network(deep=(gated(80, 56, reach(3, dilation=2)),) + (gated(80, 56, reach(3)),) * 3),
    "deep: gated, many scales": network(deep=(gated(80, 56, SCALES),) * 4),
    "size: wider, 4 blocks": network(
        stem="conv(24, norm=none) conv(64, stride=2)",
        middle=(plain(64, dilation=2),),
        halve="sep(96, stride=2, multiplier=2)",
        deep=(narrow(96, 48, dilation=2), light(96), light(96)),
    ),
    "size: narrower, 9 blocks": network(
        stem="conv(24, norm=none) conv(40, stride=2)",
        middle=(plain(40, dilation=2), *(plain(40),) * 2),
        halve="sep(64, stride=2, multiplier=2)",
        deep=(narrow(64, 32, dilation=2), *(narrow(64, 32),) * 2, *(light(64),) * 3),
    ),
}


def main() -> None:
    """Read what is asked for, make the runs that are missing, and print the table."""
    parser = runs.options(__doc__, epochs=6)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--networks", nargs="+", default=[*NETWORKS], choices=[*NETWORKS], metavar="NAME")
    parser.add_argument("--images", type=int, help="train on so many of the images (all, if left out)")
    asked = parser.parse_args()
    if not asked.show:
        make(asked)
    shown = {"epochs": asked.epochs, "images": asked.images}
    show([run for run in runs.read(asked.results) if shown.items() <= run.items()])


def make(asked: argparse.Namespace) -> None:
    """Make the runs that are asked for and not there yet."""
    split = runs.held_out(asked.images)
    recipe = replace(Recipe.find("fast"), epochs=asked.epochs)
    same = {"data": split.data, "images": asked.images, "epochs": asked.epochs}
    wanted = [{**same, "seed": seed, "arm": name} for seed in asked.seeds for name in asked.networks]
    for key in runs.missing(wanted, asked.results, asked.part):
        graph = parse(NETWORKS[key["arm"]]).lower()
        run = runs.trained(graph, split, recipe, key["seed"], asked.threads)
        runs.append(asked.results, {**key, **run})


def show(found: list[runs.Run]) -> None:
    """Print mean accuracy, what it is above the base with the same seeds, and what each network costs and sees."""
    arms = runs.by_arm(found, NETWORKS)
    rows = []
    for name, by_seed in arms.items():
        gains = runs.gains(by_seed, arms.get(BASE, {}))
        figures = analyze(parse(NETWORKS[name]).lower()).figures
        accuracy, rate = (runs.average(by_seed, value) for value in ("accuracy", "images_per_second"))
        each = " ".join(f"{gain:+.2f}" for gain in gains)
        gain = f"{mean(gains):+.2f}" if gains else ""
        costs = (figures[figure] for figure in ("params", "macs", "rf"))
        rows.append((name, accuracy, gain, each, *costs, round(rate)))
    columns = ("change", "accuracy", "gain", "of each seed", "params", "macs", "rf", "images/s")
    print(render(columns, rows))


if __name__ == "__main__":
    main()
