"""Any torch module traced into a graph."""

from __future__ import annotations

from archsearch.trace.tracing import Traced, trace

__all__ = ["Traced", "trace"]
