"""docs/spaces.md names every shipped space, and has the figures of the networks to start from."""

from __future__ import annotations

import re

import pytest
from examples.console import ROOT, commands, run
from examples.spaces import SPACES, STARTS

from archsearch import analyze
from archsearch.files import shipped
from archsearch.notation.network import read

PAGE = (ROOT / "docs" / "spaces.md").read_text(encoding="utf-8")


def test_it_says_what_each_space_is_for_and_lists_each_start() -> None:
    assert sorted(re.findall(r"^- \*\*`(\w+)`\*\* ", PAGE, re.MULTILINE)) == SPACES
    assert sorted(re.findall(r"^\| `(\w+)\.net` \|", PAGE, re.MULTILINE)) == STARTS


@pytest.mark.parametrize(("arguments", "printed"), commands(PAGE))
def test_a_command_prints_what_is_shown(
    arguments: str, printed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments, monkeypatch, capsys).strip() == printed.strip()


@pytest.mark.parametrize("name", STARTS)
def test_the_figures_of_a_start(name: str) -> None:
    figures = analyze(read(shipped(".net")[f"{name}.net"]).lower()).figures
    params, macs, rf = (figures[figure] for figure in ("params", "macs", "rf"))
    assert f"\n| `{name}.net` | {params:,} | {macs:,} | {rf} |\n" in PAGE
