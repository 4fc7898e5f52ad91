"""The analyzer's receptive sets held against two oracles, which run the module and know no formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archsearch.analysis.describe import describe
from archsearch.analysis.profile import Profile
from archsearch.analysis.receptive.field import Sets
from archsearch.errors import TraceError
from archsearch.graph.ops.maps import Resize
from archsearch.proof.oracles import by_gradients, by_nans, nan_blind

if TYPE_CHECKING:
    from archsearch.analysis.receptive.tensor import TensorField
    from archsearch.pytorch.trace import Traced


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
    layout, step, node = profile.fields[number], traced.steps[number], traced.graph.nodes[number]
    blind = nan_blind(traced.program)
    zero_weights = any(isinstance(one.op, Resize) and "nearest" not in one.op.mode for one in traced.graph.nodes)
    dims = [dim for dim in range(len(layout.shape)) if layout.carried(dim)] or [len(layout.shape) - 1]
    differences: list[str] = []
    for dim in dims:
        expected = _expected(layout, dim)
        gradients = dict(enumerate(by_gradients(traced.program, step, dim)))
        tick()
        differences += _differences("gradients", expected, gradients, less=layout.bound, more=False)
        if not blind:
            nans = {axis: by_nans(traced.program, step, dim, axis, tick) for axis in expected}
            differences += _differences("NaNs", expected, nans, less=layout.bound, more=zero_weights)
    unsure = []
    if blind:
        unsure.append(f"NaNs do not pass truthfully through {', '.join(blind)}: gradients alone were asked")
    if layout.bound:
        unsure.append("the analyzer calls its sets here an upper bound")
    name = f"{node.path}: {describe(node.op)}" if node.path else describe(node.op)
    return Proof(name, sum(layout.shape[dim] for dim in dims), tuple(differences), tuple(unsure))


def _expected(layout: TensorField, dim: int) -> dict[int, tuple[int, ...]]:
    """Return what the units along a dim see by analysis, for each axis that the dim carries.

    A projection is exact along the dim of its own axis. What a dim without an axis sees is the same for all.
    """
    return {axis: layout.along(dim, axis) for axis in layout.carried(dim) or range(len(layout.axes))}


def _last_map(traced: Traced, profile: Profile) -> int:
    for number in reversed(range(len(traced.graph.nodes))):
        if number in traced.steps and profile.fields[number].is_local_map:
            return number
    raise TraceError("no operation of the module has a map that could be proved")


def _differences(
    oracle: str, expected: Mapping[int, Sets], found: Mapping[int, Sets], *, less: bool, more: bool
) -> Iterator[str]:
    """Yield each unit of which an oracle finds another set; it may find `less` or `more` where that is allowed."""
    for axis, sets in expected.items():
        for unit, (ours, theirs) in enumerate(zip(sets, found[axis], strict=True)):
            if (ours & ~theirs and not less) or (theirs & ~ours and not more):
                sees = f"unit {unit} along axis {axis + 1} of the image sees {_text(ours)} by analysis"
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
