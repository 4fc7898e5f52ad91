"""Which process trains a network, and whether it still runs."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import psutil

_CLOCK_SET = 60
"""Seconds by which the start of a process may seem to move when the clock of its machine is set."""


@dataclass(frozen=True)
class Process:
    """A process: its host, its id there, and when it started, in seconds since 1970.

    The host is that of one space of ids: a container has its own.
    """

    host: str
    number: int
    started: float

    @staticmethod
    def this() -> Process:
        """Return the process that asks."""
        own = Path("/proc/self/ns/pid")
        ids = f" {own.readlink()}" if own.is_symlink() else ""
        return Process(socket.gethostname() + ids, os.getpid(), psutil.Process().create_time())

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Read what `written` returned."""
        return cls(**values)

    def written(self) -> dict[str, Any]:
        """Return the process as plain values."""
        return asdict(self)

    def has_ended(self) -> bool | None:
        """Whether the process is dead, or a zombie that nobody has waited for; None if it is of another host.

        >>> Process.this().has_ended()
        False
        """
        if self.host != self.this().host:
            return None
        try:
            process = psutil.Process(self.number)
            is_another = abs(process.create_time() - self.started) > _CLOCK_SET
            return is_another or process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True
        except psutil.AccessDenied:
            return False
