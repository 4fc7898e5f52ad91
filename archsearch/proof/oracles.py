"""Which positions of the input each unit of a tensor depends on, found in two ways without a formula.

They agree, except where a tap has weight 0, as in bilinear interpolation with aligned corners: NaNs pass through
it, gradients do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from archsearch.errors import TraceError
from archsearch.proof.arguments import tensors_in
from archsearch.proof.operations import FAKE_QUANTIZE, SAME_FOR_EVERY_IMAGE
from archsearch.proof.positive import positive
from archsearch.pytorch.program import StepValue, name_of

if TYPE_CHECKING:
    from torch import fx

    from archsearch.pytorch.program import Program

SetsByAxis: TypeAlias = tuple[tuple[int, ...], ...]
"""For each spatial axis of the input and each unit, a bit set of positions: bit 3 is position 3.

The axes are height and width in 2d, length in 1d, depth, height and width in 3d.
"""

_ROUNDING = 1e-9
"""An interpolation weight of 0 comes out as at most this much; other weights are far larger."""

_FEW = 8

_HIDE_NANS = frozenset(
    {"fmax", "fmin", "heaviside", "kthvalue", "mode", "nan_to_num", "nanmean"}
    | {"nanmedian", "nansum", "sgn", "sign", "sort", "topk"}
)


def by_gradients(program: Program, step: str, dim: int, units: Sequence[int] | None = None) -> SetsByAxis:
    """Return the positions that each index along `dim` of the result of `step` depends on, found by gradients.

    With `units`, only those indices are looked at.

    All operations are replaced by those of `positive`, so that nothing cancels, and gradients are set to 0 or 1 at
    each, so that no long product vanishes. Raises TraceError for an operation that has no replacement.

    >>> from archsearch.pytorch.program import Program
    >>> program = Program.of(torch.nn.Conv1d(1, 1, kernel_size=3, dilation=2), (1, 6))
    >>> [[f"{positions:06b}" for positions in units] for units in by_gradients(program, "conv1d", dim=2)]
    [['010101', '101010']]
    """
    constant = replace(program, values={name: value.detach() for name, value in program.values.items()})
    image = torch.zeros(1, *program.input_shape, dtype=torch.double, device=_device(program), requires_grad=True)
    with torch.enable_grad():
        value = constant.run(image, step, _positive_with_gradients_of_0_and_1)
    found = []
    for unit in range(value.shape[dim]) if units is None else units:
        wanted = torch.zeros_like(value)
        wanted.select(dim, unit).fill_(1)
        found.append(_depended_on(value, image, wanted))
    return tuple(zip(*found, strict=True))


def by_nans(
    program: Program,
    step: str,
    dim: int,
    axis: int,
    tick: Callable[[], None] = lambda: None,
    positions: Sequence[int] | None = None,
) -> tuple[int, ...]:
    """Return the same for one axis of the image: write NaNs into the image, and see which units become NaN.

    With `positions`, only those are looked at, in as many runs at most: bit 3 is the position listed at place 3.
    This holds for programs that pass NaNs on, see `nan_blind`. `tick` is called after each run of the program.
    Raises TraceError for a program whose result has NaNs for an image without any.

    >>> from archsearch.pytorch.program import Program
    >>> program = Program.of(torch.nn.Conv1d(1, 1, kernel_size=3, dilation=2), (1, 6))
    >>> [f"{positions:06b}" for positions in by_nans(program, "conv1d", dim=2, axis=0)]
    ['010101', '101010']
    """
    shape = (1, *program.input_shape)
    along = _axes(len(shape))[axis]
    # In double precision torch does not convolve by Winograd or Fourier transforms, which would spread NaNs.
    image = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.double).to(_device(program))

    def reached_from(spoiled: range) -> list[bool]:
        spoilt = image.clone()
        spoilt.narrow(along, spoiled.start, len(spoiled)).fill_(torch.nan)
        reached = _nans_along(program, step, dim, spoilt)
        tick()
        return reached

    clean = reached_from(range(0))
    if any(clean):
        raise TraceError(f"{step} has NaNs for an image of random normal numbers")
    if positions is None or len(positions) == shape[along]:
        return _bisected(shape[along], len(clean), reached_from)
    return _one_by_one(positions, len(clean), reached_from)


def _nans_along(program: Program, step: str, dim: int, image: Tensor) -> list[bool]:
    """Return for each index along `dim` of the result of a step whether it has a NaN."""
    # The faster attention kernels treat a row of NaNs as masked.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        value = program.run(image, step)
    found: list[bool] = value.isnan().movedim(dim, 0).reshape(value.shape[dim], -1).any(1).tolist()
    return found


def nan_blind(program: Program, step: str) -> tuple[str, ...]:
    """Return the operations on the image, up to a step, that do not pass NaNs on to all that depends on it.

    `aten.gt.Scalar` is one: a boolean holds no NaN. So is every operation whose result is integers or booleans.
    """
    dependent: set[fx.Node] = set()
    blind = set()
    for one in program.needed(step):
        if one.name == program.image:
            dependent.add(one)
        elif not dependent.isdisjoint(one.all_input_nodes) and name_of(one) not in SAME_FOR_EVERY_IMAGE:
            dependent.add(one)
            if _hides_nans(one):
                source = one.all_input_nodes[0] if name_of(one) == "getitem" else one
                blind.add(str(source.target))
    return tuple(sorted(blind))


def _hides_nans(step: fx.Node) -> bool:
    value = step.meta.get("val")
    if isinstance(value, Tensor) and not value.is_floating_point() and not value.is_complex():
        return bool(step.users)
    if name_of(step) == "scaled_dot_product_attention":
        # Causal attention gives later tokens weight 0, and 0 times NaN is NaN.
        return True in (*step.args[5:6], step.kwargs.get("is_causal"))
    return name_of(step) in _HIDE_NANS | FAKE_QUANTIZE


def _one_by_one(
    positions: Sequence[int], units: int, reached_from: Callable[[range], list[bool]]
) -> tuple[int, ...]:
    found = [0] * units
    for place, position in enumerate(positions):
        for unit, is_reached in enumerate(reached_from(range(position, position + 1))):
            found[unit] |= is_reached << place
    return tuple(found)


def _bisected(size: int, units: int, reached_from: Callable[[range], list[bool]]) -> tuple[int, ...]:
    found = [0] * units
    pending = [range(size)]
    while pending:
        positions = pending.pop()
        reached = [unit for unit, is_reached in enumerate(reached_from(positions)) if is_reached]
        if len(positions) == 1:
            for unit in reached:
                found[unit] |= 1 << positions[0]
        elif reached:
            # Of the last few positions most are seen: asking for each takes fewer runs than halving further.
            parts = 2 if len(positions) > _FEW else len(positions)
            ends = [len(positions) * part // parts for part in range(parts + 1)]
            pending += [positions[first:last] for first, last in pairwise(ends)]
    return tuple(found)


def _depended_on(value: Tensor, image: Tensor, wanted: Tensor) -> tuple[int, ...]:
    """Return the positions along each spatial axis that the elements with a 1 in `wanted` depend on."""
    if not value.requires_grad:
        return (0,) * len(_axes(image.dim()))
    (gradient,) = torch.autograd.grad(value, image, wanted, retain_graph=True, materialize_grads=True)
    seen = gradient.abs() > _ROUNDING
    positions = (seen.movedim(axis, 0).flatten(1).any(1).nonzero() for axis in _axes(image.dim()))
    return tuple(sum(1 << position for position in found.flatten().tolist()) for found in positions)


def _positive_with_gradients_of_0_and_1(
    step: fx.Node, args: tuple[StepValue, ...], kwargs: Mapping[str, StepValue]
) -> StepValue:
    value = positive(step, args, kwargs)
    read = {id(tensor) for tensor in tensors_in((args, kwargs))}
    for tensor in tensors_in(value):
        if tensor.requires_grad and id(tensor) not in read:
            tensor.register_hook(_made_0_or_1)  # type: ignore[no-untyped-call]
    return value


def _axes(dims: int) -> range:
    """Return the dims of an image that are axes: all but batch and channels, or of a row all but the batch."""
    return range(min(2, dims - 1), dims)


def _made_0_or_1(gradient: Tensor | None) -> Tensor | None:
    # One of several results has no gradient if the wanted elements do not depend on it.
    if gradient is None:
        return None
    # Some of torch's backward passes need contiguous gradients.
    return (gradient.abs() > _ROUNDING).to(gradient).contiguous()


def _device(program: Program) -> torch.device:
    return next((value.device for value in program.values.values()), torch.device("cpu"))
