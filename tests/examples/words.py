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

# Words of a user's, each for what a fold must know of it.
FOLDED_OR_NOT = """
from archsearch.graph import Concatenate, Reshape, Take, TransposedConvolution

def image(build):  # reads the image, whatever is before it
    build.then(Convolution(8, (3, 3), padding=(1, 1)), 0)

def previous(build):  # reads the operation before the last
    build.then(Elementwise("add"), build.last, build.last - 1)

def ninth(build):
    build.then(Elementwise("add"), build.last, build.last - 9)

def third(build):
    build.then(Elementwise("add"), build.last, 3)

def as_wide(build):  # asks for a shape alone
    build.then(Convolution(build.shape(build.last - 1)[1], (1, 1)))

def shrunk(build):  # asks for the stride of all before it
    build.then(Convolution(build.stride_between(0, build.last)[0], (1, 1)))

def odd(build):  # depends on the number of operations
    build.then(Elementwise("relu" if build.last % 2 else "sigmoid"))

def back(build):  # does not end in its last operation
    last = build.last
    build.then(Elementwise("relu"))
    build.last = last

def tokens(build):
    _, channels, height, width = build.shape(build.last)
    build.then(Reshape((1, channels, height * width)))

def pooled(build):  # global in the middle of a sentence
    build.then(GlobalPool("avg"))

def maps(build):  # several maps are the last
    entry, ends = build.last, []
    for kernel in (3, 7, 5):
        build.then(Convolution(4, (kernel, kernel), padding=(3, 3)), entry)
        ends.append(build.then(GlobalPool("max")))
    build.then(Concatenate(), *ends)

def first_half(build):  # of these channels, none may see all that is said
    build.then(Take(1, 0, build.channels // 2))

def larger(build):
    build.then(TransposedConvolution(8, (2, 2), (2, 2)))

def twice(build, body):
    body()
    body()

def never(build, body):
    build.then(Elementwise("relu"))

def swapped(build, *bodies):
    entry, ends = build.last, []
    for body in reversed(bodies):
        build.last = entry
        body()
        ends.append(build.last)
    build.then(Elementwise("add"), *ends)

def beside(build, *bodies):
    entry, ends = build.last, []
    for body in bodies:
        build.last = entry
        build.then(Elementwise("relu"))
        body()
        ends.append(build.last)
    build.then(Concatenate(), *ends)

ALONE = [image, previous, ninth, third, as_wide, shrunk, odd, back, tokens, pooled, maps, first_half, larger]
WORDS = [
    *(Word(one.__name__, (), one) for one in ALONE),
    *(Word(one.__name__, (), one, has_body=True) for one in (twice, never)),
    *(Word(one.__name__, (), one, has_bodies=True) for one in (swapped, beside)),
]
"""
