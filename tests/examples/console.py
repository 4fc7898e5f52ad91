"""Console blocks of a page: the commands in them, and what they print; shared by the tests of pages."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from archsearch import cli

ROOT = Path(__file__).parents[2]


def blocks(page: str, language: str) -> list[str]:
    """Return what stands in a page's code blocks of a language, "" for those that name none."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    return [text for written_in, text in found if written_in == language]


def commands(page: str) -> list[tuple[str, str]]:
    """Return the arguments of each command in the console blocks, and what is shown as printed by it."""
    shown = "\n".join(blocks(page, "console"))
    return re.findall(r"^\$ archsearch (.*)\n((?:(?!\$).*\n)*)", shown, re.MULTILINE)


def run(arguments: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """Run the command line in this process, from the repository's root; return what it prints."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("sys.argv", ["archsearch", *shlex.split(arguments)])
    with pytest.raises(SystemExit):
        cli.main()
    return capsys.readouterr().out
