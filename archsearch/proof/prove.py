"""The analyzer's receptive sets compared with two oracles, which run the module and use no formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archsearch.analysis.figures import last_map
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
    """What the oracles find for one tensor: how many units they looked at, and where the analyzer differs.

    `unsure` says what could not be decided, and why. `unproved` names the operations that are not known: what lies
    behind them may see more, and was not compared.
    """

    tensor: str
    units: int
    differences: tuple[str, ...]
    unsure: tuple[str, ...] = ()
    unproved: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether no oracle contradicts the analyzer."""
        return not self.differences

    @property
    def is_complete(self) -> bool:
        """Whether it holds for the module and not only for a part of it: every operation is known."""
        return self.holds and not self.unproved

    def __str__(self) -> str:
        """Return the verdict, then each difference or doubt on a line of its own."""
        verdict = "equal" if self.holds else "NOT EQUAL"
        head = f"{verdict}: what {self.units:,} units of {self.tensor} see, by analysis, gradients and NaNs"
        lines = (*self.differences, *self.unsure)
        if self.unproved:
            message = (
                f"NOT PROVED: what lies behind {', '.join(self.unproved)}: not known, so that rf may be larger"
            )
            head, lines = message, (head, *lines)
        return "\n".join([head, *(f"  {line}" for line in lines)])


def prove(traced: Traced, number: int | None = None, tick: Callable[[], None] = lambda: None) -> Proof:
    """Compare what every unit of a node sees with gradients and NaNs; without `number`, of the last map.

    Where the analyzer calls its sets an upper bound, they may be larger than what the oracles find. Where an
    interpolation gives a position weight 0, NaNs see it, but neither analyzer nor gradients do. `tick` is called
    after each run of the module.

    Raises TraceError where an oracle cannot run the module.
    """
    profile = Profile(traced.graph)
    if number is None:
        number = _last_map(traced, profile)
    field, step, node = profile.fields[number], traced.steps[number], traced.graph.nodes[number]
    blind = nan_blind(traced.program)
    zero_weights = any(isinstance(one.op, Resize) and "nearest" not in one.op.mode for one in traced.graph.nodes)
    dims = [dim for dim in range(len(field.shape)) if field.carried(dim)] or [len(field.shape) - 1]
    differences: list[str] = []
    for dim in dims:
        expected = _expected(field, dim)
        gradients = dict(enumerate(by_gradients(traced.program, step, dim)))
        tick()
        differences += _differences("gradients", expected, gradients, less=field.bound, more=False)
        if not blind:
            nans = {axis: by_nans(traced.program, step, dim, axis, tick) for axis in expected}
            differences += _differences("NaNs", expected, nans, less=field.bound, more=zero_weights)
    unsure = []
    if blind:
        unsure.append(f"NaNs do not show what passes through {', '.join(blind)}: only gradients were compared")
    if field.bound:
        unsure.append("the analyzer calls its sets here an upper bound")
    name = f"{node.path}: {node.op.description}" if node.path else node.op.description
    return Proof(name, sum(field.shape[dim] for dim in dims), tuple(differences), tuple(unsure), profile.unknown)


def _expected(field: TensorField, dim: int) -> dict[int, tuple[int, ...]]:
    """Return what the units along a dim see by analysis, for each axis that the dim carries.

    A projection is exact along the dim of its own axis. A dim that carries none sees the same at every index.
    """
    return {axis: field.along(dim, axis) for axis in field.carried(dim) or range(len(field.axes))}


def _last_map(traced: Traced, profile: Profile) -> int:
    # A single number has no dim to compare along.
    shaped = (number for number in traced.steps if traced.graph.nodes[number].shape)
    number = last_map((number, profile.fields[number]) for number in shaped)
    if number is None:
        raise TraceError("no operation of the module has a map to verify")
    return number


def _differences(
    oracle: str, expected: Mapping[int, Sets], found: Mapping[int, Sets], *, less: bool, more: bool
) -> Iterator[str]:
    """Yield each unit whose set differs by an oracle, which may find `less` or `more` where that is allowed."""
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
