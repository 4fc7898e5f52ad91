"""What a search tells whoever watches it."""

from __future__ import annotations

from archsearch.analysis.limits import Verdict
from archsearch.notation.network import Network
from archsearch.study.columns import ResultRow
from archsearch.training.history import Epoch


class Watch:
    """Told how a search goes, and does nothing; a subclass overrides what it wants to show."""

    def started(self, study: str, trained: int, trials: int | None) -> None:
        """A study starts or resumes, with `trained` networks of `trials` trained."""

    def rung(self, number: int, total: int, epochs: int, trained: int, networks: int | None) -> None:
        """Rung `number` of `total` comes next: for so many epochs, with `trained` of its `networks` trained.

        `networks` is None where only the time says how many they are.
        """

    def abandoned(self, number: int) -> None:
        """The run that trained network `number` has ended without it; it is trained again."""

    def drawing(self, looked_at: int) -> None:
        """So many networks were drawn in search of one that fits and is new, and none is; more are drawn."""

    def proposed(self, modelled: int, drawn: int) -> None:
        """A network is proposed: so many of its choices by what was learnt of trials, and so many by chance."""

    def training(self, number: int, network: Network, verdict: Verdict, epochs: int) -> None:
        """The training of a network starts."""

    def confirming(self, name: str, seed: int, number: int, total: int) -> None:
        """The network `name`, as STUDY#NUMBER, comes next with a seed: training `number` of `total`."""

    def said(self, line: str) -> None:
        """Whoever scores the network in training says something."""

    def step(self, done: int, total: int) -> None:
        """`done` batches are done, of the `total` of all epochs."""

    def epoch(self, number: int, epoch: Epoch) -> None:
        """An epoch of network `number` has ended."""

    def finished(self, row: ResultRow) -> None:
        """A network was refused, pruned, trained, or failed."""
