"""Signals that ask the program to end: each ends it as Ctrl-C does, after what is unfinished was handed back."""

from __future__ import annotations

import signal

_received: list[int] = []


class StoppedError(KeyboardInterrupt):
    """A signal that asked the program to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def __str__(self) -> str:
        return "interrupted" if self.number == signal.SIGINT else f"stopped by {signal.Signals(self.number).name}"


def heed() -> None:
    """Let SIGINT, SIGTERM and SIGHUP raise StoppedError; those that are ignored, as under `nohup`, stay so."""
    _received.clear()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def raise_received() -> None:
    """Raise StoppedError once more: Python drops what a signal raises while an object is cleared away."""
    if _received:
        raise StoppedError(_received[-1])


def _stop(number: int, _frame: object) -> None:
    _received.append(number)
    raise StoppedError(number)
