"""Draw the folders of the package from its imports, as CONTRIBUTING.md shows them: python docs/module_map.py."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import grimp

PACKAGE = Path(__file__).resolve().parents[1] / "archsearch"
ROOT = "archsearch"


def drawn() -> str:
    """Return the map: a folder above those that it imports, with its purpose, its imports and its modules."""
    graph = grimp.build_graph(ROOT, exclude_type_checking_imports=True)
    folders = {name.removeprefix(f"{ROOT}.") for name in graph.find_children(ROOT)} - {"__main__"}
    below = {
        folder: {
            other
            for other in folders - {folder}
            if graph.direct_import_exists(
                importer=f"{ROOT}.{folder}", imported=f"{ROOT}.{other}", as_packages=True
            )
        }
        for folder in folders
    }
    return "\n".join(line for folder in _ordered(below) for line in _folder(folder, below[folder]))


def _ordered(below: dict[str, set[str]]) -> list[str]:
    """Return the folders, each above all that it imports."""
    heights: dict[str, int] = {}

    def height(folder: str) -> int:
        if folder not in heights:
            heights[folder] = 1 + max(map(height, below[folder]), default=0)
        return heights[folder]

    return sorted(below, key=lambda folder: (-height(folder), folder))


def _folder(folder: str, imported: set[str]) -> list[str]:
    path = PACKAGE / folder
    purpose = _purpose(path / "__init__.py" if path.is_dir() else path.with_suffix(".py"))
    lines = [f"{folder + '/' if path.is_dir() else folder + '.py'}", f"    {purpose}"]
    if imported:
        lines.append(f"    imports {', '.join(sorted(imported))}")
    modules = [module for module in sorted(path.rglob("*.py")) if module.name != "__init__.py"]
    lines += [f"    {module.relative_to(path).as_posix():24} {_purpose(module)}" for module in modules]
    return lines


def _purpose(path: Path) -> str:
    """Return the first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split()).split(". ")[0].rstrip(".")


if __name__ == "__main__":
    sys.stdout.write(f"{drawn()}\n")
