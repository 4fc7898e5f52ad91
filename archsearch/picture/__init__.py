"""Pictures of what the units of a network see."""

from __future__ import annotations

from archsearch.picture.drawing import draw, figure

__all__ = ["draw", "figure"]
