"""What is shown while networks train: a bar, and a line for each epoch and each verdict."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from archsearch.analysis.limits import Verdict
from archsearch.cli.output import Output
from archsearch.cli.signals import raise_received
from archsearch.cli.streams import say
from archsearch.notation.network import Network
from archsearch.storage.trials import TRAINED
from archsearch.study.columns import ResultRow
from archsearch.study.plan import epochs_text
from archsearch.study.watch import Watch
from archsearch.training.history import Epoch


class _Console(Console):
    """Standard error, which may be closed while networks train: what is shown of them ends nothing."""

    def on_broken_pipe(self) -> None:
        """Show nothing more."""
        self.quiet = True


class Progress(Watch):
    """Shows a search, or the training of one network, on standard error; used as a context manager.

    A network that is trained by itself has a number only in the end: it is not `numbered`.
    """

    def __init__(self, *, quiet: bool, numbered: bool = True) -> None:
        self._has_numbers = numbered
        self._console = _Console(stderr=True, quiet=quiet, highlight=False, markup=False, soft_wrap=True)
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_interactive,
        )
        self._bar = self._bars.add_task("", visible=False)
        self._left: int | None = None
        self._begun: float | None = None
        self._done = 0

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def started(self, study: str, trained: int, trials: int | None) -> None:
        starts = "resumes" if trained else "starts"
        of = f" of {trials}" if trials else ""
        self._console.print(f"study {study} {starts}: {trained}{of} networks trained")
        self._left = trials and trials - trained

    def rung(self, number: int, total: int, epochs: int, trained: int, networks: int | None) -> None:
        of = f", {trained} of {networks} trained" if networks else f", {trained} trained"
        self._console.print(f"rung {number} of {total}: {epochs_text(epochs)} each{of}")
        self._left, self._begun, self._done = networks and networks - trained, None, 0

    def abandoned(self, number: int) -> None:
        self._console.print(f"#{number} was left unfinished by a run that has ended; it is trained again")

    def drawing(self, looked_at: int) -> None:
        self._console.print(f"none of {looked_at:,} networks drawn fits and is new; drawing on")

    def training(self, number: int, network: Network, verdict: Verdict, epochs: int) -> None:
        figures = ", ".join(f"{name} {verdict.figures[name]:,}" for name in ("rf", "params", "macs"))
        self._console.print(f"{self._numbered(number)}{network}\n   {figures}")
        description = f"{self._numbered(number)}{epochs_text(epochs)}"
        self._bars.reset(self._bar, description=description, visible=True, total=None)

    def confirming(self, name: str, seed: int, number: int, total: int) -> None:
        self._console.print(f"{number} of {total}: {name} with seed {seed}")

    def said(self, line: str) -> None:
        self._console.print(f"   {line}")

    def step(self, done: int, total: int) -> None:
        raise_received()
        # Not before: how the machine trains fastest is tried once.
        self._begun = self._begun or time.monotonic()
        self._bars.update(self._bar, completed=done, total=total)

    def epoch(self, number: int, epoch: Epoch) -> None:
        known = epoch.accuracy is not None
        measured = f"accuracy {epoch.accuracy:.2f} %, loss {epoch.loss:.3f}; " if known else ""
        speed = f", {epoch.images_per_second:,.0f} images/s" if epoch.images_per_second else ""
        self._console.print(
            f"{self._numbered(number)}epoch {epoch.epoch}: {measured}"
            f"training {epoch.train_accuracy:.2f} %, {epoch.train_loss:.3f}; {epoch.seconds:.1f} s{speed}"
        )

    def finished(self, row: ResultRow) -> None:
        found = row["test_accuracy"] if row["val_accuracy"] is None else row["val_accuracy"]
        accuracy = f" with {found:.2f} %" if row["state"] in TRAINED else ""
        reason = f": {row['reason']}" if row["reason"] else ""
        self._console.print(f"#{row['number']} {row['state']}{accuracy}{reason}{self._time_left(row)}")

    def _numbered(self, number: int) -> str:
        return f"#{number} " if self._has_numbers else ""

    def _time_left(self, row: ResultRow) -> str:
        """Say how long the networks still to train take, if they take as long as those of this run."""
        if row["state"] not in TRAINED:
            return ""
        self._left = self._left and self._left - 1
        # Results of other studies that came before it took no time.
        self._done += self._begun is not None
        if not self._left or self._begun is None:
            return ""
        each = (time.monotonic() - self._begun) / self._done
        return f"; about {_duration(each * self._left)} left for {self._left} more"


@contextmanager
def shown(output: Output, *, kept: str, numbered: bool = True) -> Iterator[Progress]:
    """Show people what is trained meanwhile; where they interrupt it, say what is `kept` and how it goes on."""
    with Progress(quiet=not output.is_text, numbered=numbered) as progress:
        try:
            yield progress
        except KeyboardInterrupt:
            say(kept)
            raise


def _duration(seconds: float) -> str:
    """Write a time for people.

    >>> _duration(40), _duration(200), _duration(5000)
    ('40 s', '3 min', '1 h 23 min')
    """
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
