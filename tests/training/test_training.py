import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from archsearch.data.dataset import Dataset, Split
from archsearch.data.images import Images
from archsearch.data.load import digits
from archsearch.errors import TrainingError
from archsearch.notation.network import parse
from archsearch.training.fields import AUGMENTATIONS, FIELDS
from archsearch.training.history import Epoch
from archsearch.training.mixing import Normalisation
from archsearch.training.recipe import Recipe
from archsearch.training.train import Trained, train

TINY = parse("conv(8, stride=2) conv(16, stride=2) head()").lower()
SHORT = Recipe(epochs=2, batch_size=64, augmentation="crop")


def outcomes(trained: Trained) -> list[Epoch]:
    return [replace(epoch, seconds=0, images_per_second=None) for epoch in trained.history]


def few(split: Split, count: int) -> Split:
    return replace(split, train=split.train.take(np.arange(count)))


def background_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]


def test_learns(split: Split) -> None:
    network = parse("conv(16, stride=2) conv(32, stride=2) conv(32, stride=2) head()").lower()
    recipe = Recipe(epochs=4, batch_size=32, augmentation="crop")
    last = train(network, split, recipe).history[-1]
    assert last.accuracy is not None
    assert last.accuracy > 80
    assert last.train_accuracy > 60
    assert last.loss is not None
    assert last.loss < 1
    assert last.seconds > 0


def test_the_test_images_are_measured_once_after_the_last_epoch() -> None:
    network = parse("conv(4, stride=4) head()").lower()
    history = train(network, digits().split("test"), Recipe(epochs=3, augmentation="none")).history
    assert [epoch.accuracy is None for epoch in history] == [True, True, False]


def test_the_module_is_the_one_that_was_measured_last(split: Split) -> None:
    trained = train(TINY, split, SHORT)
    images = split.evaluation
    normalise = Normalisation.of(split.mean, split.std, trained.device.torch_device)
    assert not trained.module.training
    assert {weight.dtype for weight in trained.module.parameters()} == {torch.float32}
    with torch.inference_mode():
        guesses = trained.module(normalise(torch.from_numpy(images.pixels).permute(0, 3, 1, 2))).argmax(1).numpy()
    assert 100 * float((guesses == images.labels).mean()) == pytest.approx(trained.history[-1].accuracy, abs=0.6)


def test_the_seed_decides_everything(split: Split) -> None:
    first = outcomes(train(TINY, split, SHORT, seed=3))
    assert outcomes(train(TINY, split, SHORT, seed=3)) == first
    assert outcomes(train(TINY, split, SHORT, seed=4)) != first


def test_the_random_state_of_the_caller_is_kept(split: Split) -> None:
    before = torch.get_rng_state()
    train(TINY, few(split, 8), SHORT)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_learning_rate_follows_one_cycle(split: Split) -> None:
    recipe = Recipe(epochs=4, learning_rate=0.2, augmentation="none")
    history = train(TINY, few(split, 200), recipe).history
    assert [epoch.epoch for epoch in history] == [1, 2, 3, 4]
    # The peak after a quarter, then half a cosine over the three other epochs.
    assert [epoch.learning_rate for epoch in history] == pytest.approx([0.2, 0.15, 0.05, 0])


