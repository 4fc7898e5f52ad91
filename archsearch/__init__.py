"""Find the most accurate convolutional network that fits a hard budget.

Judging networks needs no torch: `parse`, `analyze`, `check` and `Space` load in a blink. What trains is imported
when it is first used: `load_data`, `train`, `search`, `confirm`, `load_results`, `load_weights`; and so is what
counts: `explain`, `Feasible`, `Completion`.

>>> check("conv(24) conv(44, stride=2) head()", "rf > 44, params < 200k").reasons
('rf is 5, not > 44',)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from archsearch.analysis.limits import Limits, Verdict
from archsearch.analysis.profile import Profile
from archsearch.analyzer import analyze, check
from archsearch.errors import ArchsearchError
from archsearch.notation.network import Network, parse
from archsearch.space.space import Space
from archsearch.training.recipe import Recipe

if TYPE_CHECKING:
    from archsearch.census.completion import Completion
    from archsearch.census.explanation import explain
    from archsearch.census.feasible import Feasible
    from archsearch.data.load import load_data
    from archsearch.study.confirm import confirm
    from archsearch.study.results import load_results
    from archsearch.study.search import search
    from archsearch.training.train import train
    from archsearch.training.weights import load_weights

__all__ = [
    "ArchsearchError",
    "Completion",
    "Feasible",
    "Limits",
    "Network",
    "Profile",
    "Recipe",
    "Space",
    "Verdict",
    "analyze",
    "check",
    "confirm",
    "explain",
    "load_data",
    "load_results",
    "load_weights",
    "parse",
    "search",
    "train",
]

_LOADED_WHEN_USED = {
    "Completion": "archsearch.census.completion",
    "Feasible": "archsearch.census.feasible",
    "confirm": "archsearch.study.confirm",
    "explain": "archsearch.census.explanation",
    "load_data": "archsearch.data.load",
    "load_results": "archsearch.study.results",
    "load_weights": "archsearch.training.weights",
    "search": "archsearch.study.search",
    "train": "archsearch.training.train",
}


def __getattr__(name: str) -> object:
    if name not in _LOADED_WHEN_USED:
        raise AttributeError(f"module `archsearch` has no attribute `{name}`")
    return getattr(import_module(_LOADED_WHEN_USED[name]), name)


def __dir__() -> list[str]:
    return __all__
