"""The map in CONTRIBUTING.md is the one that its command draws, and the paths in its table exist."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from examples.console import ROOT, blocks

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_map_is_drawn_from_the_imports() -> None:
    command = [sys.executable, "docs/module_map.py"]
    drawn = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert blocks(PAGE, "text") == [drawn.stdout]


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:archsearch|tests|docs|search_spaces)/[\w/.]*)`", PAGE)))
)
def test_what_the_page_names_is_there(path: str) -> None:
    assert (ROOT / path).exists()
