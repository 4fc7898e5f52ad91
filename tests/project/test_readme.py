"""What the README shows is what the commands print and the code says."""

from __future__ import annotations

import re

import pytest
from examples.console import ROOT, commands, run
from examples.spaces import SPACES

from archsearch.analysis.figures import FIGURES
from archsearch.files import shipped
from archsearch.notation.vocabulary import VOCABULARY

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("arguments", "printed"), commands(README))
def test_a_command_prints_what_is_shown(
    arguments: str, printed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments, monkeypatch, capsys).strip() == printed.strip()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "first" else pytest.mark.slow) for name in SPACES]
)
def test_the_table_of_spaces(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = run(f"explain {name}", monkeypatch, capsys)
    sentences, fitting = re.findall(r"([\d,]+) sentences|^([\d,]+) fit", said, re.MULTILINE)[:2]
    assert re.search(rf"^\| `{name}` \|.*\| {sentences[0]} \| {fitting[1]} \|$", README, re.MULTILINE)


def test_the_tables_of_words_and_figures() -> None:
    for word in VOCABULARY.values():
        assert f"\n| `{word.signature}` | " in README
    for name, meaning in FIGURES.items():
        assert f"\n| `{name}` | {meaning} |\n" in README


def test_the_space_that_is_shown_is_the_one_that_is_shipped() -> None:
    text = shipped(".space")["first.space"].read_text(encoding="utf-8")
    assert text.split("\n\n", 1)[1] in README


def test_ci_runs_the_readmes_test_command() -> None:
    assert re.search(r"^python3 -m venv \.venv && .* && \.venv/bin/pytest$", README, re.MULTILINE)
