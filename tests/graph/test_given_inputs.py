"""The inputs of a module as they are given in Python."""

from __future__ import annotations

from typing import Any

import pytest

from archsearch import analyze
from archsearch.errors import NotationError
from archsearch.graph.inputs import Inputs


@pytest.mark.parametrize(
    "given",
    [32, None, 3.5, (3, 32.0, 32), (3, 0, 32), (3, -2, 32), ("3", 32, 32), {"image": 5}, {"image": (3, -2)}],
)
def test_what_has_no_sizes_is_refused(given: Any) -> None:
    with pytest.raises(NotationError, match="its sizes must be whole numbers of at least 1\n  write"):
        Inputs.of(given)


def test_a_sentence_is_analyzed_for_a_shape_alone() -> None:
    with pytest.raises(NotationError, match="the shape of an input is 32; its sizes"):
        analyze("conv(8) head()", 32)  # type: ignore[arg-type]
    assert analyze("conv(8) head()", [3, 8, 8]).graph.input == (3, 8, 8)  # type: ignore[arg-type]
