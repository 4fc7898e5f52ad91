"""A network as an immutable value: read from text, written in canonical form, lowered to a graph.

`parser` turns text into syntax, `arguments` gives every parameter of a word a value, and the word's function in
`vocabulary` adds its operations to the graph.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from archsearch.errors import ArchsearchError, NotationError, Place, ShapeError
from archsearch.files import read_text
from archsearch.graph.builder import Builder
from archsearch.graph.graph import Graph
from archsearch.graph.shapes import Shape
from archsearch.notation.arguments import bind, code_error, complete, find_word
from archsearch.notation.parser import read_sentence
from archsearch.notation.syntax import Call, Integer, Name, Sequence, Syntax
from archsearch.notation.vocabulary import VOCABULARY
from archsearch.notation.word import Value, Vocabulary, Word

if TYPE_CHECKING:
    from collections.abc import Callable

INPUT: Shape = (3, 32, 32)
"""The default input shape: a CIFAR-10 image."""

CLASSES = 10
"""The default number of classes."""


@dataclass(frozen=True)
class WordCall:
    """A word with a value for every parameter and the sentences in its brackets.

    `place` is where it was read from, if it was.
    """

    word: Word
    values: tuple[tuple[str, Value], ...]
    bodies: tuple[tuple[WordCall, ...], ...] = ()
    place: Place | None = field(default=None, compare=False, repr=False)

    @staticmethod
    def of(
        word: Word,
        given: Mapping[str, Value],
        bodies: tuple[tuple[WordCall, ...], ...] = (),
        place: Place | None = None,
    ) -> WordCall:
        """Fill in defaults beside the values `given`; raises NotationError for a value that is not allowed."""
        if word.takes_sentences and not (bodies and all(bodies)):
            complete(word, given, place)
            raise NotationError(
                f"`{word.name}` has nothing in its brackets", place=place, remedy=f"write {word.signature}"
            )
        call = WordCall.opened(word, given, place)
        return call.around(bodies) if bodies else call

    @staticmethod
    def opened(word: Word, given: Mapping[str, Value], place: Place | None = None) -> WordCall:
        """Return the same without sentences."""
        return _opened(word, tuple(given.items()), place)

    def around(self, bodies: tuple[tuple[WordCall, ...], ...]) -> WordCall:
        """Return the word with sentences in its brackets, given without any."""
        call = WordCall(self.word, self.values, bodies, self.place)
        vars(call)["opening"] = self
        return call

    def moved(self, begin: Place) -> WordCall:
        """Return what was read from a text by itself that begins, in a larger one, at a place."""
        offset = begin.offset + (self.place.offset if self.place else 0)
        opened = WordCall(self.word, self.values, (), Place(begin.source, begin.text, offset))
        # What is written is the same anywhere; it need not be put together again.
        vars(opened)["_text"] = str(self.opening)
        bodies = tuple(tuple(call.moved(begin) for call in body) for body in self.bodies)
        return opened.around(bodies) if bodies else opened

    def __str__(self) -> str:
        return self._text

    def __hash__(self) -> int:
        # Words are looked up by the thousand; the values in all of them would be hashed anew each time.
        return hash(self._text)

    @cached_property
    def opening(self) -> WordCall:
        """The word without the sentences in its brackets."""
        return WordCall(self.word, self.values, (), self.place) if self.bodies else self

    @cached_property
    def _text(self) -> str:
        """Values that differ from their defaults are written; a required first one needs no name."""
        parts = [" ".join(map(str, body)) for body in self.bodies]
        before: dict[str, Value] = {}
        for parameter, (name, value) in zip(self.word.parameters, self.values, strict=True):
            if parameter.required and not before and not self.word.takes_sentences:
                parts.append(str(value))
            elif value != parameter.resolve(before):
                parts.append(f"{name}={value}")
            before[name] = value
        return self.word.written(parts)

    def path_inside(self, path: str, number: int) -> str:
        """Return how the paths of the words in its sentence `number`, from 0, begin, given its own."""
        return f"{path}." if self.word.has_body else f"{path}.{number + 1}."


@dataclass(frozen=True)
class Network:
    """A sentence: one word after another. Its text is canonical: `parse(str(network)) == network`.

    >>> str(parse("conv(24, kernel=3)  conv(channels=8, stride=2)"))
    'conv(24) conv(8, stride=2)'
    """

    calls: tuple[WordCall, ...]

    def __post_init__(self) -> None:
        _check_ends(self.calls, outermost=True)

    def __str__(self) -> str:
        return " ".join(map(str, self.calls))

    def lower(self, input_shape: Shape = INPUT, classes: int = CLASSES) -> Graph:
        """Return the graph of operations; raises ShapeError at the first word whose shapes do not fit.

        >>> parse("conv(8) head()").lower().nodes[-1].shape
        (1, 10)
        """
        build = Builder(input_shape, classes)
        lower_calls(build, self.calls)
        return build.graph()


def parse(text: str, source: str = "sentence", vocabulary: Vocabulary = VOCABULARY) -> Network:
    """Read a sentence of the vocabulary's words; raises NotationError with a caret under the mistake.

    >>> parse("residual(sep(24, multiplier=2)) head(pool=max)").calls[0].bodies[0][0].word.name
    'sep'
    """
    calls = _known(text, source, vocabulary)
    if calls is None:
        calls = tuple(_interpret(node, vocabulary) for node in read_sentence(text, source))
    return Network(calls)


def read(path: Path, vocabulary: Vocabulary = VOCABULARY) -> Network:
    """Read a sentence from a file; raises ArchsearchError if the file cannot be read."""
    return parse(read_text(path), str(path), vocabulary)


def misplaced(word: Word, place: Place | str) -> NotationError:
    """Return the error for a word that may only end a sentence but does not."""
    message = f"`{word.name}` may only end a sentence"
    return NotationError(message, place=place, remedy="write it once, as the last word")


# A name, or a word with brackets in which others nest two deep, and no comment.
_CALL = re.compile(r"\s*([A-Za-z_][A-Za-z_0-9]*(?:\((?:[^()#]|\((?:[^()#]|\([^()#]*\))*\))*\))?)\s*")


def _known(text: str, source: str, vocabulary: Vocabulary) -> tuple[WordCall, ...] | None:
    """Read a sentence call by call, those remembered that were read before; None for the parser to read it whole.

    Nearly all sentences are made of calls that were in others; a mistake is for the parser to show in its place.
    """
    calls, end = list[WordCall](), 0
    while end < len(text):
        found = _CALL.match(text, end)
        if found is None:
            return None
        try:
            calls.append(_read_call(found[1], vocabulary).moved(Place(source, text, found.start(1))))
        except ArchsearchError:
            return None
        end = found.end()
    return tuple(calls) or None


@lru_cache(maxsize=4096)
def _read_call(text: str, vocabulary: Vocabulary) -> WordCall:
    (node,) = read_sentence(text)
    return _interpret(node, vocabulary)


@lru_cache(maxsize=4096)
def _opened(word: Word, given: tuple[tuple[str, Value], ...], place: Place | None) -> WordCall:
    """Return a word with these values; a space derives the same ones again and again."""
    return WordCall(word, tuple(complete(word, dict(given), place).items()), (), place)


def _interpret(node: Name | Call, vocabulary: Vocabulary) -> WordCall:
    word = find_word(node.name, node.place, vocabulary)
    bound = bind(word, node.arguments, node.place)
    given = {name: _value(value, word) for name, value in bound.values.items()}
    bodies = tuple(_body(sentence, vocabulary) for sentence in bound.sentences)
    return WordCall.of(word, given, bodies, node.place)


def _value(node: Syntax, word: Word) -> Value:
    if isinstance(node, Integer):
        return node.value
    if isinstance(node, Name):
        return node.name
    remedy = f"write {word.signature}"
    raise NotationError(f"`{word.name}` takes values, not words", place=node.place, remedy=remedy)


def _body(node: Syntax, vocabulary: Vocabulary) -> tuple[WordCall, ...]:
    if isinstance(node, Sequence):
        return tuple(call for item in node.items for call in _body(item, vocabulary))
    if isinstance(node, Name | Call):
        return (_interpret(node, vocabulary),)
    raise NotationError("words are expected here, not a number", place=node.place, remedy="as in conv(24)")


def _check_ends(calls: tuple[WordCall, ...], *, outermost: bool) -> None:
    for number, call in enumerate(calls, start=1):
        if call.word.ends and not (outermost and number == len(calls)):
            raise misplaced(call.word, call.place or str(call))
        for body in call.bodies:
            _check_ends(body, outermost=False)


def lower_calls(build: Builder, calls: tuple[WordCall, ...], prefix: str = "") -> None:
    """Add the operations of words one after another; `prefix` is the path of the sentence that they are in."""
    for number, call in enumerate(calls, start=1):
        path = f"{prefix}{number}"
        build.at(call, path, call.place)
        add_operations(build, call, [_adding(build, call, path, n) for n in range(len(call.bodies))])


def _adding(build: Builder, call: WordCall, path: str, number: int) -> Callable[[], None]:
    """Return what adds the operations of one of the sentences that a word takes."""

    def body() -> None:
        lower_calls(build, call.bodies[number], call.path_inside(path, number))
        build.at(call, path, call.place)

    return body


def add_operations(build: Builder, call: WordCall, bodies: list[Callable[[], None]]) -> None:
    """Run the lower function of a word, given what adds its sentences.

    Raises ArchsearchError for anything that it raises.
    """
    word, named = call.word, dict(call.values)
    try:
        word.lower(build, *bodies, **named)
    except ShapeError as error:
        if error.place is not None:
            raise
        raise ShapeError(error.message, place=call.place or str(call), remedy=error.remedy) from None
    except ArchsearchError:
        raise
    # The word may be a user's, and raise anything.
    except Exception as error:
        taken = ["body"] if word.has_body else ["*bodies"] if word.has_bodies else []
        arguments = ["build", *taken, *(f"{name}=..." for name in named)]
        called, place = f"it is called as lower({', '.join(arguments)})", call.place or str(call)
        raise code_error(f"the lower function of `{word.name}`", error, place, called) from error
