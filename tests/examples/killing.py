"""The command line in a process that ends itself: `python killing.py SIGNAL EPOCH NETWORK ARGUMENTS`.

Whenever it trains that network, it sends itself the signal in the second half of that epoch.
"""

from __future__ import annotations

import os
import signal
import sys

from archsearch.analysis.limits import Verdict
from archsearch.cli import main, progress
from archsearch.notation.network import Network


class Killing(progress.Progress):
    """Shows how it goes, and sends the signal."""

    signal: signal.Signals
    epoch_to_end: int
    network: str
    training_now = ""

    def training(self, number: int, network: Network, verdict: Verdict, epochs: int) -> None:
        super().training(number, network, verdict, epochs)
        self.training_now, self.epochs = str(network), epochs

    def step(self, done: int, total: int) -> None:
        super().step(done, total)
        if self.training_now == self.network and done >= (self.epoch_to_end - 0.5) * total / self.epochs:
            os.kill(os.getpid(), self.signal)


if __name__ == "__main__":
    Killing.signal, Killing.epoch_to_end = signal.Signals[sys.argv[1]], int(sys.argv[2])
    Killing.network = sys.argv[3]
    sys.argv[1:4] = []
    # A shell that begins a command in the background lets it ignore SIGINT, and so what that starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    progress.Progress = Killing  # type: ignore[misc]
    main()
