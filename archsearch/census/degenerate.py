"""Dilated kernels that are wider than their maps: choices of a space that come to kernels of one tap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archsearch.census.lattice import FITTED, MISFIT, network
from archsearch.census.places import Open
from archsearch.graph.ops.maps import Convolution
from archsearch.notation.network import Network

if TYPE_CHECKING:
    from archsearch.census.lattice import Edge, Lattice
    from archsearch.graph.shapes import Shape, Sizes
    from archsearch.notation.network import WordCall


@dataclass(frozen=True)
class Degenerate:
    """A word with a dilated kernel whose outer taps all fall beside a map of this `size`.

    So many `sentences` have it on such a map, whose shapes fit, whatever their limits.
    """

    word: str
    size: Sizes
    sentences: int


def degenerate(paths: Lattice) -> tuple[Degenerate, ...]:
    """Return the dilated kernels that are wider than their maps, those of most sentences first.

    The figure `dilated` must be among those that are summed.
    """
    found: dict[tuple[str, Sizes], set[tuple[int, int]]] = {}
    dilations: dict[tuple[WordCall, Shape], int] = {}
    summed = paths.fold.summed.index("dilated")
    for node in paths.order:
        shape = paths.fold.states[paths.states[node]].shape
        for number, edge in enumerate(paths.edges[node]):
            call = _call(edge)
            if call is None or edge.node == MISFIT or not paths.sentences[edge.node]:
                continue
            if (key := (call, shape)) not in dilations:
                dilations[key] = _dilated(call, shape, paths.fold.classes)
            if dilations[key] > edge.added[summed]:
                found.setdefault((str(call), shape[2:]), set()).add((node, number))
    every = [Degenerate(*key, _passing(paths, edges)) for key, edges in found.items()]
    return tuple(sorted(every, key=lambda one: -one.sentences))


def _call(edge: Edge) -> WordCall | None:
    """Return the word that is read along an edge with all that is in its brackets, None where these are open."""
    match edge.tokens:
        case (Open(call, 0),):
            return call
        case (Open(), _, *_):
            return network(edge.tokens).calls[0]
    return None


def _dilated(call: WordCall, shape: Shape, classes: int) -> int:
    """Return how many dilated convolutions a word adds behind a map, whether their taps fall on it or not."""
    nodes = Network((call,)).lower(shape[1:], classes).nodes
    return sum(isinstance(node.op, Convolution) and max(node.op.dilation) > 1 for node in nodes)


def _passing(paths: Lattice, edges: set[tuple[int, int]]) -> int:
    """Return how many sentences have one of these edges on their way."""
    past = {FITTED: 1, MISFIT: 0}
    for node in paths.order:
        kept = (edge for number, edge in enumerate(paths.edges[node]) if (node, number) not in edges)
        past[node] = sum(past[edge.node] for edge in kept)
    return paths.sentences[0] - past[0]
