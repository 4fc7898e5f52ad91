"""Cheap signals against values worked by hand, sums over paths, and codes compared bit by bit in Python."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from archsearch.errors import TrainingError
from archsearch.files import shipped
from archsearch.graph import BatchNorm, Builder, Convolution, Elementwise, LayerNorm
from archsearch.graph.ops.operation import Operation
from archsearch.notation.network import parse
from archsearch.pytorch.build import GraphModule, build
from archsearch.training.signals import naswot, signals, synflow

POINTWISE = "conv({}, kernel=1, norm=none)"


def built(sentence: str, shape: tuple[int, ...] = (3, 8, 8), seed: int = 0) -> GraphModule:
    torch.manual_seed(seed)
    return build(parse(sentence).lower(shape))


def random_images(count: int, shape: tuple[int, ...] = (3, 8, 8), seed: int = 0) -> Tensor:
    return torch.randn((count, *shape), generator=torch.Generator().manual_seed(seed))


# synflow


def chain(layers: Sequence[tuple[float, float]]) -> GraphModule:
    """Return layers of one weight and one bias each, on an image of one pixel."""
    module = built(" ".join(POINTWISE.format(1) for _ in layers), (1, 1, 1))
    with torch.no_grad():
        for parameter, value in zip(module.parameters(), (one for pair in layers for one in pair), strict=True):
            parameter.fill_(value)
    return module


def flow_over_paths(layers: Sequence[tuple[float, float]]) -> float:
    """Return the sum over all paths, each its product times the number of its parameters.

    A path enters with the pixel, which is 1, or with the bias of a layer, and leads through the weights after it.
    """
    weights, biases = ([abs(pair[part]) for pair in layers] for part in (0, 1))
    paths = [weights, *([bias, *weights[number + 1 :]] for number, bias in enumerate(biases))]
    return sum(math.prod(path) * len(path) for path in paths)


def test_the_flow_of_a_chain_by_hand() -> None:
    # 2*3*5 three times; with biases 1 and 7: 1*3 twice, 7 once.
    assert synflow(chain([(2, 0), (-3, 0), (5, 0)])) == pytest.approx(math.log(90))
    assert synflow(chain([(-2, -1), (3, 7)])) == pytest.approx(math.log(2 * 6 + 2 * 3 + 7))


LAYER = st.tuples(st.floats(0.1, 9), st.floats(-9, 9)).flatmap(
    lambda pair: st.sampled_from([pair, (-pair[0], pair[1])])
)


@given(st.lists(LAYER, min_size=1, max_size=5))
def test_the_flow_of_a_chain_is_a_sum_over_paths(layers: list[tuple[float, float]]) -> None:
    assert synflow(chain(layers)) == pytest.approx(math.log(flow_over_paths(layers)), abs=1e-5)


def test_the_flow_of_layers_without_biases_is_their_number_times_the_product_of_their_matrices() -> None:
    widths = (3, 5, 4, 2)
    words = [f"conv({width}, kernel=1, bias=off, norm=none)" for width in widths[1:]]
    module = built(" ".join(words), (3, 1, 1))
    outputs = np.ones(3)
    for weight in module.parameters():
        outputs = np.abs(weight.detach().numpy()[:, :, 0, 0]).astype(np.float64) @ outputs
    assert synflow(module) == pytest.approx(math.log(3 * outputs.sum()))


@given(st.floats(0.01, 100))
def test_a_scaled_layer_scales_the_flow(factor: float) -> None:
    module = built("conv(4, bias=off, norm=none) residual(conv(4)) conv(2, bias=off, norm=none)")
    before = synflow(module)
    assert before is not None
    with torch.no_grad():
        list(module.parameters())[-1].mul_(-factor)
    assert synflow(module) == pytest.approx(before + math.log(factor), abs=1e-4)


def test_norms_compute_with_fresh_statistics_whatever_they_have_seen() -> None:
    module = built("conv(4) conv(4)")
    before = synflow(module)
    module(5 + 3 * random_images(8))
    assert synflow(module) == before


def test_a_layer_norm_lets_the_flow_through_as_a_batch_norm_does() -> None:
    def with_norm(op: Operation) -> GraphModule:
        building = Builder((3, 8, 8), classes=10)
        for each in (Convolution(4, (3, 3)), op, Elementwise("relu"), Convolution(4, (3, 3))):
            building.then(each)
        torch.manual_seed(0)
        return build(building.graph())

    assert synflow(with_norm(LayerNorm())) == pytest.approx(synflow(with_norm(BatchNorm())), abs=1e-4)


def test_no_flow() -> None:
    assert synflow(built("relu maxpool(2)")) is None
    assert synflow(chain([(0, 0)])) is None
    assert synflow(chain([(1e38, 0)] * 9)) is None


# naswot


def codes(module: GraphModule, images: Tensor) -> list[list[bool]]:
    """Return, for each image, whether each unit of each ReLU is above 0, by a walk over the graph."""
    module.train()
    tensors = {0: images}
    found: list[list[bool]] = [[] for _ in images]
    for number, (node, layer) in enumerate(zip(module.graph.nodes, module.layers, strict=True)):
        if number:
            tensors[number] = layer(*(tensors[read] for read in node.inputs))
        if node.op == Elementwise("relu"):
            for code, image in zip(found, tensors[number].flatten(1).tolist(), strict=True):
                code += [value > 0 for value in image]
    return found


def by_loops(module: GraphModule, images: Tensor) -> float:
    found = codes(module, images)
    kernel = [[sum(a == b for a, b in zip(one, other, strict=True)) for other in found] for one in found]
    sign, logarithm = np.linalg.slogdet(np.array(kernel, dtype=np.float64))
    assert sign == 1
    return float(logarithm)


SENTENCES = [
    "conv(4) conv(6, stride=2) head()",
    "conv(4, norm=none) residual(conv(6) sep(4, dilation=2)) maxpool(2) relu head(pool=max)",
    "residual(conv(4, stride=2)) avgpool(2) conv(3, groups=1, activation=none) head()",
]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 9, 5)])
@pytest.mark.parametrize("count", [2, 7])
def test_the_determinant_of_codes_compared_bit_by_bit(sentence: str, shape: tuple[int, ...], count: int) -> None:
    module, images = built(sentence, shape), random_images(count, shape)
    assert naswot(module, images) == pytest.approx(by_loops(module, images), abs=1e-6)


def test_the_determinant_by_hand() -> None:
    # Three units: the first two images agree in one, either agrees with the third in two: 3 1 2, 1 3 2, 2 2 3.
    images = torch.tensor([[1.0, 1.0, 0.0], [1.0, -1.0, 2.0], [5.0, -2.0, -1.0]]).reshape(3, 1, 1, 3)
    assert naswot(built("relu", (1, 1, 3)), images) == pytest.approx(math.log(3 * 5 - 1 * -1 + 2 * -4))


def test_a_map_larger_than_what_is_compared_at_once() -> None:
    module, images = built("relu", (5, 128, 128)), random_images(3, (5, 128, 128))
    above = (images > 0).flatten(1).numpy()
    kernel = (above[:, None] == above[None]).sum(2)
    assert naswot(module, images) == pytest.approx(float(np.linalg.slogdet(kernel)[1]), abs=1e-9)


@settings(max_examples=20)
@given(st.permutations(range(6)), st.floats(0.1, 10))
def test_neither_the_order_of_images_nor_their_scale_matters_without_norms_and_biases(
    order: list[int], scale: float
) -> None:
    module = built("conv(4, norm=none, bias=off) conv(6, norm=none, bias=off, stride=2) head()")
    images = random_images(6)
    assert naswot(module, scale * images[order]) == pytest.approx(naswot(module, images), abs=0.05)


def test_images_that_cannot_be_told_apart() -> None:
    images = random_images(4)
    assert naswot(built("conv(4) head()"), images[[0, 1, 2, 1]]) is None
    assert naswot(built("relu", (1, 1, 1)), random_images(4, (1, 1, 1))) is None


def test_a_network_without_relu() -> None:
    assert naswot(built("conv(4, activation=none) head()"), random_images(4)) is None


def test_images_that_do_not_fit() -> None:
    module = built("conv(4) head()")
    with pytest.raises(TrainingError, match="naswot compares images, and is given 1\n  give two or more"):
        naswot(module, random_images(1))
    with pytest.raises(TrainingError, match="the network is made for 3x8x8; the images are 1x8x8"):
        naswot(module, random_images(4, (1, 8, 8)))


# both


@pytest.mark.parametrize("training", [True, False])
def test_the_module_and_the_random_numbers_stay_as_they_are(training: bool) -> None:
    module = built("conv(4) residual(conv(4)) head()").train(training)
    module(random_images(4)).sum().backward()
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    slopes = [None if weight.grad is None else weight.grad.clone() for weight in module.parameters()]
    before = torch.get_rng_state()
    with torch.no_grad():
        found = signals(module, random_images(4))
    assert found == {"synflow": synflow(module), "naswot": naswot(module, random_images(4))}
    assert None not in found.values()
    assert torch.equal(torch.get_rng_state(), before)
    assert {layer.training for layer in module.modules()} == {training}
    assert not any(layer._forward_hooks for layer in module.modules())
    assert {weight.dtype for weight in module.parameters()} == {torch.float32}
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, state[name])
    for weight, slope in zip(module.parameters(), slopes, strict=True):
        assert slope is not None
        assert weight.grad is not None
        assert torch.equal(weight.grad, slope)


def test_the_reference_network_has_both() -> None:
    module = built(shipped(".net")["era_s9.net"].read_text(encoding="utf-8"), (3, 32, 32))
    found = signals(module, random_images(16, (3, 32, 32)))
    assert None not in found.values()
