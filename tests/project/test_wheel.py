"""The wheel holds every module and every file that archsearch ships, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from examples.console import ROOT


def test_the_files_of_the_wheel(tmp_path: Path) -> None:
    source, built = tmp_path / "source", tmp_path / "built"
    for folder in ("archsearch", "recipes", "search_spaces"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    options = ["-q", "--no-deps", "--no-build-isolation", "-w", str(built), str(source)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options], check=True, capture_output=True)
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        found = {name for name in content.namelist() if ".dist-info/" not in name}
    shipped = {
        f"archsearch/{folder}/{path.name}"
        for folder in ("recipes", "search_spaces")
        for path in (source / folder).iterdir()
    }
    modules = {
        path.relative_to(source).as_posix() for path in (source / "archsearch").rglob("*") if path.is_file()
    }
    assert found == modules | shipped
