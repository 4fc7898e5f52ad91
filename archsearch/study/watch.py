"""What a search tells whoever watches it."""

from __future__ import annotations

from archsearch.analysis.limits import Verdict
from archsearch.notation.network import Network
from archsearch.study.results import ResultRow
from archsearch.training.history import Epoch


class Watch:
    """Is told while a search goes on, and says nothing; a subclass overrides what it wants to show."""

    def started(self, study: str, trained: int, trials: int | None) -> None:
        """Hear that a study begins or goes on, with so many networks trained of so many."""

    def waiting(self, trials: int) -> None:
        """Hear that so many networks are in training by another run, which may have been killed."""

    def training(self, number: int, network: Network, verdict: Verdict, epochs: int) -> None:
        """Hear that a network begins its training."""

    def step(self, done: int, total: int) -> None:
        """Hear that so many batches, of those of all its epochs, are done."""

    def epoch(self, number: int, epoch: Epoch) -> None:
        """Hear what an epoch of it reached."""

    def judged(self, row: ResultRow) -> None:
        """Hear what became of a network."""
