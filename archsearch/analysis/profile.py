"""What a graph costs and sees, operation by operation, in exact integers.

`rf` is counted along paths without global operations, on the last map that has one: what sees the whole image
(global pooling, squeeze-excitation, attention) is named beside it. `archsearch.graph.ops.counts` says what is
counted; bytes are those of float32 and of one image.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from archsearch.analysis.cost import Calibration
from archsearch.analysis.figures import Figures, headline, rf_at
from archsearch.analysis.op_profile import OpProfile, OutputProfile, notes_on, rf
from archsearch.analysis.profile_tables import figures_table, ops_table, outputs_table
from archsearch.analysis.seen import NO_SETS, Seen
from archsearch.errors import TraceError
from archsearch.graph.graph import Graph, Node
from archsearch.graph.ops.counts import Counts
from archsearch.graph.ops.maps import GlobalPool, Pool
from archsearch.graph.ops.operation import Constant, Operation, Unknown

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Profile(Seen):
    """The figures of a network and of each of its operations; its `str` is the table.

    Without a `calibration` of a machine there is no figure `seconds`. `output` names the output of a torch module
    which `rf` is for, None the main one; what is counted is that of the whole module.
    """

    calibration: Calibration | None = None
    output: str | None = None

    @cached_property
    def figures(self) -> Mapping[str, float]:
        """Each figure of FIGURES by its name, computed when it is asked for; all but `seconds` are whole."""
        return Figures(self, self.calibration)

    @cached_property
    def rows(self) -> tuple[OpProfile, ...]:
        """One row for each operation that the image passes through."""
        numbers = (number for number, node in enumerate(self.graph.nodes) if not isinstance(node.op, Constant))
        return tuple(map(self._row, numbers))

    @property
    def end(self) -> int:
        """The node that computes the output which `rf` is for."""
        return self.graph.output(self.output).node

    @cached_property
    def headline(self) -> int:
        """The node that `rf` is of, see `figures.headline`."""
        return headline(self)

    @cached_property
    def outputs(self) -> tuple[OutputProfile, ...]:
        """The figures of each output, in the order in which they are returned."""
        ends = self.graph.outputs or (self.graph.output(),)
        return tuple(self._output(name, end) for name, end in ends)

    def _output(self, name: str, end: int) -> OutputProfile:
        number = headline(self, end)
        shape = self.graph.nodes[end].shape
        return OutputProfile(
            name, shape[1:] if shape[:1] == (1,) else shape, rf_at(self, number), self._row(number)
        )

    @cached_property
    def _first_use(self) -> Mapping[str, int]:
        """The first node that has each parameter."""
        nodes = reversed(list(enumerate(self.graph.nodes)))
        return {weight.name: number for number, node in nodes for weight in node.weights}

    def _row(self, number: int) -> OpProfile:
        """Return the row of a node; parameters that an earlier one has are not counted again."""
        node, seen = self.graph.nodes[number], self.patterns
        new = {weight.name: weight.size for weight in node.weights if self._first_use[weight.name] == number}
        notes = [*notes_on(node, seen[number], [seen[read] for read in node.inputs])]
        has_own = type(node.op).weights is not Operation.weights
        if has_own and len(new) < len({weight.name for weight in node.weights}):
            notes.append("shares parameters")
        if not self.graph.computed[number]:
            notes.append("of weights alone")
        if self._covers(node):
            notes.append("covers its map")
        return OpProfile(
            path=node.path,
            word=str(node.word),
            op=node.op.description,
            shape=node.shape[1:] if node.shape[:1] == (1,) else node.shape,
            number=number,
            counts=self.costs[number],
            params=sum(new.values()),
            notes=tuple(notes),
            seen=self,
        )

    @cached_property
    def costs(self) -> tuple[Counts, ...]:
        """What each node computes."""
        return tuple(node.op.counts(self.graph.shapes_into(node), node.shape) for node in self.graph.nodes)

    @property
    def weight_macs(self) -> int:
        """MACs of products of weights alone, such as a kernel made of others: no part of `macs`.

        They are done once for a batch of any size, or once and for all.
        """
        pairs = zip(self.costs, self.graph.computed, strict=True)
        return sum(cost.macs for cost, is_computed in pairs if not is_computed)

    @property
    def last_map(self) -> OpProfile:
        """The row that `rf` is of: the last map that a path without global operations leads to."""
        return self._row(self.headline)

    @cached_property
    def read_as_global(self) -> Profile | None:
        """The same network with each window that covers its whole map read as global pooling; None without any.

        Whether a window covers its map depends on the size of the image, so `rf` and `maxpool` count all windows.

        >>> from archsearch.notation.network import parse
        >>> found = profile(parse("conv(8) maxpool(4)").lower((3, 4, 4)))
        >>> found.figures["rf"], found.read_as_global.figures["rf"]
        (6, 3)
        """
        nodes = tuple(
            replace(node, op=GlobalPool(node.op.mode))
            if isinstance(node.op, Pool) and self._covers(node)
            else node
            for node in self.graph.nodes
        )
        return None if nodes == self.graph.nodes else replace(self, graph=replace(self.graph, nodes=nodes))

    def _covers(self, node: Node) -> bool:
        return isinstance(node.op, Pool) and node.op.covers(self.graph.shapes_into(node)[0])

    @property
    def first_global(self) -> OpProfile | None:
        """The first operation whose units see the whole of an axis at once, if there is one."""
        return next((row for row in self._before if self.within[row.number].is_global), None)

    @property
    def first_whole(self) -> OpProfile | None:
        """The first operation with a unit that sees as far, along each axis, as all its units together.

        One that picks a part of the image, such as one step of a signal, is none: the output sees further.
        """
        end = self.within[self.end]
        return next((row for row in self._before if self.within[row.number].sees_all_of(end)), None)

    @cached_property
    def _before(self) -> tuple[OpProfile, ...]:
        """The rows that the output is computed from, its own included."""
        needed = {self.end}
        for number in range(self.end, -1, -1):
            needed.update(self.graph.nodes[number].inputs if number in needed else ())
        return tuple(row for row in self.rows if row.number in needed)

    @property
    def other_reading(self) -> str:
        """A sentence with the figures if windows that cover their whole map are read as global; empty without."""
        if not self.read_as_global:
            return ""
        rows = [(row.op, row.path) for row in self.rows if "covers its map" in row.notes]
        named = ", ".join(f"{op} at {path}" if path else op for op, path in rows)
        subject = f"The window of {named} covers its" if len(rows) == 1 else f"The windows of {named} cover their"
        sees, pools = (self.read_as_global.figures[name] for name in ("rf", "maxpool"))
        return f"{subject} whole map; as global pooling, rf would be {sees:,} and maxpool {pools:,}"

    def growth(self, until: OpProfile | None = None) -> list[tuple[OpProfile, int]]:
        """Return the rows that have a receptive field, up to one of them or all, each with its size."""
        rows = self.rows if until is None else self.rows[: self.rows.index(until) + 1]
        return [(row, row.rf) for row in rows if row.rf]

    def rf_by(self, row: OpProfile) -> int:
        """Return the receptive field of a row, or the largest of those that it is computed from."""
        waiting, sizes = {row.number}, [1]
        for number in range(row.number, -1, -1):
            if number in waiting:
                size = rf(self.patterns[number])
                sizes.append(size or 1)
                waiting.update(() if size else self.graph.nodes[number].inputs)
        return max(sizes)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names of the operations that are not known: if there are any, the result is partial."""
        return tuple(dict.fromkeys(node.op.name for node in self.graph.nodes if isinstance(node.op, Unknown)))

    def complete(self) -> Profile:
        """Return the profile itself; raises TraceError if there is an operation that is not known."""
        if self.unknown:
            raise TraceError(
                f"not known: {', '.join(self.unknown)}",
                remedy="`archsearch analyze` without --strict shows all else, marked as partial",
            )
        return self

    def frame(self) -> pd.DataFrame:
        """Return the rows as a pandas DataFrame."""
        import pandas as pd  # noqa: PLC0415

        return pd.DataFrame([row.figures for row in self.rows])

    def __str__(self) -> str:
        return self.text()

    def text(self, width: int | None = None) -> str:
        """Return the table of operations with the figures under it, whole columns of them in a `width`."""
        parts = [ops_table(self.rows, width), figures_table(self.figures, width)]
        if len(self.outputs) > 1:
            parts.append(outputs_table(self.outputs, self.main, width))
        return "\n\n".join(filter(None, [*parts, "\n".join(self._remarks())]))

    def _remarks(self) -> Iterator[str]:
        """Yield what is to be said of the figures, a line each."""
        for row, message in (
            (self.first_whole, "A unit sees the whole image from"),
            (self.first_global, "The first global operation is"),
        ):
            if row:
                where = f" at {row.path}" if row.path else ""
                yield f"{message}: {row.op}{where}, after a receptive field of {self.rf_by(row)}"
        if self.other_reading:
            yield self.other_reading
        if self.last_map.rf is None:
            yield "The units of the last map follow no pattern: rf is the largest part inside the image"
        if self.unknown:
            yield f"PARTIAL: these operations are not known: {', '.join(self.unknown)}"
        if self.weight_macs:
            yield f"{self.weight_macs:,} MACs of weights alone, done once for any batch, are not in macs"
        if not self.has_sets:
            yield f"Not made: the exact sets that units see, and image_coverage with them: {NO_SETS}"
        if self.graph.spare:
            unread = sum(weight.size for weight in self.graph.spare)
            yield f"{unread:,} of the params are not used by any operation"

    @property
    def main(self) -> str:
        """The name of the output which `rf` is for."""
        return self.graph.output(self.output).name


def profile(graph: Graph, calibration: Calibration | None = None, output: str | None = None) -> Profile:
    """Return the figures of a graph, operation by operation, computed when they are asked for.

    With a calibration, `seconds` is one of them. `output` names the output which `rf` is for, else it is the main
    one. Raises ShapeError for a receptive field too large to count, TraceError for a name that no output has.

    >>> from archsearch.notation.network import parse
    >>> profile(parse("conv(8) conv(8, stride=2) conv(8, dilation=2) head()").lower()).figures["rf"]
    13
    """
    found = Profile(graph, calibration, output)
    # What is too large to count is said now, not when the figures are read.
    _ = found.patterns, found.end
    return found
