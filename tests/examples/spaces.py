"""The names of the spaces that are shipped, and of those with a network to start from."""

from __future__ import annotations

from pathlib import Path

from archsearch.files import shipped

SPACES = sorted(Path(name).stem for name in shipped(".space"))
STARTS = sorted(Path(name).stem for name in shipped(".net"))