def test_every_value_of_the_recipe_matters(split: Split) -> None:
    recipe = replace(SHORT, augmentation="none")
    changes: list[dict[str, Any]] = [
        {"epochs": 3},
        {"batch_size": 32},
        {"learning_rate": 0.1},
        {"momentum": 0.0},
        {"weight_decay": 0.1},
        {"augmentation": "flip_crop"},
        {"optimizer": "adamw"},
        {"nesterov": False},
        {"muon_learning_rate": 0.02},
        {"weight_decay_on": "kernels", "weight_decay": 0.1},
        {"schedule": "cosine", "warmup": 0.5},
        {"schedule": "constant"},
        {"schedule": "steps"},
        {"schedule": "steps", "step_epochs": 1},
        {"schedule": "steps", "step_epochs": 1, "step_factor": 0.5},
        {"warmup": 0.5},
        {"schedule": "constant", "cooldown": 0.5},
        {"label_smoothing": 0.1},
        {"dropout": 0.1},
        {"ema_decay": 0.5},
        {"whitening": True},
        {"cutout": 8},
        {"mixup": 0.5},
        {"early_scale": 0.5, "early_share": 0.5},
    ]
    recipes = [recipe, *(replace(recipe, **change) for change in changes)]
    losses = {train(TINY, few(split, 128), each).history[-1].loss for each in recipes}
    assert len(losses) == len(recipes)
    assert {name for change in changes for name in change} == {*FIELDS}


def test_what_is_left_over_from_whole_batches_waits(split: Split) -> None:
    # A last batch of one image would be an error: batch norm sees a single pixel a channel here.
    pixel = parse("conv(8, kernel=32, padding=0) head()").lower()
    steps: list[tuple[int, int]] = []
    recipe = Recipe(epochs=2, batch_size=32, augmentation="none")
    train(pixel, few(split, 65), recipe, step=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_batch_may_be_larger_than_the_training_set(split: Split) -> None:
    steps: list[tuple[int, int]] = []
    train(TINY, few(split, 20), SHORT, step=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 2), (2, 2)]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_what_report_raises_ends_the_training(split: Split, stop: type[BaseException]) -> None:
    before = background_threads()
    seen: list[int] = []

    def report(epoch: Epoch) -> None:
        seen.append(epoch.epoch)
        raise stop

    with pytest.raises(stop):
        train(TINY, few(split, 200), SHORT, report=report)
    assert seen == [1]
    assert background_threads() == before


def test_what_step_raises_ends_the_training(split: Split) -> None:
    before = background_threads()
    seen: list[int] = []

    def step(done: int, _total: int) -> None:
        seen.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(TINY, split, SHORT, step=step)
    assert seen == [1]
    assert background_threads() == before


@pytest.mark.parametrize(
    ("batch_size", "epoch", "rate"),
    [
        # One batch an epoch: its loss is taken before the weights change, so the evaluation finds it.
        (2000, 1, "1e+06"),
        # Else the second batch does: the loss of the first is that of the fresh weights.
        (64, 1, "1.46e+05"),
    ],
)
def test_a_loss_that_is_not_finite(split: Split, batch_size: int, epoch: int, rate: str) -> None:
    recipe = Recipe(epochs=2, batch_size=batch_size, learning_rate=1e6, augmentation="none")
    deep = parse(f"conv(4, stride=2) {'conv(4, norm=none, activation=none) ' * 8}head()").lower()
    with pytest.raises(TrainingError) as caught:
        train(deep, split, recipe)
    assert str(caught.value) == (
        f"the loss is not finite in epoch {epoch}, at learning rate {rate}\n  a lower learning rate may help"
    )


def test_images_of_which_a_channel_is_the_same_everywhere() -> None:
    pixels = digits().train.pixels[:64].copy()
    pixels[..., 2] = 0
    split = Dataset.of("no blue", digits().classes, Images(pixels, np.arange(64) % 10)).split("validation")
    assert len(train(TINY, split, SHORT).history) == 2


@pytest.mark.parametrize("count", [2, 3])
def test_a_few_images_whose_maps_are_single_pixels(split: Split, count: int) -> None:
    pixel = parse("conv(8, kernel=32, padding=0) conv(8) head()").lower()
    few_left = replace(few(split, count), evaluation=split.evaluation.take(np.arange(1)))
    recipe = Recipe(epochs=2, batch_size=2, augmentation="course")
    assert len(train(pixel, few_left, recipe).history) == 2


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_trains_with_every_augmentation(split: Split, name: str) -> None:
    assert len(train(TINY, few(split, 32), replace(SHORT, augmentation=name)).history) == 2
