"""The standard streams: in any encoding, to a reader who may stop, on a disk that may be full."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from archsearch.errors import ArchsearchError
from archsearch.table import printable


def prepare() -> None:
    """Let the streams write what their encoding lacks as escapes; raises ArchsearchError if output is closed."""
    if sys.stderr is None:
        sys.stderr = _nowhere()
    if sys.stdout is None:
        sys.stdout = _nowhere()
        raise ArchsearchError("standard output is closed", remedy="redirect it to a file, or to /dev/null")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def write(text: str) -> None:
    """Write a text and a line break to standard output."""
    with to_reader():
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def say(text: object) -> None:
    """Write a message to standard error; what would not be printed is escaped."""
    try:
        print(printable(str(text), but="\n"), file=sys.stderr, flush=True)
    except OSError:
        # There is nobody left to tell.
        _discard(sys.stderr)


@contextmanager
def to_reader() -> Iterator[None]:
    """Write to standard output in this context; once its reader has enough, the rest is discarded.

    Raises ArchsearchError where the output cannot be written, as on a full disk.
    """
    try:
        yield
    except BrokenPipeError:
        _discard(sys.stdout)
    except OSError as error:
        if error.filename is not None:
            raise
        _discard(sys.stdout)
        message = f"the output cannot be written: {error.strerror}"
        raise ArchsearchError(message, remedy="make room, or write it elsewhere") from None


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _discard(stream: TextIO) -> None:
    """Let a stream that cannot be written go nowhere, or Python would complain when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
