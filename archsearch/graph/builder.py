"""The builder of a sentence's graph: operations added one by one, each checked where it is added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod

from archsearch.errors import ArchsearchError, Place, ShapeError
from archsearch.graph.graph import Graph, Node, Weight
from archsearch.graph.ops import maps, mixing
from archsearch.graph.ops.operation import Earlier, Input, Operation
from archsearch.graph.ops.values import LARGEST, check_values, shown
from archsearch.graph.shapes import Shape, Sizes, shape_text

LARGEST_IMAGE = 4096
"""The longest side of an input, in pixels."""

_LARGEST_MAP = 4 * LARGEST_IMAGE**2
_MOST_DIMS = 5
_MOST_NODES = 10_000
_KEEP_CHANNELS = "let what is repeated end with as many channels as it begins with"
_KERNELS = (maps.Convolution, maps.TransposedConvolution, mixing.Linear)


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
        # Between a node in a later run of what is repeated and the same in the first; 0 outside of one.
        self._back = 0

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
        node = Node(op, inputs, shape, weights, self._word, self._path)
        self._nodes.append(self._sharing(node) if self._back and isinstance(op, _KERNELS) else node)
        return self.last

    def resume(self, earlier: Earlier, read: int) -> int:
        """Add what words computed that are not built here, from the node that it reads; return its number."""
        self.last = len(self._nodes)
        self._nodes.append(Node(earlier, (read,), earlier.shape, word="earlier"))
        return self.last

    def repeat(self, body: Callable[[], object], times: int) -> None:
        """Add the operations of `body` several times in a row, with one set of kernels.

        Convolutions and linear layers have the parameters that they have the first time; all other operations
        have their own. Raises ShapeError where those parameters do not fit, and unless it is at least once.

        >>> from archsearch.graph import Convolution
        >>> build = Builder((8, 32, 32), classes=10)
        >>> build.repeat(lambda: build.then(Convolution(8, (3, 3), padding=(1, 1))), times=3)
        >>> [node.shares for node in build.graph().nodes]
        [None, None, 1, 1]
        """
        if type(times) is not int or times < 1:
            message = f"times is {shown(times)}; it must be a whole number of at least 1"
            raise ShapeError(message, place=self._place, remedy="as in times=2")
        begin, outer = len(self._nodes), self._back
        body()
        length = len(self._nodes) - begin
        if begin + length * times > _MOST_NODES:
            message = (
                f"{times} times {length} operations are more than the {_MOST_NODES:,} that a network may have"
            )
            raise ShapeError(message, place=self._place, remedy="repeat it fewer times")
        for number in range(1, times if length else 1):
            self._back = number * length
            body()
            if len(self._nodes) != begin + (number + 1) * length:
                message = f"what is repeated has {length} operations the first time, and another number later"
                raise ShapeError(message, place=self._place, remedy=_KEEP_CHANNELS)
        self._back = outer

    def _sharing(self, node: Node) -> Node:
        """Return a node with the parameters of the one at its place in the first run; raises ShapeError."""
        number = len(self._nodes) - self._back
        first = self._nodes[number]
        if node.op != first.op or [one.size for one in node.weights] != [one.size for one in first.weights]:
            message = (
                f"the kernels of the first time do not fit: {_with_parameters(first)} there, "
                f"{_with_parameters(node)} here"
            )
            raise ShapeError(message, place=self._place, remedy=_KEEP_CHANNELS)
        return replace(node, weights=first.weights, shares=number if first.shares is None else first.shares)

    def stride_between(self, first: int, last: int) -> Sizes:
        """Product of the strides on the path from one node to a later one, along first inputs."""
        height, width = 1, 1
        while last != first:
            if last < first:
                remedy = "let its first word read what is before it"
                raise ShapeError("the body does not read its input", place=self._place, remedy=remedy)
            op = self._nodes[last].op
            if isinstance(op, maps.Convolution | maps.Pool | Earlier):
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


def _with_parameters(node: Node) -> str:
    return f"{node.op.description} with {sum(weight.size for weight in node.weights):,} parameters"


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
