"""The seed of all random numbers of a training or a search, which more than one library must be able to take."""

from __future__ import annotations

from archsearch.errors import TrainingError

LARGEST_SEED = 2**31 - 1
"""The largest seed: those of torch, numpy and Optuna have 32 bits, and a search counts on from its own."""


def check_seed(seed: object) -> None:
    """Raise TrainingError for what is no seed.

    >>> check_seed(-1)
    Traceback (most recent call last):
    archsearch.errors.TrainingError: seed is -1; it must be a whole number from 0 to 2,147,483,647
    """
    # A numpy integer is one too, but cannot be written to the results.
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= LARGEST_SEED:
        whole = "an int" if hasattr(seed, "dtype") else "a whole number"
        raise TrainingError(f"seed is {seed!r}; it must be {whole} from 0 to {LARGEST_SEED:,}")
