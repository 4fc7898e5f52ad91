"""All sentences of a space, or all derivations, as the paths of one graph, with what each adds to the figures.

A node is where a sentence can be: a state of the machine that reads it, one of the fold that analyses it, and
the words whose brackets are open. Nothing else decides on what can follow, so sentences share nodes: a space of
10^15 sentences has a few thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import NamedTuple, Protocol

from archsearch.analysis.fold import Fold
from archsearch.analysis.fragment import NotInOrderError
from archsearch.census.order import behind_first
from archsearch.census.places import CLOSE, END, Moves, Open, Token
from archsearch.errors import ArchsearchError
from archsearch.notation.network import Network, WordCall
from archsearch.notation.word import Word

FITTED = -1
"""The node behind the last word of every sentence whose shapes fit."""

MISFIT = -2
"""The node behind a word whose shapes do not fit what is before it."""

_MOST_WHOLE = 10_000


class Machine(Protocol):
    """What reads sentences: an Automaton, one path for each, or Places, one for each derivation."""

    start: int

    def moves(self, state: int, /) -> Moves:
        """Return the tokens that can be read in a state, or None for an option, each with the state behind it."""


class _Frame(NamedTuple):
    """A word whose brackets are open: the state before it, and those in which its first sentences ended."""

    before: int
    opening: Open
    ends: tuple[int, ...]


class _Node(NamedTuple):
    read: int
    frames: tuple[_Frame, ...]
    state: int


class Edge(NamedTuple):
    """What is read, to which node it leads, and what it adds to each figure that is summed.

    `choices` are the numbers of the options that are taken on the way, where derivations are followed.
    """

    tokens: tuple[Token, ...]
    node: int
    added: tuple[int, ...]
    choices: tuple[int, ...] = ()


@dataclass(frozen=True)
class Lattice:
    """The graph: the edges that leave each node, by its number, and the fold's state there.

    `order` has all nodes that sentences pass, each behind those that follow it; the first node is 0. An edge to
    MISFIT has the tokens up to the word that does not fit, and stands for all sentences that go on from there.
    """

    fold: Fold
    edges: tuple[tuple[Edge, ...], ...]
    states: tuple[int, ...]
    order: tuple[int, ...]

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """The nodes at which sentences end."""
        return tuple(node for node in self.order if any(edge.node == FITTED for edge in self.edges[node]))

    @cached_property
    def sentences(self) -> tuple[int, ...]:
        """How many sentences whose shapes fit go on from each node."""
        found = {FITTED: 1, MISFIT: 0}
        for node in self.order:
            found[node] = sum(found[edge.node] for edge in self.edges[node])
        return tuple(found[node] for node in range(len(self.edges)))

    def following(self, edge: Edge) -> int:
        """Return how many sentences whose shapes fit go on by an edge."""
        return int(edge.node == FITTED) if edge.node < 0 else self.sentences[edge.node]


def lattice(machine: Machine, fold: Fold) -> Lattice:
    """Return the graph of all that a machine can read.

    Raises NotFoldedError for words whose figures do not follow from what is known of those before them, and
    ArchsearchError for a word that must be read with its sentences as a whole, if there are too many of these.
    """
    whole = frozenset[Word]()
    while True:
        try:
            return _Making(machine, fold, whole).run()
        # That a word repeats its sentences shows only when they are known.
        except NotInOrderError as error:
            whole |= {error.word}


class _Making:
    """A graph that is being made; words in `whole` are read together with their sentences."""

    def __init__(self, machine: Machine, fold: Fold, whole: frozenset[Word]) -> None:
        self.machine, self.fold, self.whole = machine, fold, whole
        self.numbers: dict[_Node, int] = {}
        self.nodes: list[_Node] = []

    def run(self) -> Lattice:
        self.number(_Node(self.machine.start, (), self.fold.start))
        edges = list[tuple[Edge, ...]]()
        while len(edges) < len(self.nodes):
            edges.append(tuple(self.edges(self.nodes[len(edges)])))
        order = behind_first(0, lambda number: (edge.node for edge in edges[number] if edge.node >= 0))
        return Lattice(self.fold, tuple(edges), tuple(node.state for node in self.nodes), tuple(order))

    def number(self, node: _Node) -> int:
        if node not in self.numbers:
            self.numbers[node] = len(self.nodes)
            self.nodes.append(node)
        return self.numbers[node]

    def edges(self, node: _Node) -> Iterator[Edge]:
        for number, (token, read) in enumerate(self.machine.moves(node.read)):
            if token is None:
                yield Edge((), self.number(node._replace(read=read)), self.fold.nothing, (number,))
            elif token is END:
                yield Edge((token,), FITTED, self.fold.nothing)
            elif token is CLOSE:
                yield self.closed(node, read)
            elif isinstance(token, Open) and token.sentences:
                yield from self.opened(node, token, read)
            elif isinstance(token, Open):
                step = self.fold.after(node.state, token.call)
                yield self.edge((token,), step and node._replace(read=read, state=step.state), step and step.added)

    def edge(self, tokens: tuple[Token, ...], node: _Node | None, added: tuple[int, ...] | None = None) -> Edge:
        return Edge(tokens, MISFIT if node is None else self.number(node), added or self.fold.nothing)

    def opened(self, node: _Node, token: Open, read: int) -> Iterator[Edge]:
        """Yield the edges of a word that takes sentences: into the first of them, or over all of them at once."""
        if token.call.word not in self.whole:
            state = self.fold.entered(node.state, token.call, (), token.sentences)
            frames = (*node.frames, _Frame(node.state, token, ()))
            yield self.edge((token,), None if state is None else _Node(read, frames, state))
            return
        inside = [*islice(self.sentences(read, token.sentences), _MOST_WHOLE + 1)]
        if len(inside) > _MOST_WHOLE:
            message = f"`{token.call.word.name}` can have more than {_MOST_WHOLE:,} sentences in its brackets"
            remedy = "let it choose among fewer: each of them is analysed for itself"
            raise ArchsearchError(message, place=token.call.place, remedy=remedy)
        for tokens, behind, choices in inside:
            (call,) = network((token, *tokens)).calls
            step = self.fold.after(node.state, call)
            after = step and node._replace(read=behind, state=step.state)
            yield self.edge((token, *tokens), after, step and step.added)._replace(choices=choices)

    def closed(self, node: _Node, read: int) -> Edge:
        """Return the edge out of a sentence in brackets: to the next one, or out of the brackets."""
        frame = node.frames[-1]
        frame = frame._replace(ends=(*frame.ends, node.state))
        before, (call, sentences), ends = frame
        if len(ends) < sentences:
            state = self.fold.entered(before, call, ends, sentences)
            inside = (*node.frames[:-1], frame)
            return self.edge((CLOSE,), None if state is None else _Node(read, inside, state))
        step = self.fold.left(before, call, ends)
        outside = step and _Node(read, node.frames[:-1], step.state)
        return self.edge((CLOSE,), outside, step and step.added)

    def sentences(self, read: int, closes: int) -> Iterator[tuple[tuple[Token, ...], int, tuple[int, ...]]]:
        """Yield what can be read until so many sentences in brackets are closed, the state then, and choices."""
        ahead: list[tuple[tuple[Token, ...], int, int, tuple[int, ...]]] = [((), read, closes, ())]
        while ahead:
            tokens, here, open_ones, choices = ahead.pop()
            if not open_ones:
                yield tokens, here, choices
                continue
            for number, (token, behind) in enumerate(self.machine.moves(here)):
                if token is None:
                    ahead.append((tokens, behind, open_ones, (*choices, number)))
                    continue
                change = -1 if token is CLOSE else token.sentences if isinstance(token, Open) else 0
                ahead.append(((*tokens, token), behind, open_ones + change, choices))


def network(tokens: tuple[Token, ...]) -> Network:
    """Return the network that is read in these tokens; an END may be the last."""
    rest = iter(tokens)

    def sentence() -> tuple[WordCall, ...]:
        return tuple(calls())

    def calls() -> Iterator[WordCall]:
        for token in rest:
            if not isinstance(token, Open):
                return
            call, sentences = token
            yield WordCall(call.word, call.values, tuple(sentence() for _ in range(sentences)), call.place)

    return Network(sentence())
