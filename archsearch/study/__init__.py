"""Searches: proposing, checking and scoring networks, and keeping what became of them."""
