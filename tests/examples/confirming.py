"""A small search on the digits, and its networks confirmed: what the tests of both share."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from archsearch.data.dataset import Dataset
from archsearch.space.space import Space
from archsearch.study.columns import ResultRow
from archsearch.study.confirm import confirm
from archsearch.study.confirmation import Confirmation
from archsearch.study.search import search
from archsearch.training import probe
from archsearch.training.recipe import Recipe
from archsearch.training.wanted import Wanted

SHORT = Recipe(epochs=1, batch_size=64, augmentation="none")
LONG = replace(SHORT, epochs=2)
SPACE = Space.of("network = conv(4|5|6|7, kernel=4, stride=4, padding=0) head()", "tiny")
CPU = Wanted("cpu", "fp32", 1)
CHANGING = {"seconds", "images_per_second", "device"}


def searched(data: Dataset, storage: str, trials: int = 2) -> tuple[ResultRow, ...]:
    return search(SPACE, data, recipe=SHORT, trials=trials, storage=storage, wanted=CPU).rows


def confirming(data: Dataset, storage: str, study: str = "tiny", **given: Any) -> Confirmation:
    return confirm(study, data, **{"recipe": LONG, "storage": storage, "wanted": CPU, **given})


def steady(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{name: value for name, value in row.items() if name not in CHANGING} for row in rows]


def compute_in_one_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which layout is the fastest is a measurement, and results to the digit hold for one layout."""
    monkeypatch.setattr(probe, "_FASTER", math.inf)
