"""What modules are traced with: several inputs, whole numbers, lazy layers; and what cannot be traced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from archsearch import analyze, check
from archsearch.errors import ArchsearchError, TraceError
from archsearch.graph.inputs import Inputs
from archsearch.proof.compare import compare
from archsearch.proof.prove import prove
from archsearch.pytorch.trace import trace


class Conditioned(nn.Module):
    """An image and a vector: the vector's features are added to those of the image."""

    def __init__(self) -> None:
        super().__init__()
        self.see, self.mix, self.last = nn.Conv2d(3, 4, 3), nn.Linear(8, 4), nn.Conv2d(4, 4, 5)

    def forward(self, image: Tensor, vector: Tensor, scale: Tensor | None = None, *, mask: Tensor) -> Tensor:
        seen = self.see(image) + self.mix(vector)[:, :, None, None]
        seen = seen if scale is None else seen * scale[:, None, None, None]
        made: Tensor = self.last(seen * mask.float())
        return made


class Twins(nn.Module):
    """Two images through one convolution, and a further one for the second."""

    def __init__(self) -> None:
        super().__init__()
        self.shared, self.more = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 5, padding=2)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        made: Tensor = self.shared(left) - self.more(self.shared(right))
        return made


class Bytes(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.see = nn.Conv2d(3, 4, 3)

    def forward(self, image: Tensor) -> Tensor:
        if image.is_floating_point():
            raise ValueError("images are bytes")
        made: Tensor = self.see(image.float() / 255)
        return made


class Anything(nn.Module):
    def forward(self, *images: Tensor) -> Tensor:
        return images[0]


MASKED = {"image": (3, 10, 10), "vector": (8,), "mask": "8x8:bool"}
# The MACs of the two convolutions and of the linear layer on the vector.
CONDITIONED = 64 * 4 * 27 + 16 * 4 * 100 + 4 * 8


@pytest.mark.parametrize(("inputs", "macs"), [(MASKED, CONDITIONED), ({**MASKED, "scale": "scalar"}, CONDITIONED)])
def test_several_inputs(inputs: Mapping[str, tuple[int, ...] | str], macs: int) -> None:
    module = Conditioned()
    found = analyze(module, inputs, strict=True)
    assert (found.figures["rf"], found.figures["macs"], found.figures["depth"]) == (7, macs, 2)
    assert [row.path for row in found.rows if row.word == "input"][:2] == ["", "vector"]
    assert found.rows[0].shape == (3, 10, 10)
    assert check(module, "rf = 7", inputs).fits
    assert prove(trace(module, inputs)).holds
    compared = compare(module, inputs, found)
    assert [row.torch for row in compared.rows if row.family == "convolution"] == [macs - 32]


def test_the_first_input_is_the_image() -> None:
    shapes = {"left": (3, 8, 8), "right": (3, 8, 8)}
    assert analyze(Twins(), shapes).figures["rf"] == 3
    turned = analyze(Twins(), dict(reversed(shapes.items())))
    assert turned.figures["rf"] == 7
    # Both images are convolved, whichever is asked about, and the kernels that they share count once.
    assert turned.figures["macs"] == 2 * 64 * 4 * 27 + 64 * 4 * 100
    assert turned.figures["params"] == 112 + 404
    assert prove(trace(Twins(), shapes)).holds


class Apart(Twins):
    """An output for each image."""

    def forward(self, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        return self.shared(left), self.more(self.shared(right))


def test_outputs_that_do_not_depend_on_the_image_are_left_out() -> None:
    shapes = {"left": (3, 8, 8), "right": (3, 8, 8)}
    assert [(one.name, one.rf) for one in analyze(Apart(), shapes).outputs] == [("0", 3)]
    assert [(one.name, one.rf) for one in analyze(Apart(), dict(reversed(shapes.items()))).outputs] == [("1", 7)]
    with pytest.raises(TraceError, match="the module's output does not depend on the first of its inputs"):
        analyze(Second(), shapes)


class Second(Twins):
    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        made: Tensor = self.shared(right)
        return made


def test_images_of_whole_numbers() -> None:
    found = analyze(Bytes(), "3x8x8:uint8")
    assert (found.figures["rf"], found.figures["macs"]) == (3, 36 * 4 * 27)
    with pytest.raises(TraceError, match="the image is of uint8, which holds no NaNs and has no gradient"):
        prove(trace(Bytes(), "3x8x8:uint8"))
    with pytest.raises(TraceError, match="this input holds whole numbers: write --input 3x8x8:int"):
        analyze(Bytes(), (3, 8, 8))


REFUSED = [
    (
        Twins(),
        (3, 8, 8),
        "Twins takes 2 inputs, and the shape of `right` is not given",
        "image first: --input left=",
    ),
    (
        Twins(),
        {"left": (3, 8, 8)},
        "Twins takes 2 inputs, and the shape of `right` is not given",
        "--input right=",
    ),
    (Twins(), {"left": (3, 8, 8), "rigt": (3, 8, 8)}, "Twins takes no input `rigt`", "did you mean `right`?"),
    (
        nn.ReLU(),
        {"input": ()},
        "input is a single number; it must be channels and a size for each axis",
        "image comes first",
    ),
    (nn.Embedding(5, 3), (4, 4), "Embedding fails on an input of 1x4x4: ", "write --input 4x4:int"),
    ("conv(8)", {"image": (3, 8, 8)}, "a sentence has one input, without a name; this is image=3x8x8", "give (3,"),
    (
        nn.ReLU(),
        "3x8x8:half",
        "`half` is not what an input can hold",
        "known here: float, int, int32, uint8, bool",
    ),
    (nn.ReLU(), {"input": "3xx8"}, "`3xx8` is not the shape of an input", "write NAME=SHAPE, as in image=3x32x32"),
    (nn.ReLU(), {}, "no input is given", "write NAME=SHAPE"),
    (Anything(), {"image": (3, 8, 8)}, "Anything takes no input `image`", "give one shape, without a name"),
    (
        nn.ReLU(),
        (3, 999_999_999, 999_999),
        "an input of 3x999999999x999999 cannot be made: ",
        "write sizes such as 3x32x32",
    ),
]


@pytest.mark.parametrize(("module", "inputs", "rule", "remedy"), REFUSED)
def test_inputs_that_are_refused(module: nn.Module | str, inputs: object, rule: str, remedy: str) -> None:
    with pytest.raises(ArchsearchError) as refused:
        analyze(module, inputs)  # type: ignore[arg-type]
    assert refused.value.message.startswith(rule)
    assert remedy in str(refused.value.remedy)


LAZY = [
    (nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(5)), 112 + 8 + 725),
    (nn.Sequential(nn.LazyConvTranspose2d(4, 2)), 3 * 4 * 4 + 4),
]


@pytest.mark.parametrize(("module", "params"), LAZY)
def test_lazy_layers_are_run_once_in_a_copy(module: nn.Module, params: int) -> None:
    torch.manual_seed(0)
    first = torch.rand(1)
    torch.manual_seed(0)
    found = analyze(module, (3, 8, 8), strict=True)
    assert torch.equal(torch.rand(1), first)
    assert found.figures["params"] == params
    assert isinstance(next(module.parameters()), nn.UninitializedParameter)
    assert [row.path for row in found.rows[1:]][:1] == ["0"]
    assert module.training


def test_a_module_with_lazy_layers_that_fails() -> None:
    with pytest.raises(TraceError, match="Sequential fails on an input of 1x3x2x2: "):
        analyze(nn.Sequential(nn.LazyConv2d(4, 3)), (3, 2, 2))


@pytest.mark.filterwarnings("ignore")
def test_modules_that_hide_their_operations() -> None:
    plain = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()).eval()
    image = torch.zeros(1, 3, 8, 8)
    script: Any = torch.jit.script
    trace_: Any = torch.jit.trace
    linear: Any = torch.ao.nn.quantized.dynamic.Linear
    relu: Any = torch.ao.nn.quantized.ReLU6
    wrappers: tuple[Any, ...] = (torch.compile, nn.DataParallel)
    compiled = [
        (script(plain), "was scripted or traced by torch.jit"),
        (trace_(plain, image), "was scripted or traced by torch.jit"),
        (nn.Sequential(nn.ReLU(), script(plain)), "was scripted or traced by torch.jit (`1`)"),
    ]
    for module, rule in compiled:
        with pytest.raises(TraceError) as refused:
            analyze(module, (3, 8, 8))
        assert rule in refused.value.message
        assert refused.value.remedy == "analyse it before torch.jit.script or torch.jit.trace"
    quantised = [
        nn.Sequential(nn.Flatten(), linear(192, 4)),
        nn.Sequential(relu()),
    ]
    for module in quantised:
        with pytest.raises(TraceError, match=r"Sequential is quantised \(`[01]`\)") as refused:
            analyze(module, (3, 8, 8))
        assert str(refused.value.remedy).startswith("analyse it before it is quantised")
    # Wrappers that only run a module are seen through.
    for wrap in wrappers:
        assert analyze(wrap(plain), (3, 8, 8)).figures["rf"] == 3


@pytest.mark.parametrize("module", [nn.Conv2d(3, 4, 3, device="meta"), nn.BatchNorm2d(3, device="meta").eval()])
def test_a_module_on_the_meta_device_is_analysed_but_not_verified(module: nn.Module) -> None:
    traced = trace(module, (3, 8, 8))
    assert analyze(module, (3, 8, 8)).figures["params"] == sum(one.numel() for one in module.parameters())
    with pytest.raises(TraceError, match="the module is on the meta device") as refused:
        prove(traced)
    assert str(refused.value.remedy).startswith("build it on the CPU")
    assert compare(module, (3, 8, 8), analyze(module, (3, 8, 8))).rows


def test_inputs_are_written_as_they_are_read() -> None:
    given: dict[str, tuple[int, ...] | str] = {
        "image": (3, 32, 32),
        "ids": "16:int",
        "step": (),
        "mask": "4x4:bool",
    }
    assert str(Inputs.of(given)) == "image=3x32x32, ids=16:int, step=scalar, mask=4x4:bool"
