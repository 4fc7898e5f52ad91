"""Receptive sets proved on the module itself, by oracles that know no formula."""

from __future__ import annotations

from archsearch.proof.proving import Proof, prove

__all__ = ["Proof", "prove"]
