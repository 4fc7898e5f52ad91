"""Grammars whose sentences are networks."""
