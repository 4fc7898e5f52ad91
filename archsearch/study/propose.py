"""Which network is tried next: what Optuna proposes, or a fair draw from what was not tried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

from archsearch.errors import ArchsearchError
from archsearch.space.choose import Choose, by_index, recording
from archsearch.space.space import Space

if TYPE_CHECKING:
    from optuna.trial import Trial

DRAWS = 5_000
"""Networks drawn in search of a new one that fits; a space that has no more is looked through whole."""


def asking(trial: Trial) -> Choose:
    """Return the choices of an Optuna trial, where the text of an option is its value."""

    def choose(slot: str, options: tuple[str, ...], _counts: tuple[int, ...]) -> int:
        return options.index(trial.suggest_categorical(slot, options))

    return choose


def draw_new(space: Space, tried: Collection[str], seed: int) -> dict[str, str] | None:
    """Draw the choices, option by slot, of a network that fits and whose digest is not in `tried`.

    Every derivation is equally likely. Returns None if no more are found; raises ArchsearchError, which names the
    limits broken most often, if none is found and none was tried.

    >>> draw_new(Space.of("network = conv(8|16) head()"), tried=(), seed=0)
    {'network.0.channels': '16'}
    """
    broken: Counter[str] = Counter()
    looked_at = 0
    for index in space.random_indices(seed, DRAWS):
        choices: dict[str, str] = {}
        network = space.derive(recording(by_index(index), choices))
        verdict = space.check(network)
        if verdict.fits and verdict.digest not in tried:
            return choices
        looked_at += 1
        broken.update(violation.limit for violation in verdict.violations)
    if tried:
        return None
    most = ", ".join(f"{rule} ({count:,})" for rule, count in broken.most_common(3))
    which = f"all {looked_at:,}" if space.size <= DRAWS else f"the {looked_at:,} drawn of {space.size:,}"
    raise ArchsearchError(
        f"no network of `{space.name}` fits: {which} were refused, most often for {most}",
        remedy="loosen the limits, or let the space derive other networks",
    )
