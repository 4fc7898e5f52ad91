"""A network as primitive operations and their wiring: the graph, the builder that checks it, the digest.

Analyzer and torch builder both fold over a Graph, so they cannot disagree about what a network is.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from archsearch.graph.ops.operation import Operation
from archsearch.graph.shapes import Shape

FORMAT = 1
"""Version of what `Graph.digest` hashes; a change of meaning of any operation raises it."""


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

    op: Operation
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
