"""Datasets: found, read, checked and split."""

from __future__ import annotations

from archsearch.data.images import Images
from archsearch.data.loading import VARIABLE, Dataset, Split, digits, load

__all__ = ["VARIABLE", "Dataset", "Images", "Split", "digits", "load"]
