"""Find the most accurate convolutional network that fits a hard budget."""

from __future__ import annotations

from archsearch.analysis.profile import Profile
from archsearch.analyzer import analyze
from archsearch.errors import ArchsearchError
from archsearch.notation.network import Network, parse
from archsearch.space.space import Space

__all__ = ["ArchsearchError", "Network", "Profile", "Space", "analyze", "parse"]
