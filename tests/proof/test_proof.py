"""Networks that mislead other calculators, and random ones: the analyzer against two oracles without formulas.

Every unit of the output is compared, those at the borders too.
"""

from __future__ import annotations

import os
import warnings

import pytest
import torch
from examples.modules import Of, Tokens, positions
from examples.random_models import RandomModel
from torch import Tensor, nn
from torch.nn import functional

from archsearch.analysis.profile import profile
from archsearch.proof.prove import prove
from archsearch.pytorch.trace import Traced, trace

RANDOM_MODELS = int(os.environ.get("ARCHSEARCH_RANDOM_MODELS", "1000"))
FIRST_SEED = int(os.environ.get("ARCHSEARCH_FIRST_SEED", "0"))


def misaligned(image: Tensor, ahead: nn.Module, behind: nn.Module) -> Tensor:
    first: Tensor = ahead(image)
    second: Tensor = behind(image)
    return first[..., :-1, :-1] + second


DILATIONS = nn.Sequential(*(nn.Conv2d(1, 1, 3, padding=d, dilation=d) for d in (1, 2, 4, 8)))
DOWN_AND_UP = nn.Sequential(
    nn.Conv2d(1, 1, 3, stride=2, padding=1),
    nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1, output_padding=1),
    nn.Conv2d(1, 1, 3, padding=1),
)
NEAREST = nn.Sequential(
    nn.Conv2d(1, 1, 3, stride=2, padding=1), nn.Upsample(scale_factor=2), nn.Conv2d(1, 1, 3, padding=1)
)
WEIGHT = torch.ones(1, 1, 3, 3)

