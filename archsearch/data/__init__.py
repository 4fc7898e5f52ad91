"""Datasets: found, read, checked and split."""
