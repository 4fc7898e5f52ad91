"""The operations of one word alone, built on single ones that stand for what other words computed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

from archsearch.analysis.cost import Work, work
from archsearch.analysis.figures import Figures
from archsearch.analysis.movement import movement
from archsearch.analysis.profile import Profile
from archsearch.errors import ArchsearchError, ShapeError
from archsearch.graph.builder import Builder
from archsearch.graph.graph import Graph
from archsearch.graph.ops.operation import Earlier, Operation
from archsearch.graph.shapes import Shape, Sizes
from archsearch.notation.network import WordCall, add_operations, lower_calls
from archsearch.notation.vocabulary import VOCABULARY
from archsearch.notation.word import Word

_IMAGE = 0
_APART = 101
"""So many nodes stand between the image and a word, to see whether it depends on what is there. No even number."""


class NotFoldedError(ArchsearchError):
    """A sentence whose figures do not follow from what its words do one by one."""


class NotInOrderError(NotFoldedError):
    """A `word` whose sentences do not stand one after another in what it adds, each once."""

    def __init__(self, word: Word) -> None:
        super().__init__(f"`{word.name}` does not add its sentences one after another, each once")
        self.word = word


class NeedsReachError(NotFoldedError):
    """A sentence for which a fold must know what units see inside the image."""


class Part(NamedTuple):
    """What stands for words: the shape of their output, and their stride, None if they do not read their input."""

    shape: Shape
    stride: Sizes | None


@dataclass(frozen=True)
class Fragment:
    """The operations of a word, or those before the next sentence in its brackets.

    The first node is the image; `earlier` are those that stand for what is before the word and for its sentences.
    `end` computes the output. `stride` is that between the first of `earlier` and `end`, None without a way.
    """

    graph: Graph
    earlier: tuple[int, ...]
    end: int
    stride: Sizes | None

    @cached_property
    def movement(self) -> Hashable | None:
        """What they do to what is seen, where that does not depend on channels; None where it may."""
        moves = movement(self.graph)
        return moves and (moves, self.earlier, self.end)

    @cached_property
    def figures(self) -> Figures:
        """What they add to each figure that is summed."""
        return Figures(Profile(self.graph))

    @cached_property
    def work(self) -> Work:
        """What training on them is made of."""
        return work(self.graph)


def fragment(image: Shape, classes: int, call: WordCall, parts: Sequence[Part], sentences: int) -> Fragment:
    """Return the operations of a word, given what is before it and what its sentences came to.

    `parts` has both: the first stands for all before the word, and each other one for a sentence in its brackets.
    Where these are fewer than `sentences`, the operations end where the next one begins. A `call` that has its
    sentences is built with them. Raises ShapeError where shapes do not fit, NotFoldedError for a word that reads
    other operations before it, and NotInOrderError for one that does not add one sentence after another.
    """
    building = partial(_built, image, classes, call, parts, sentences)
    # A word of the user's may compute with the numbers of operations; sentences may have such words.
    if (call.bodies or call.word not in VOCABULARY.words) and not _stands_alone(building):
        raise NotFoldedError(f"`{call.word.name}` depends on operations of the words before it")
    try:
        return building(0)
    except ShapeError:
        # The image is what a sentence begins with if nothing is before it, and then there is a way and a stride.
        if parts[0].shape == (1, *image) and any(part.stride is None for part in parts):
            message = f"a sentence in `{call.word.name}` reads the image, which may be what it begins with"
            raise NotFoldedError(message) from None
        raise


class _Begins(BaseException):
    """The next sentence begins; no code of a user's word catches it."""


class _AsksBeforeError(BaseException):
    """A word asks for operations of the words before it; no code of a user's word catches it."""


class _Watched(Builder):
    """A builder that does not tell of the operations between the image and a word."""

    def then(self, op: Operation, *inputs: int) -> int:
        for number in inputs or (self.last,):
            self._check(number)
        return super().then(op, *inputs)

    def shape(self, node: int) -> Shape:
        self._check(node)
        return super().shape(node)

    def stride_between(self, first: int, last: int) -> Sizes:
        if first <= _APART:
            raise _AsksBeforeError
        return super().stride_between(first, last)

    @staticmethod
    def _check(number: int) -> None:
        if _IMAGE < number <= _APART:
            raise _AsksBeforeError


def _built(
    image: Shape, classes: int, call: WordCall, parts: Sequence[Part], sentences: int, apart: int
) -> Fragment:
    build = _Watched(image, classes) if apart else Builder(image, classes)
    for _ in range(apart):
        build.resume(Earlier(image, (1, 1)), _IMAGE)
    first, *ends = parts
    entry = build.resume(Earlier(first.shape, (1, 1)), _IMAGE)
    earlier = [entry]

    def body(number: int) -> None:
        if number != len(earlier) - 1:
            raise NotInOrderError(call.word)
        if number == len(ends):
            raise _Begins
        end = ends[number]
        # Without a way from its beginning, a sentence reads the image at the most.
        read, stride = (build.last, end.stride) if end.stride else (_IMAGE, (1, 1))
        earlier.append(build.resume(Earlier(end.shape, stride), read))

    try:
        if call.bodies:
            lower_calls(build, (call,))
        else:
            add_operations(build, call, [partial(body, number) for number in range(sentences)])
        if not call.bodies and len(earlier) <= sentences:
            raise NotInOrderError(call.word)
        if build.last != len(build.graph().nodes) - 1:
            raise NotFoldedError(f"`{call.word.name}` ends in an operation that is not its last")
    except _Begins:
        pass
    try:
        stride = build.stride_between(entry, build.last)
    except ShapeError:
        stride = None
    return Fragment(build.graph(), tuple(earlier), build.last, stride)


def _stands_alone(building: Callable[[int], Fragment]) -> bool:
    """Whether the same operations are built, or none fit, wherever a word stands."""
    try:
        return _operations(building, 0) == _operations(building, _APART)
    except _AsksBeforeError:
        return False


def _operations(building: Callable[[int], Fragment], apart: int) -> list[tuple[Operation, list[int]]] | None:
    try:
        found = building(apart)
    except ShapeError:
        return None
    nodes = found.graph.nodes[1 + apart :]
    return [(node.op, [read and read - apart for read in node.inputs]) for node in nodes]