# name, module, side of the input, rf, stride, padding, what the first and the last unit see along the height
BREAKING = [
    ("dilations 1-2-4-8", DILATIONS, 40, 31, 1, 15, set(range(16)), set(range(24, 40))),
    # An even unit reads, through the transposed one, three units of the strided one: 3 + 2 * 2. An odd one two.
    ("strided, transposed, convolution", DOWN_AND_UP, 16, 7, 1, 3, {0, 1, 2, 3}, {13, 14, 15}),
    ("nearest upsampling", NEAREST, 16, 5, 1, 3, {0, 1}, {13, 14, 15}),
    ("dilated max-pool", nn.MaxPool2d(3, stride=1, padding=1, dilation=2), 12, 5, 1, 1, {1, 3}, {8, 10}),
    ("F.conv2d", Of(lambda image: functional.conv2d(image, WEIGHT, padding=1)), 8, 3, 1, 1, {0, 1}, {6, 7}),
    (
        "a module called twice",
        Of(lambda image, layer: layer(layer(image)), nn.Conv2d(1, 1, 3, padding=1)),
        8,
        5,
        1,
        2,
        {0, 1, 2},
        {5, 6, 7},
    ),
    (
        "misaligned branches",
        Of(misaligned, nn.Conv2d(1, 1, 2, padding=1), nn.Conv2d(1, 1, 3, padding=1)),
        8,
        3,
        1,
        1,
        {0, 1},
        {6, 7},
    ),
    (
        "1 x 1 with stride 2, then 3 x 3",
        nn.Sequential(nn.Conv2d(1, 1, 1, stride=2), nn.Conv2d(1, 1, 3, padding=1)),
        6,
        5,
        2,
        2,
        {0, 2},
        {2, 4},
    ),
    ("circular", nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular"), 8, 3, 1, 1, {7, 0, 1}, {6, 7, 0}),
    ("dilation wider than the map", nn.Conv2d(1, 1, 3, padding=9, dilation=9), 8, 19, 1, 9, {0}, {7}),
]


@pytest.mark.parametrize(
    ("module", "side", "rf", "stride", "padding", "first", "last"),
    [case[1:] for case in BREAKING],
    ids=[case[0] for case in BREAKING],
)
def test_what_breaks_others(
    module: nn.Module, side: int, rf: int, stride: int, padding: int, first: set[int], last: set[int]
) -> None:
    traced = trace(module, (1, side, side))
    row = profile(traced.graph).rows[-1]
    assert (row.rf, row.stride, row.padding) == (rf, stride, padding)
    seen = row.field.axes[0].field.seen
    assert seen is not None
    assert [positions(seen[0]), positions(seen[-1])] == [first, last]
    assert_proved(traced)


def test_misaligned_branches_and_holes_are_told() -> None:
    traced = trace(Of(misaligned, nn.Conv2d(1, 1, 2, padding=1), nn.Conv2d(1, 1, 3, padding=1)), (1, 8, 8))
    assert profile(traced.graph).rows[-1].notes == ("branches misaligned by 0.5",)
    holes = profile(trace(nn.Conv2d(1, 1, 3, dilation=2), (1, 8, 8)).graph).rows[-1]
    assert (holes.notes, holes.coverage) == (("holes",), 0.6)


def test_of_a_single_number_the_map_before_it_is_proved() -> None:
    # The row of 4 numbers that the last one is taken from.
    proof = prove(trace(Of(lambda image: image.relu()[0, 0, 2, 3]), (1, 4, 4)))
    assert (proof.holds, proof.tensor, proof.units) == (True, "reshape", 4)


def warped(image: Tensor, see: nn.Module, flow: nn.Module) -> Tensor:
    seen: Tensor = see(image)
    moved = functional.grid_sample(seen, flow(seen).movedim(1, -1), align_corners=False)
    return torch.cat([moved, see(seen)], 1)


def filtered(image: Tensor, see: nn.Module) -> Tensor:
    seen: Tensor = see(image)
    back: Tensor = torch.fft.irfft2(torch.fft.rfft2(seen), s=seen.shape[-2:])
    return seen + back


def beside(image: Tensor, see: nn.Module) -> Tensor:
    """The image is sorted first, and by a branch that ends in a single number."""
    seen: Tensor = see(see(image))
    return (image.sort(2).values.cumsum(2) * 0).mean() + seen


CONVOLUTION = nn.Conv2d(2, 2, 3, padding=1)
# A module with operations that neither the analyzer nor the gradients' oracle knows, and what is before them
UNPROVED = [
    (Of(warped, CONVOLUTION, nn.Conv2d(2, 2, 1)), ("aten.grid_sampler.default",), 5),
    (Of(filtered, CONVOLUTION), ("aten.fft_rfft2.default", "aten.fft_irfft2.default"), 3),
    (Of(beside, CONVOLUTION), ("aten.sort.default", "aten.cumsum.default"), 5),
]


@pytest.mark.parametrize(("module", "unknown", "rf"), UNPROVED)
def test_what_is_before_unknown_operations_is_proved(module: nn.Module, unknown: tuple[str, ...], rf: int) -> None:
    traced = trace(module, (2, 8, 8))
    proof = prove(traced)
    # NaNs are compared too, as those operations are not run.
    assert (proof.holds, proof.unproved, proof.unsure, proof.bound) == (True, unknown, (), False)
    assert proof.tensor.endswith("convolution 3x3")
    assert str(proof).startswith(f"NOT PROVED: what lies behind {', '.join(unknown)}: not known")
    assert proof.units == 16
    assert profile(traced.graph).figures["rf"] == rf


def test_nearest_upsampling_depends_on_the_phase() -> None:
    field = profile(trace(NEAREST, (1, 16, 16)).graph).rows[-1].field.axes[0].field
    assert field.pattern is not None
    assert [bits.bit_length() for _start, bits in field.pattern.phases] == [5, 5]
    assert [start for start, _bits in field.pattern.phases] == [-3, -1]


def test_a_view_need_not_fit_how_the_oracles_run() -> None:
    # In double precision attention gives a tensor that lies otherwise in memory than the one that was traced.
    assert_proved(trace(Of(lambda image, tokens: tokens(image.mT), Tokens(2, window=2)), (2, 4, 6)))


@pytest.mark.parametrize("seed", range(40))
def test_random_modules(seed: int) -> None:
    assert_random_module_is_proved(seed)


@pytest.mark.slow
def test_many_random_modules() -> None:
    for seed in range(FIRST_SEED, FIRST_SEED + RANDOM_MODELS):
        assert_random_module_is_proved(seed)


def assert_random_module_is_proved(seed: int) -> None:
    torch.manual_seed(seed)
    with warnings.catch_warnings():
        # Random arguments draw warnings from torch, such as those of an even kernel with padding "same".
        warnings.simplefilter("ignore")
        model = RandomModel(seed)
        traced = trace(model, model.input_shape)
        assert profile(traced.graph).unknown == (), f"seed {seed}"
        proofs = {prove(traced, output.node) for output in traced.graph.outputs}
    for proof in proofs:
        assert proof.holds, f"seed {seed}, {model.chosen}: {proof}"


def assert_proved(traced: Traced) -> None:
    proof = prove(traced, max(traced.steps))
    assert proof.holds, str(proof)
