"""Which network is tried next: what an Optuna trial proposes, or else a fair draw of what was not tried."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from archsearch.candidate import judge
from archsearch.errors import ArchsearchError
from archsearch.space import Choose, Space, ranked, recorded

if TYPE_CHECKING:
    from optuna.trial import Trial

DRAWS = 5_000
"""Draws after which a space is taken to hold no new network that fits; a smaller space is gone through whole."""


def asking(trial: Trial) -> Choose:
    """Return the choices of an Optuna trial, which knows an option by its text."""

    def choose(slot: str, options: tuple[str, ...], _counts: tuple[int, ...]) -> int:
        return options.index(trial.suggest_categorical(slot, options))

    return choose


def draw_new(space: Space, tried: Collection[str], seed: int) -> dict[str, str] | None:
    """Draw the choices, option by slot, of a network that fits and whose digest is not in `tried`.

    Every derivation is equally likely. Returns None if there is none to be found any more; raises
    ArchsearchError, with the limits broken most often, where nothing fits at all.

    >>> draw_new(Space.of("network = conv(8|16) head()"), tried=(), seed=0)
    {'network.0.channels': '16'}
    """
    grammar = space.grammar
    broken: Counter[str] = Counter()
    looked_at = fitting = 0
    for index in _indices(space.size, seed):
        choices: dict[str, str] = {}
        network = space.derive(recorded(ranked(index), choices))
        candidate = judge(network, grammar.input, grammar.classes, grammar.limits)
        if candidate.fits and candidate.digest not in tried:
            return choices
        looked_at, fitting = looked_at + 1, fitting + candidate.fits
        broken.update(candidate.rules_broken)
    if fitting:
        return None
    most = ", ".join(f"{rule} ({count:,})" for rule, count in broken.most_common(3))
    raise ArchsearchError(
        f"no network of `{space.name}` fits: {looked_at:,} of {space.size:,} were looked at and refused: {most}",
        remedy="loosen the limits, or let the space derive other networks",
    )


def _indices(size: int, seed: int) -> Iterator[int]:
    generator = random.Random(seed)
    if size <= DRAWS:
        yield from generator.sample(range(size), size)
    else:
        for _ in range(DRAWS):
            yield generator.randrange(size)
