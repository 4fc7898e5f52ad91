"""The analyzer's receptive sets held against two oracles, which run the module and know no formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archsearch.analysis import Profile
from archsearch.describe import describe
from archsearch.errors import TraceError
from archsearch.ops import Resize
from archsearch.oracles import Sets, by_gradients, by_nans, nan_blind

if TYPE_CHECKING:
    from archsearch.layout import Layout
    from archsearch.trace import Traced


@dataclass(frozen=True)
class Proof:
    """What the oracles say of one tensor: how many units they looked at, and where they differ from the analyzer.

    `unsure` says what could not be decided, and why.
    """

    tensor: str
    units: int
    differences: tuple[str, ...]
    unsure: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether no oracle contradicts the analyzer."""
        return not self.differences

    def __str__(self) -> str:
        """Return the verdict, then each difference or doubt on a line of its own."""
        verdict = "equal" if self.holds else "NOT EQUAL"
        head = f"{verdict}: what {self.units:,} units of {self.tensor} see, by analysis, gradients and NaNs"
        return "\n".join([head, *(f"  {line}" for line in (*self.differences, *self.unsure))])


def prove(traced: Traced, number: int | None = None, tick: Callable[[], None] = lambda: None) -> Proof:
    """Hold what every unit of a node sees against gradients and NaNs; the last map unless another node is given.

    Where the analyzer says that its sets are an upper bound, they may be larger than what the oracles find. Where
    an interpolation gives a position weight zero, NaNs see it, and neither analyzer nor gradients do. `tick` is
    called after each run of the module.

    Raises TraceError where an oracle cannot run the module.
    """
    profile = Profile(traced.graph)
    if number is None:
        number = _last_map(traced, profile)
    layout, step = profile.layouts[number], traced.steps[number]
    differences: list[str] = []
    unsure = []
    blind = nan_blind(traced.program)
    if blind:
        unsure.append(f"NaNs do not pass truthfully through {', '.join(blind)}; gradients alone were asked")
    zero_weights = any(
        isinstance(node.op, Resize) and "nearest" not in node.op.mode for node in traced.graph.nodes
    )
    dims = [dim for dim in range(len(layout.dims)) if layout.carried(dim)] or [len(layout.dims) - 1]
    for dim in dims:
        # A projection is exact along the dim of its own axis; a dim without an axis sees what all of them do.
        axes = [n for n, axis in enumerate(layout.axes) if axis in layout.carried(dim) or not layout.carried(dim)]
        expected = {axis: layout.along(dim, axis) for axis in axes}
        gradients = by_gradients(traced.program, step, dim)
        tick()
        differences += _differences("gradients", expected, gradients, may_see_less=layout.bound)
        if not blind:
            nans = by_nans(traced.program, step, dim, tick)
            differences += _differences(
                "NaNs", expected, nans, may_see_less=layout.bound, may_see_more=zero_weights
            )
    if layout.bound:
        unsure.append("the analyzer calls its sets here an upper bound, and they are one")
    node = traced.graph.nodes[number]
    name = f"{node.path}: {describe(node.op)}" if node.path else describe(node.op)
    return Proof(name, sum(layout.shape[dim] for dim in dims), tuple(differences), tuple(unsure))


def _last_map(traced: Traced, profile: Profile) -> int:
    for number in reversed(range(len(traced.graph.nodes))):
        layout: Layout = profile.layouts[number]
        regular = layout.axes and all(axis.field.pattern and axis.field.pattern.is_regular for axis in layout.axes)
        if number in traced.steps and layout.is_map and regular:
            return number
    raise TraceError("no operation of the module has a map that could be proved")


def _differences(
    oracle: str,
    expected: Mapping[int, tuple[int, ...]],
    found: Sets,
    *,
    may_see_less: bool,
    may_see_more: bool = False,
) -> Iterator[str]:
    names = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}[len(found)]
    for axis, sets in expected.items():
        for unit, (ours, theirs) in enumerate(zip(sets, found[axis], strict=True)):
            less, more = ours & ~theirs, theirs & ~ours
            if (less and not may_see_less) or (more and not may_see_more):
                sees = f"unit {unit} sees of the {names[axis]} {_text(ours)} by analysis"
                yield f"{sees}, {_text(theirs)} by {oracle}"


def _text(positions: int) -> str:
    """Write a set of positions as ranges.

    >>> _text(0b1110101)
    '0, 2, 4-6'
    """
    runs: list[list[int]] = []
    for position in range(positions.bit_length()):
        if positions >> position & 1:
            if runs and runs[-1][-1] == position - 1:
                runs[-1][-1] = position
            else:
                runs.append([position, position])
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in runs) or "nothing"
