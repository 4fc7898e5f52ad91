"""A network to score: what a study hands to whoever measures it, and what it is told meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from archsearch.graph.graph import Graph
from archsearch.notation.condition import ColumnValue
from archsearch.notation.network import Network
from archsearch.training.history import Epoch
from archsearch.training.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Job:
    """One network of a study, to be scored by a recipe.

    `report` is to be called with each epoch when it ends: the accuracy of the last one, in percent, is the
    network's. `step` may be called with the number of batches done and of all batches, `note` with columns of the
    row, which it then has whatever becomes of the network, and `say` with a line for whoever watches. `remember`
    returns what the study keeps under a name; where there is nothing, it is made, and kept. `weights` is a file
    for what the network has reached and for its weights, or None.
    """

    network: Network
    graph: Graph
    recipe: Recipe
    report: Callable[[Epoch], None]
    step: Callable[[int, int], None]
    note: Callable[[Mapping[str, ColumnValue]], None]
    say: Callable[[str], None]
    remember: Callable[[str, Callable[[], dict[str, Any]]], Mapping[str, Any]]
    weights: Path | None


class Score(Protocol):
    """Measures a network: training, or a table of published results, or whatever a test needs.

    It must let through what the functions of the job raise, and raises TrainingError if the network fails.
    """

    def __call__(self, job: Job) -> None: ...
