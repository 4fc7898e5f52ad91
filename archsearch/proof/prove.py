"""The analyzer's receptive sets compared with two oracles, which run the module and use no formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archsearch.analysis.figures import headline
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


def prove(
    traced: Traced, number: int | None = None, tick: Callable[[], None] = lambda: None, output: str | None = None
) -> Proof:
    """Compare what every unit of a node sees with gradients and NaNs; without `number`, of the last map.

    `output` names the output whose last map that is, without it the main one.

    Where the analyzer calls its sets an upper bound, they may be larger than what the oracles find. Where an
    interpolation gives a position weight 0, NaNs see it, but neither analyzer nor gradients do. `tick` is called
    after each run of the module.

    Raises TraceError where an oracle cannot run the module: on the meta device, or on an image of whole numbers.
    """
    _check_provable(traced)
    profile = Profile(traced.graph, output=output)
    if number is None:
        number = headline(profile, among=traced.steps)
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
    return Proof(name, sum(field.shape[dim] for dim in dims), tuple(differences), tuple(unsure))


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


def _expected(field: TensorField, dim: int) -> dict[int, tuple[int, ...]]:
    """Return what the units along a dim see by analysis, for each axis that the dim carries.

    A projection is exact along the dim of its own axis. A dim that carries none sees the same at every index.
    """
    return {axis: field.along(dim, axis) for axis in field.carried(dim) or range(len(field.axes))}


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
