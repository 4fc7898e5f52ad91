"""What a graph costs and sees, operation by operation, in exact integers."""

from __future__ import annotations

from archsearch.analysis.figures import FIGURES
from archsearch.analysis.profile import Profile, profile
from archsearch.analysis.row import Row

__all__ = ["FIGURES", "Profile", "Row", "profile"]
