"""Digests and figures of a hundred sentences, as first released: a change of one would re-key results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archsearch import analyze, parse

KEPT = json.loads((Path(__file__).parents[1] / "examples" / "figures.json").read_text())


@pytest.mark.parametrize("sentence", KEPT)
def test_digest_and_figures_stay(sentence: str) -> None:
    found = analyze(sentence)
    assert {"digest": found.graph.digest, **found.figures} == KEPT[sentence]
    assert str(parse(sentence)) == sentence


def test_a_hundred() -> None:
    assert len(KEPT) == len({figures["digest"] for figures in KEPT.values()}) == 100
