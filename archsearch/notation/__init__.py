"""Text to networks and back. A file of words imports from here what it makes words of."""

from __future__ import annotations

from archsearch.notation.word import Derived, Parameter, Word

__all__ = ["Derived", "Parameter", "Word"]
