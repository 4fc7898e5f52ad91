"""Text to networks and back. Files of words import what a word is made of from here."""

from __future__ import annotations

from archsearch.notation.word import Derived, Parameter, Word

__all__ = ["Derived", "Parameter", "Word"]
