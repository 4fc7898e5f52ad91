"""A network in training, epoch by epoch: what a GPU does, on tensors of the CPU; and the average of weights."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils._python_dispatch import TorchDispatchMode

from archsearch.data.dataset import Split
from archsearch.notation.network import parse
from archsearch.training.device import Device
from archsearch.training.feed import Feed
from archsearch.training.learner import Learner
from archsearch.training.recipe import Recipe

GRAPH = parse("conv(16, stride=2) conv(32, stride=2) conv(32, stride=2) head()").lower()
RECIPE = Recipe(epochs=4, batch_size=32, augmentation="crop", muon_learning_rate=0.02)
CPU = torch.device("cpu")


def learner(split: Split, recipe: Recipe, *, resident: bool = False) -> Learner:
    return Learner.begin(GRAPH, Feed(split, recipe, 0, CPU, resident=resident), Device(), 0)


def test_images_that_stay_on_the_device_teach_as_well(split: Split) -> None:
    going = learner(split, RECIPE, resident=True)
    accuracies = [going.epoch(number, number, None).accuracy or 0.0 for number in range(1, 5)]
    assert accuracies[-1] > 80


@pytest.mark.parametrize("resident", [False, True])
def test_both_feeds_give_bytes_with_the_channels_last(split: Split, resident: bool) -> None:
    few = replace(split, train=split.train.take(np.arange(40)))
    feed = Feed(few, RECIPE, 0, CPU, resident=resident)
    sizes = []
    for pixels, labels in feed.training(1, 5):
        assert pixels.dtype == torch.uint8
        assert pixels.is_contiguous(memory_format=torch.channels_last)
        sizes.append((tuple(pixels.shape), len(labels)))
    assert sizes == [((32, 3, 32, 32), 32), ((8, 3, 32, 32), 8)]
    plain = torch.cat([pixels for pixels, _ in feed.evaluation(100)])
    assert np.array_equal(plain.permute(0, 2, 3, 1).numpy(), split.evaluation.pixels)


def test_the_average_moves_by_its_decay_and_is_what_is_measured(split: Split) -> None:
    few = replace(split, train=split.train.take(np.arange(96)))
    going = learner(few, replace(RECIPE, ema_decay=0.75))
    seen: list[torch.Tensor] = []
    going.epoch(
        1, 1, lambda done, total: seen.append(going.module.get_parameter("layers.1.weight").detach().clone())
    )
    expected = seen[0]
    for weight in seen[1:]:
        expected = 0.75 * expected + 0.25 * weight
    assert len(seen) == 3
    assert torch.allclose(going.measured.get_parameter("layers.1.weight"), expected, atol=1e-6)
    # The statistics of norms are averaged too, and steps are counted.
    ours, theirs = (one.get_buffer("layers.2.running_mean") for one in (going.module, going.measured))
    assert not torch.equal(ours, theirs)
    assert going.measured.get_buffer("layers.2.num_batches_tracked") == 3


def test_the_average_goes_on_from_the_file_of_torchs_own(split: Split) -> None:
    few, recipe = replace(split, train=split.train.take(np.arange(64))), replace(RECIPE, ema_decay=0.75)
    ours = learner(few, recipe)
    averaging = get_ema_multi_avg_fn(0.75)  # type: ignore[no-untyped-call]
    theirs = AveragedModel(ours.module, multi_avg_fn=averaging, use_buffers=True)
    ours.epoch(1, 1, lambda done, total: theirs.update_parameters(ours.module))
    assert ours.average is not None
    kept = {name: tensor.clone() for name, tensor in ours.average.tensors().items()}
    assert kept.keys() == theirs.state_dict().keys()
    for name, tensor in theirs.state_dict().items():
        assert torch.equal(kept[name], tensor) or "num_batches" in name, name
    ours.epoch(2, 2, None)
    after = ours.average.tensors()
    ours.average.load(theirs.state_dict())
    assert all(torch.equal(ours.average.tensors()[name], kept[name]) for name in kept if "num_batches" not in name)
    assert not all(torch.equal(after[name], kept[name]) for name in kept)


class Asked(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts how often values of a tensor are asked for, as .item() and bool() do."""

    times = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, arguments: tuple[Any, ...] = (), named: dict[str, Any] | None = None
    ) -> Any:
        asking = {"_local_scalar_dense", "nonzero", "equal", "is_nonzero", "masked_select"}
        self.times += function.overloadpacket.__name__ in asking
        return function(*arguments, **(named or {}))


@pytest.mark.parametrize("number", [1, 4])  # with smaller images, and without
def test_no_step_asks_for_a_value_but_for_the_loss_on_a_cpu(split: Split, number: int) -> None:
    few = replace(split, train=split.train.take(np.arange(128)))
    recipe = replace(RECIPE, label_smoothing=0.1, dropout=0.1, cutout=4, mixup=0.2, ema_decay=0.75)
    going = learner(few, replace(recipe, early_scale=0.75, early_share=0.5), resident=True)
    counts: list[int] = []
    with Asked() as asked:  # type: ignore[no-untyped-call]
        going.epoch(number, number, lambda done, total: counts.append(asked.times))
    assert [later - before for before, later in pairwise(counts)] == [1, 1, 1]
