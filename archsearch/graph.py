"""A network as primitive operations and their wiring: the graph, the builder that checks it, the digest.

Analyzer and torch builder both fold over a Graph, so they cannot disagree about what a network is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from archsearch.errors import Place, ShapeError
from archsearch.ops import Convolution, Input, Op, Pool, Shape, Sizes, shape_text

FORMAT = 1
"""Version of what `Graph.digest` hashes; a change of meaning of any operation raises it."""

LARGEST_IMAGE = 4096
"""The longest side of an input, in pixels."""


class Weight(NamedTuple):
    """A parameter: its name, which two nodes share if they share it, its number of elements, and its training."""

    name: str
    size: int
    trainable: bool = True


@dataclass(frozen=True)
class Node:
    """An operation, the earlier nodes it reads, its output shape, its parameters, and where it came from.

    `path` counts the words of a sentence from 1, those inside a residual after a point: `4.2` is the second word
    in the body of the fourth. In a module it is the submodule's own name. `word` is the word of a sentence, or
    whatever else writes itself as one.
    """

    op: Op
    inputs: tuple[int, ...]
    shape: Shape
    weights: tuple[Weight, ...] = field(default=(), compare=False)
    word: object = field(default="", compare=False)
    path: str = field(default="", compare=False)


@dataclass(frozen=True)
class Graph:
    """Nodes in the order in which they are computed; the first is the input, the last the output.

    `classes` is 0 where the output is no vector. `spare`: parameters of a module that no operation reads.
    `outputs`: the nodes that a module puts out, where it is not the last alone.
    """

    nodes: tuple[Node, ...]
    classes: int
    spare: tuple[Weight, ...] = ()
    outputs: tuple[int, ...] = ()

    @property
    def input(self) -> Shape:
        """Shape of the input without the batch: channels, height, width."""
        return self.nodes[0].shape[1:]

    @property
    def classifies(self) -> bool:
        """Whether the output is one number a class, so that the network can be trained."""
        return self.nodes[-1].shape == (1, self.classes)

    def shapes_into(self, node: Node) -> list[Shape]:
        """Return the shapes that a node reads."""
        return [self.nodes[number].shape for number in node.inputs]

    @cached_property
    def digest(self) -> str:
        """First 16 hex digits of SHA-256 over format version, input, classes and every op with every value.

        Two sentences with one graph have one digest; names and defaults of the notation are not in it.
        """
        nodes = [[*node.op.identity, node.inputs] for node in self.nodes]
        text = json.dumps([FORMAT, self.input, self.classes, nodes], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Builder:
    """Adds operations one by one and checks that each fits; the words of the notation lower through it.

    Raises ShapeError where an operation does not fit, with the place of the word that asked for it.

    >>> build = Builder((3, 32, 32), classes=10)
    >>> build.then(Convolution(24, (3, 3)))
    1
    >>> build.shape(1)
    (1, 24, 30, 30)
    """

    def __init__(self, input_shape: Shape, classes: int) -> None:
        if len(input_shape) != 3 or min(input_shape) < 1:
            raise ShapeError(f"input is {shape_text(input_shape)}; it must be channels x height x width")
        if max(input_shape[1:]) > LARGEST_IMAGE:
            raise ShapeError(f"input is {shape_text(input_shape)}; a side has at most {LARGEST_IMAGE} pixels")
        if classes < 1:
            raise ShapeError(f"classes is {classes}; it must be at least 1")
        self.classes = classes
        self.last = 0
        self._nodes = [Node(Input(input_shape), (), (1, *input_shape), word="input")]
        self._word: object = ""
        self._path = ""
        self._place: Place | None = None

    def at(self, word: object, path: str, place: Place | None) -> None:
        """Say which word the next operations come from."""
        self._word, self._path, self._place = word, path, place

    def shape(self, node: int) -> Shape:
        """Output shape of a node: 1, channels, height, width."""
        return self._nodes[node].shape

    @property
    def channels(self) -> int:
        """Channels of the last node."""
        return self.shape(self.last)[1]

    def then(self, op: Op, *inputs: int) -> int:
        """Add an operation that reads `inputs`, or else the last node; return its number."""
        inputs = inputs or (self.last,)
        shapes = [self._nodes[number].shape for number in inputs]
        try:
            shape = op.output(shapes)
            _check_sizes(op, shape)
        except ShapeError as error:
            raise ShapeError(error.rule, place=self._place or str(self._word)) from None
        self.last = len(self._nodes)
        weights = tuple(Weight(f"{self.last}.{n}", size) for n, size in enumerate(op.weights(shapes)))
        self._nodes.append(Node(op, inputs, shape, weights, self._word, self._path))
        return self.last

    def stride_between(self, first: int, last: int) -> Sizes:
        """Product of the strides on the way from one node to a later one, along first inputs."""
        height, width = 1, 1
        while last != first:
            op = self._nodes[last].op
            if isinstance(op, Convolution | Pool):
                height, width = height * op.stride[0], width * op.stride[1]
            last = self._nodes[last].inputs[0]
        return (height, width)

    def graph(self) -> Graph:
        """Return the finished graph."""
        return Graph(tuple(self._nodes), self.classes)


def _check_sizes(op: Op, shape: Sequence[float]) -> None:
    """Raise ShapeError for 0 or 2.5 channels, which a word of somebody's own may ask for."""
    if not all(isinstance(size, int) and size >= 1 for size in shape):
        sizes = "x".join(map(str, shape[1:]))
        raise ShapeError(f"{op.kind} would put out {sizes}; sizes are whole numbers of at least 1")
