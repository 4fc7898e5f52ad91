"""What the tests of mistakes share: run the command line in this process, and write the message it must give."""

from __future__ import annotations

import sys
from unittest.mock import patch

import pytest

from archsearch.cli import main

Capture = pytest.CaptureFixture[str]

CONDITION = "a condition reads like: rf > 44, params < 200k; words are quoted: state = 'complete'"
ONCE = "remove one of them"
LAST = "write it once, as the last word"
SPLIT = "write split(sentence, sentence, ...)"
WORD = "a name, a name with its bracket"
WORDS = "act, again, avgpool, concat, conv, dw, gated, head, maxpool, norm, relu, residual, same, se, sep, split"
SPACES = "give the path of a .space file or a shipped name; "

NETWORK = "conv(4, stride=8) head()"
TRAIN = ["train", NETWORK, "--data", "digits", "--epochs", "1"]
SEARCH = ["search", "tiny.space", "--data", "digits", "--epochs", "1", "--trials", "1"]
TINY = "network = conv(2|4, stride=8) head()\n"


def run(capsys: Capture, *arguments: str) -> tuple[object, str, str]:
    """Run the command line; return its exit status and what it writes to stdout and stderr."""
    with patch.object(sys, "argv", ["archsearch", *arguments]), pytest.raises(SystemExit) as ended:
        main()
    return (ended.value.code, *capsys.readouterr())


def refused(capsys: Capture, *arguments: str) -> str:
    """Run the command line; return the one message as it refuses: status 2, nothing on stdout.

    Of what it says before, such as which data it read, nothing is returned.
    """
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert sum(line.startswith("archsearch: ") for line in err.splitlines()) == 1
    return err[err.index("archsearch: ") :]


def message(rule: str, remedy: str | None = None, place: str | None = None) -> str:
    """Write a whole message."""
    parts = [f"archsearch: {rule}", place and f"  at {place}", remedy and f"  {remedy}"]
    return "".join(f"{part}\n" for part in parts if part)


def unmarked(text: str) -> str:
    """Return a text without the `@` before the mistake in it."""
    return text.replace("@", "")


def place_of(text: str, source: str) -> str:
    """Return the place that `@` marks in a text: line, column, excerpt and caret."""
    before = text[: text.index("@")].split("\n")
    line, column = len(before), len(before[-1]) + 1
    excerpt = unmarked(text).split("\n")[line - 1]
    return f"{source}, line {line}, column {column}\n    {excerpt}\n    {' ' * (column - 1)}^"


def done(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    """Run the command line, which must succeed."""
    monkeypatch.setattr(sys, "argv", ["archsearch", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in {None, 0}
