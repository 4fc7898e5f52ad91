"""What the units of each operation of a graph see, computed when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from archsearch.analysis.receptive.field import image_with_patterns, image_with_spans
from archsearch.analysis.receptive.rules import fields
from archsearch.errors import ArchsearchError
from archsearch.graph.graph import Graph
from archsearch.graph.shapes import shape_text

if TYPE_CHECKING:
    from archsearch.analysis.receptive.tensor import TensorField

SETS_UP_TO = 4_096
"""The longest side of an image for which exact sets are made: each takes a bit for each position."""

NO_SETS = f"a side of it is longer than {SETS_UP_TO:,}"


@dataclass(frozen=True)
class Seen:
    """What the units of each node of a graph see, by the node's number."""

    graph: Graph

    @cached_property
    def patterns(self) -> tuple[TensorField, ...]:
        """What the units of each node see, as if the image were endless, and which of them see nothing at all."""
        return fields(self.graph, image_with_patterns)

    @cached_property
    def within(self) -> tuple[TensorField, ...]:
        """What they see inside the image: its sets, or for a long image the first and the last position of each.

        Either says how far units see; memory for the latter grows only with the number of units.
        """
        return self.fields if self.has_sets else fields(self.graph, image_with_spans)

    @property
    def has_sets(self) -> bool:
        """Whether no side of the image is longer than SETS_UP_TO."""
        return max(self.graph.sides, default=0) <= SETS_UP_TO

    @cached_property
    def fields(self) -> tuple[TensorField, ...]:
        """What the units of each node see inside the image, as exact sets.

        They take a bit for each unit and position. Raises ArchsearchError if `has_sets` is false.
        """
        if not self.has_sets:
            message = f"sets are not made for an input of {shape_text(self.graph.input)}: {NO_SETS}"
            raise ArchsearchError(message, remedy="give a shorter input: rf does not depend on its length")
        return fields(self.graph)
