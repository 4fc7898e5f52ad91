"""One network judged against limits, before any tensor exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archsearch.analysis.limits import Broken, Condition
from archsearch.analysis.profile import profile
from archsearch.errors import ShapeError

if TYPE_CHECKING:
    from archsearch.graph.graph import Graph
    from archsearch.graph.shapes import Shape
    from archsearch.notation.network import Network


@dataclass(frozen=True)
class Candidate:
    """A network with its graph and figures (none where its shapes do not fit) and what is wrong with it."""

    network: Network
    graph: Graph | None
    figures: Mapping[str, int]
    excesses: Mapping[str, int]
    broken: tuple[Broken, ...]
    misfit: str = ""

    @property
    def fits(self) -> bool:
        """Whether nothing speaks against training it."""
        return not self.broken and not self.misfit

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it may not be trained, with figure and bound."""
        return (self.misfit,) if self.misfit else tuple(map(str, self.broken))

    @property
    def rules_broken(self) -> tuple[str, ...]:
        """The limits that it breaks, without its figures."""
        return (self.misfit,) if self.misfit else tuple(one.limit for one in self.broken)

    @property
    def digest(self) -> str | None:
        """The digest of its graph, if it has one."""
        return self.graph.digest if self.graph else None

    @property
    def key(self) -> str:
        """What tells it from other candidates: the digest of its graph, or else its text."""
        return self.digest or str(self.network)


def judge(network: Network, input_shape: Shape, classes: int, limits: Condition) -> Candidate:
    """Lower and analyze a network and hold its figures against the limits.

    >>> from archsearch.notation.network import parse
    >>> judge(parse("conv(8) head()"), (3, 32, 32), 10, Condition.of("rf > 44, params < 200k")).reasons
    ('rf is 3, not > 44',)
    """
    try:
        graph = network.lower(input_shape, classes)
        figures = profile(graph).figures
    except ShapeError as error:
        return Candidate(network, None, {}, {"shapes": 1}, (), error.rule)
    return Candidate(network, graph, figures, limits.excesses(figures), limits.broken(figures))
