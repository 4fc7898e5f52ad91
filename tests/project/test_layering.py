"""Imports run one way, and what judges networks never loads what trains them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from examples.console import ROOT

HEAVY = {"torch", "optuna", "pandas", "numpy", "albumentations", "sklearn", "pyarrow", "rich", "sqlalchemy", "cv2"}


def test_the_contracts_on_imports_are_kept() -> None:
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports('setup.cfg', no_cache=True))"
    checked = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    "code",
    [
        "import archsearch",
        "import archsearch.cli",
        "import archsearch; archsearch.check('conv(8) head()', 'rf > 44')",
        "import archsearch; archsearch.Space.find('era_s9').check(archsearch.parse('conv(8) head()'))",
        "import sys; sys.argv = ['archsearch', 'check', 'era_s9.net']\nfrom archsearch.cli import main\n"
        "try: main()\nexcept SystemExit: pass",
        "import sys; sys.argv = ['archsearch', 'recipes', 'fast']\nfrom archsearch.cli import main\n"
        "try: main()\nexcept SystemExit: pass",
    ],
)
def test_judging_loads_nothing_heavy(code: str) -> None:
    code = f"{code}\nimport sys; print('loaded', *{{name.split('.')[0] for name in sys.modules}})"
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(ended.stdout.split("loaded ")[1].split())
    assert "archsearch" in loaded
    assert not HEAVY & loaded
