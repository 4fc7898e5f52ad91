"""The analyzer's receptive sets compared with two oracles, which run the module and use no formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from archsearch.analysis.figures import headline
from archsearch.analysis.profile import Profile
from archsearch.analysis.receptive.field import image_at
from archsearch.analysis.receptive.rules import fields
from archsearch.errors import TraceError
from archsearch.graph.graph import depending
from archsearch.graph.ops.maps import Resize
from archsearch.graph.ops.operation import Unknown
from archsearch.proof.oracles import by_gradients, by_nans, nan_blind

if TYPE_CHECKING:
    from archsearch.analysis.receptive.tensor import TensorField
    from archsearch.pytorch.trace import Traced

MOST = 256
"""The most units and positions of the input that are compared along one axis; each takes a run or a gradient."""

_WHICH = "those at both ends and in the middle, and some between"


@dataclass(frozen=True)
class Proof:
    """What the oracles find for one tensor: how many units they looked at, and where the analyzer differs.

    `unsure` says what could not be decided, and why. `unproved` names the operations that are not known: what lies
    behind them may see more, and was not compared. `bound`: the analyzer's sets are an upper bound, and nothing is
    seen beyond it. `sampled`: some units or positions were compared, and not all.
    """

    tensor: str
    units: int
    differences: tuple[str, ...]
    unsure: tuple[str, ...] = ()
    unproved: tuple[str, ...] = ()
    bound: bool = False
    sampled: bool = False

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
        verdict = "NOT EQUAL" if not self.holds else "within the upper bound" if self.bound else "equal"
        where = " for the units and positions compared" if self.sampled and self.holds else ""
        head = f"{verdict}{where}: what {self.units:,} units of {self.tensor} see, by analysis, gradients and NaNs"
        lines = (*self.differences, *self.unsure)
        if self.unproved:
            message = (
                f"NOT PROVED: what lies behind {', '.join(self.unproved)}: not known, so that rf may be larger"
            )
            head, lines = message, (head, *lines)
        return "\n".join([head, *(f"  {line}" for line in lines)])


def prove(
    traced: Traced, number: int | None = None, tick: Callable[[], None] = lambda: None, output: str | None = None
) -> Proof:
    """Compare what every unit of a node sees with gradients and NaNs; without `number`, of the last map.

    `output` names the output whose last map that is, without it the main one. Of a module with operations that are
    not known, it is the last map before them.

    Where the analyzer calls its sets an upper bound, they may be larger than what the oracles find. Where an
    interpolation gives a position weight 0, NaNs see it, but neither analyzer nor gradients do. `tick` is called
    after each run of the module. Of more than MOST units or positions along an axis, some are compared (`chosen`),
    and the proof says so.

    Raises TraceError where an oracle cannot run the module: on the meta device, or on an image of whole numbers.
    """
    _check_provable(traced)
    profile = Profile(traced.graph, output=output)
    if number is None:
        number = headline(profile, among=_comparable(traced))
    step, node = traced.steps[number], traced.graph.nodes[number]
    field = fields(traced.graph, lambda side: image_at(side, chosen(side)))[number]
    blind = nan_blind(traced.program, step)
    dims = [dim for dim in range(len(field.shape)) if field.carried(dim)] or [len(field.shape) - 1]
    compared = (_compared(traced, step, field, dim, tick, with_nans=not blind) for dim in dims)
    differences = tuple(chain.from_iterable(compared))
    sides, sizes = traced.graph.sides, [field.shape[dim] for dim in dims]
    unsure = [*_left_out(sides, sizes)]
    if blind:
        unsure.append(f"NaNs do not show what passes through {', '.join(blind)}: only gradients were compared")
    if field.bound:
        unsure.append("the analyzer calls its sets here an upper bound")
    name = f"{node.path}: {node.op.description}" if node.path else node.op.description
    sampled = max(*sides, *sizes) > MOST
    return Proof(name, sum(sizes), differences, tuple(unsure), profile.unknown, field.bound, sampled)


def _compared(
    traced: Traced, step: str, field: TensorField, dim: int, tick: Callable[[], None], *, with_nans: bool
) -> Iterator[str]:
    """Yield the differences of the units along a dim from what gradients, and NaNs if wanted, say of them."""
    sides, units = traced.graph.sides, chosen(field.shape[dim])
    zero_weights = any(isinstance(one.op, Resize) and "nearest" not in one.op.mode for one in traced.graph.nodes)
    rows = by_gradients(traced.program, step, dim, units)
    tick()
    for axis, sets in _expected(field, dim, len(sides)).items():
        positions = chosen(sides[axis])
        differs = partial(_differences, axis, positions, sets, less=field.bound)
        by_unit = {unit: _at(row, positions) for unit, row in zip(units, rows[axis], strict=True)}
        yield from differs("gradients", by_unit, more=False)
        if with_nans:
            found = by_nans(traced.program, step, dim, axis, tick, positions)
            yield from differs("NaNs", dict(enumerate(found)), more=zero_weights)


def _comparable(traced: Traced) -> set[int]:
    """Return the nodes that a step computes, but for those behind operations that are not known.

    A single number is none either: it has no dim to compare along.
    """
    nodes = traced.graph.nodes
    behind = depending(nodes, (number for number, node in enumerate(nodes) if isinstance(node.op, Unknown)))
    return {number for number in traced.steps if nodes[number].shape and number not in behind}


def _left_out(sides: Sequence[int], sizes: Sequence[int]) -> Iterator[str]:
    """Say what was not compared, of an input with these sides and dims of these sizes."""
    for size in dict.fromkeys(sizes):
        if size > MOST:
            yield f"gradients were compared for {MOST} of {size:,} units: {_WHICH}"
    for side in dict.fromkeys(sides):
        if side > MOST:
            yield f"what units see was compared at {MOST} of {side:,} positions of the input: {_WHICH}"


def chosen(size: int) -> Sequence[int]:
    """Return which of so many units or positions are compared: all, if there are no more than MOST.

    Else a quarter of MOST each: the first, the last, those in the middle, and some evenly spread.

    >>> len(chosen(256)), len(chosen(16_000)), chosen(16_000)[62:66], chosen(16_000)[-1]
    (256, 256, [62, 63, 187, 434], 15999)
    """
    if size <= MOST:
        return range(size)
    block = MOST // 4
    middle = (size - block) // 2
    found = {*range(block), *range(size - block, size), *range(middle, middle + block)}
    left = [position for position in range(size) if position not in found]
    return sorted(found.union(left[(2 * place + 1) * len(left) // (2 * block)] for place in range(block)))


def _at(positions: int, listed: Sequence[int]) -> int:
    """Return which of the listed positions are in a bit set, by their places in the list."""
    return sum(1 << place for place, position in enumerate(listed) if positions >> position & 1)


def _check_provable(traced: Traced) -> None:
    """Raise TraceError unless the module has values to run with, and takes an image that can hold NaNs."""
    program = traced.program
    if any(value.is_meta for value in program.values.values()):
        message = "the module is on the meta device, where it has no values to be run with"
        raise TraceError(
            message, remedy="build it on the CPU to verify it; leave out --verify to analyse it as it is"
        )
    image = next(step.meta["val"] for step in program.steps if step.name == program.image)
    if not image.is_floating_point():
        message = (
            f"the image is of {str(image.dtype).removeprefix('torch.')}, which holds no NaNs and has no gradient"
        )
        raise TraceError(message, remedy="verify a module that takes the image as floats")


def _expected(field: TensorField, dim: int, axes: int) -> dict[int, tuple[int, ...]]:
    """Return what the units along a dim see by analysis, for each axis that the dim carries.

    A projection is exact along the dim of its own axis. A dim that carries none sees the same at every index. What
    sees nothing of the image is held against all of it.
    """
    if not field.axes:
        return dict.fromkeys(range(axes), (0,) * field.shape[dim])
    return {axis: field.along(dim, axis) for axis in field.carried(dim) or range(axes)}


def _differences(
    axis: int,
    positions: Sequence[int],
    expected: Sequence[int],
    oracle: str,
    found: Mapping[int, int],
    *,
    less: bool,
    more: bool,
) -> Iterator[str]:
    """Yield each unit whose set differs by an oracle, which may find `less` or `more` where that is allowed."""
    for unit, theirs in found.items():
        ours = expected[unit]
        if (ours & ~theirs and not less) or (theirs & ~ours and not more):
            sees = f"unit {unit} along axis {axis + 1} of the image sees {_listed(ours, positions)} by analysis"
            yield f"{sees}, {_listed(theirs, positions)} by {oracle}"


def _listed(places: int, positions: Sequence[int]) -> str:
    """Write the positions at some places of a list."""
    return _text(sum(1 << position for place, position in enumerate(positions) if places >> place & 1))


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
