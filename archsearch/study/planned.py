"""What a search would do with its budget on this machine: rungs, networks, minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, islice
from statistics import median
from typing import TYPE_CHECKING

from archsearch.errors import ArchsearchError
from archsearch.space.choose import by_option
from archsearch.study.budget import Budget
from archsearch.study.draws import Draws
from archsearch.study.plan import Plan
from archsearch.study.propose import check_start
from archsearch.study.search import study_of
from archsearch.training.calibration import calibrate
from archsearch.training.probe import choose
from archsearch.training.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archsearch.data.dataset import Dataset, Split
    from archsearch.graph.graph import Graph
    from archsearch.notation.network import Network
    from archsearch.space.space import Space
    from archsearch.training.recipe import Recipe

_TIMED = 3
"""So many networks are timed."""

_LOOKED_AT = 10_000
"""So many networks are drawn in search of them."""

_EVALUATED = 3
"""So many images are evaluated in the time in which one is trained: there is no backward pass, nor its memory."""


@dataclass(frozen=True)
class PlannedRung:
    """What a rung of a search will train, and how long that takes on this machine."""

    rung: int
    epochs: int
    networks: int
    minutes_each: float
    minutes: float


def plan(
    space: Space,
    dataset: Dataset,
    *,
    recipe: Recipe | None = None,
    rungs: Sequence[int] | None = None,
    trials: int | None = None,
    hours: float | None = None,
    wanted: Wanted | None = None,
    seed: int = 0,
    start: Sequence[Network] = (),
) -> tuple[PlannedRung, ...]:
    """Return what `search` would train on each rung, if all networks were as fast as three that are timed.

    Those are the networks to start from and random ones that fit; nothing is written. Raises ArchsearchError where
    none is found that fits, and what `search` raises for space, budget and device.
    """
    split = dataset.split("validation")
    study = study_of(space, dataset, split, recipe, rungs, seed)
    space, recipe = study.space, study.measurement.recipe
    planned = Plan(study.rungs, Budget(trials, hours))
    if space.limits.name_seconds and space.limits.calibration is None:
        space = space.with_limits(space.limits.calibrated(calibrate(wanted, recipe.batch_size)))
    for network in start:
        check_start(space, network)
    graphs = [*islice(_graphs(space, seed, start), _TIMED)]
    if not graphs:
        message = f"none of {_LOOKED_AT:,} networks drawn from `{space.name}` fits"
        raise ArchsearchError(message, remedy="loosen the limits, or let the space derive other networks")
    seconds = _seconds_an_epoch(graphs, split, recipe, wanted)
    return tuple(
        PlannedRung(rung, epochs, networks, epochs * seconds / 60, networks * epochs * seconds / 60)
        for rung, epochs, networks in zip(count(1), planned.epochs, planned.stated(seconds), strict=False)
    )


def _graphs(space: Space, seed: int, start: Sequence[Network]) -> Iterator[Graph]:
    graphs = {graph.digest: graph for graph in (network.lower(space.input, space.classes) for network in start)}
    yield from graphs.values()
    draws, seen = Draws(space, seed), {*graphs}
    # A space of one network has no choices: they are empty, and found.
    while (choices := draws.find(seen, _LOOKED_AT)) is not None:
        network = space.derive(by_option(choices))
        graph = network.lower(space.input, space.classes)
        seen.add(graph.digest)
        yield graph


def _seconds_an_epoch(graphs: Sequence[Graph], split: Split, recipe: Recipe, wanted: Wanted | None) -> float:
    """Return the seconds that an epoch takes, the median of networks, trained as suits the first."""
    first, *others = graphs
    choice = choose(first, recipe.batch_size, wanted or Wanted(), images=0)
    device = choice.device
    same = Wanted(device.kind, device.precision, device.threads, compiled=device.compiled)
    rates = [choice.rate, *(choose(graph, recipe.batch_size, same, images=0).rate for graph in others)]
    return (len(split.train) + len(split.evaluation) / _EVALUATED) / median(rates)
