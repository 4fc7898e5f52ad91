"""A network as primitive operations and their wiring, and its digest.

The analyzer and the torch module both go through the same Graph, so they cannot disagree about what a network is.
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
"""Version of what `Graph.digest` hashes; it goes up when the meaning of an operation changes."""


class Weight(NamedTuple):
    """A parameter: its name, its number of elements, and whether training changes it.

    Nodes that share a parameter have a weight of the same name.
    """

    name: str
    size: int
    trainable: bool = True


@dataclass(frozen=True)
class Node:
    """An operation, the earlier nodes it reads, its output shape, its parameters, and where it came from.

    `path` counts the words of a sentence from 1, with a dot before those inside a word: `4.2` is the second word
    in the brackets of the fourth, and `4.1.2` in the first of several sentences there. In a torch module it is the
    submodule's name. `word` is the word of a sentence, or anything whose `str` is written like one. `shares` is
    the number of the earlier node whose parameters it has.
    """

    op: Operation
    inputs: tuple[int, ...]
    shape: Shape
    weights: tuple[Weight, ...] = field(default=(), compare=False)
    word: object = field(default="", compare=False)
    path: str = field(default="", compare=False)
    shares: int | None = None

    @property
    def identity(self) -> list[object]:
        """What the digest holds of it: the operation, the nodes it reads, and whose parameters it has."""
        shared = [] if self.shares is None else [self.shares]
        return [*self.op.identity, self.inputs, *shared]


@dataclass(frozen=True)
class Graph:
    """Nodes in the order in which they are computed; the first is the input, the last the output.

    `classes` is the number asked for; of a torch module it is the length of its output, or 0 where that is not a
    vector. `spare`: parameters of a torch module that no operation reads. `outputs`: the nodes that a torch module
    returns, where that is not just the last one.
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
        """Whether the output is one number per class, so that the network can be trained."""
        return self.nodes[-1].shape == (1, self.classes)

    def shapes_into(self, node: Node) -> list[Shape]:
        """Return the shapes that a node reads."""
        return [self.nodes[number].shape for number in node.inputs]

    @cached_property
    def digest(self) -> str:
        """First 16 hex digits of SHA-256 over format version, input, classes and every operation with every value.

        Sentences with the same graph have the same digest; the notation's names and defaults are not part of it.
        """
        nodes = [node.identity for node in self.nodes]
        text = json.dumps([FORMAT, self.input, self.classes, nodes], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
