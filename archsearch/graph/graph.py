"""A network as primitive operations and their wiring, and its digest.

The analyzer and the torch module both go through the same Graph, so they cannot disagree about what a network is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from archsearch.errors import TraceError, suggest
from archsearch.graph.ops.operation import Input, Operation
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


def depending(nodes: Iterable[Node], sources: Iterable[int]) -> set[int]:
    """Return the numbers of the nodes that are computed from any of the sources, these included."""
    found = set(sources)
    for number, node in enumerate(nodes):
        if not found.isdisjoint(node.inputs):
            found.add(number)
    return found


class Output(NamedTuple):
    """What a network returns: its name, such as `out` or `features.0`, and the node that computes it."""

    name: str
    node: int


@dataclass(frozen=True)
class Graph:
    """Nodes in the order in which they are computed; the first is the input, the last the output.

    `classes` is the number asked for; of a torch module it is the length of its main output, or 0 where that is
    not a vector. `spare`: parameters of a torch module that no operation reads. `outputs`: what a torch module
    returns, in its own order; empty for a sentence, which returns its last node.
    """

    nodes: tuple[Node, ...]
    classes: int
    spare: tuple[Weight, ...] = ()
    outputs: tuple[Output, ...] = ()

    @property
    def input(self) -> Shape:
        """Shape of the input without the batch: channels, height, width."""
        return self.nodes[0].shape[1:]

    @property
    def sides(self) -> Shape:
        """Size of each axis of the input: what follows its channels, or the length of a row that has none."""
        return self.input[1:] or self.input

    @property
    def classifies(self) -> bool:
        """Whether the output is one number per class, so that the network can be trained."""
        return self.nodes[-1].shape == (1, self.classes)

    def output(self, name: str | None = None) -> Output:
        """Return the output of a name, or the main one: `out` if there is one, else the first.

        Raises TraceError for a name that none has.
        """
        known = {output.name: output for output in self.outputs or [Output("output", len(self.nodes) - 1)]}
        if name is None:
            return known.get("out") or next(iter(known.values()))
        if name not in known:
            raise TraceError(f"there is no output `{name}`", remedy=suggest(name, known))
        return known[name]

    @cached_property
    def computed(self) -> tuple[bool, ...]:
        """Of each node, whether it depends on an input; the others are computed from weights alone."""
        inputs = [number for number, node in enumerate(self.nodes) if isinstance(node.op, Input)]
        return tuple(map(depending(self.nodes, inputs).__contains__, range(len(self.nodes))))

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
