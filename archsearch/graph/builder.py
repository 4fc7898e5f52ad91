"""The builder of a sentence's graph: operations added one by one, each checked where it is added."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from archsearch.errors import ArchsearchError, Place, ShapeError
from archsearch.graph.graph import Graph, Node, Weight
from archsearch.graph.ops import maps
from archsearch.graph.ops.operation import Input, Operation
from archsearch.graph.ops.values import LARGEST, check_values, shown
from archsearch.graph.shapes import Shape, Sizes, shape_text

LARGEST_IMAGE = 4096
"""The longest side of an input, in pixels."""

_LARGEST_MAP = 4 * LARGEST_IMAGE**2
_MOST_DIMS = 5


class Builder:
    """Adds operations one by one, and refuses those that do not fit; the words of the notation lower through it.

    Whatever it accepts can be built as a torch module. Raises ShapeError where an operation does not fit or where
    no layer can be built of it, with the place of the word that asked for it.

    >>> from archsearch.graph import Convolution
    >>> build = Builder((3, 32, 32), classes=10)
    >>> build.then(Convolution(24, (3, 3)))
    1
    >>> build.shape(1)
    (1, 24, 30, 30)
    """

    def __init__(self, input_shape: Shape, classes: int) -> None:
        _check_input(input_shape, classes)
        self.classes = classes
        self.last = 0
        self._nodes = [Node(Input(input_shape), (), (1, *input_shape), word="input")]
        self._word: object = ""
        self._path = ""
        self._place: Place | None = None

    def at(self, word: object, path: str, place: Place | None) -> None:
        """Set the word that the next operations come from."""
        self._word, self._path, self._place = word, path, place

    def shape(self, node: int) -> Shape:
        """Output shape of a node: 1, channels, height, width."""
        return self._nodes[node].shape

    @property
    def channels(self) -> int:
        """Channels of the last node."""
        return self.shape(self.last)[1]

    def then(self, op: Operation, *inputs: int) -> int:
        """Add an operation that reads `inputs`, or else the last node; return its number."""
        inputs = inputs or (self.last,)
        try:
            shapes = self._shapes(inputs)
            check_values(op)
            op.check_buildable(shapes)
            shape = op.output(shapes)
            _check_sizes(op, shape)
        except ShapeError as error:
            place = self._place or str(self._word) or None
            raise ShapeError(error.message, place=place, remedy=error.remedy) from None
        self.last = len(self._nodes)
        weights = tuple(Weight(f"{self.last}.{n}", size) for n, size in enumerate(op.weights(shapes)))
        self._nodes.append(Node(op, inputs, shape, weights, self._word, self._path))
        return self.last

    def stride_between(self, first: int, last: int) -> Sizes:
        """Product of the strides on the path from one node to a later one, along first inputs."""
        height, width = 1, 1
        while last != first:
            if last < first:
                remedy = "let its first word read what is before it"
                raise ShapeError("the body does not read its input", place=self._place, remedy=remedy)
            op = self._nodes[last].op
            if isinstance(op, maps.Convolution | maps.Pool):
                height, width = height * op.stride[0], width * op.stride[1]
            last = self._nodes[last].inputs[0]
        return (height, width)

    def _shapes(self, inputs: Sequence[int]) -> list[Shape]:
        for number in inputs:
            if type(number) is not int or not 0 <= number < len(self._nodes):
                message = f"there is no operation {shown(number)}; their numbers are 0 to {len(self._nodes) - 1}"
                raise ShapeError(message, remedy="give the numbers that `then` returned, or 0 for the image")
        return [self._nodes[number].shape for number in inputs]

    def graph(self) -> Graph:
        """Return the finished graph."""
        return Graph(tuple(self._nodes), self.classes)


def _check_input(shape: object, classes: object) -> None:
    """Raise ArchsearchError for what no network can be asked to take or to give: that is no verdict on one."""
    if not isinstance(shape, tuple) or len(shape) != 3 or not all(map(_is_size, shape)):
        written = shape_text(shape) if isinstance(shape, tuple) and all(map(_is_size, shape)) else shown(shape)
        message = f"input is {written}; it must be channels x height x width"
        raise ArchsearchError(message, remedy="as in 3x32x32")
    if max(shape[1:]) > LARGEST_IMAGE:
        message = f"input is {shape_text(shape)}; a side has at most {LARGEST_IMAGE} pixels"
        raise ArchsearchError(message, remedy="take smaller images, or analyze a torch module")
    if not _is_size(classes):
        message = f"classes is {shown(classes)}; it must be at least 1"
        raise ArchsearchError(message, remedy="as in classes=10")


def _is_size(value: object) -> bool:
    return type(value) is int and 1 <= value <= LARGEST


def _check_sizes(op: Operation, shape: Shape) -> None:
    """Raise ShapeError for a tensor that no layer gives: a user's word may ask for 0 channels or ten axes."""
    would = f"the {op.description} would give"
    if not shape or min(shape) < 1:
        message = f"{would} {shape_text(shape[1:])}; sizes are whole numbers of at least 1"
        raise ShapeError(message, remedy="write larger numbers")
    if shape[0] != 1:
        message = f"{would} a batch of {shape[0]}; it must stay 1"
        raise ShapeError(message, remedy="leave the first dim to the batch")
    if not 2 <= len(shape) <= _MOST_DIMS:
        message = f"{would} {len(shape)} dims; there must be from 2 to {_MOST_DIMS}, the batch among them"
        raise ShapeError(message, remedy="batch, channels and up to three axes of a map")
    if prod(shape[2:]) > _LARGEST_MAP:
        message = f"{would} {shape_text(shape[1:])}; a map has at most {_LARGEST_MAP:,} units"
        raise ShapeError(message, remedy="take less padding, or a smaller size")
