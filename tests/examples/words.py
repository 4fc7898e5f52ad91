"""Files of words, written for tests."""

from __future__ import annotations

from pathlib import Path

from archsearch.notation.user_words import read_words
from archsearch.notation.word import Vocabulary


def own(folder: Path, text: str, name: str = "own.py") -> Vocabulary:
    """Write a file of words after the imports that most of them need, and read it."""
    (folder / name).write_text(IMPORTS + text)
    return read_words(folder / name)


IMPORTS = """\
from archsearch.errors import ShapeError
from archsearch.graph import Convolution, Elementwise, Flatten, GlobalPool
from archsearch.notation import Derived, Parameter, Word
"""
