"""Trainings that are refused before their first step, each with the rule, the value and what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from archsearch.data.dataset import Dataset, Split
from archsearch.data.images import Images
from archsearch.data.load import digits
from archsearch.errors import TrainingError
from archsearch.graph import Builder, Flatten, GlobalPool
from archsearch.graph.graph import Graph
from archsearch.notation.network import parse
from archsearch.space.space import Space
from archsearch.study.search import search
from archsearch.training.recipe import Recipe
from archsearch.training.train import train

TINY = parse("conv(8, stride=2) conv(16, stride=2) head()").lower()
SHORT = Recipe(epochs=2, batch_size=64, augmentation="crop")


def few(split: Split, count: int) -> Split:
    return replace(split, train=split.train.take(np.arange(count)))


def tiny(images: Images) -> Images:
    return replace(images, pixels=images.pixels[:, ::8, ::8])


@pytest.mark.parametrize(
    ("graph", "text"),
    [
        (
            parse("conv(8, stride=2)").lower(),
            "the network ends in 8x16x16; to be trained it must end in 10 numbers, one for each class\n"
            "  end the sentence with head()",
        ),
        (
            parse("conv(8, stride=2) head()").lower((3, 28, 28), 10),
            "the network is made for 3x28x28 and 10 classes; digits has 3x32x32 and 10 classes\n"
            "  lower the network with input_shape=(3, 32, 32) and classes=10",
        ),
        (
            parse("conv(8, stride=2) head()").lower((3, 32, 32), 7),
            "the network is made for 3x32x32 and 7 classes; digits has 3x32x32 and 10 classes\n"
            "  lower the network with input_shape=(3, 32, 32) and classes=10",
        ),
    ],
)
def test_a_network_that_is_not_made_for_the_images(split: Split, graph: Graph, text: str) -> None:
    with pytest.raises(TrainingError) as caught:
        train(graph, split, SHORT)
    assert str(caught.value) == text


def test_a_network_without_weights(split: Split) -> None:
    pixels = few(split, 40).train.pixels
    of_three = Dataset.of("three", ("a", "b", "c"), Images(pixels, np.arange(40) % 3)).split("validation")
    building = Builder((3, 32, 32), classes=3)
    building.then(GlobalPool("avg"))
    building.then(Flatten())
    with pytest.raises(TrainingError) as caught:
        train(building.graph(), of_three, SHORT)
    assert str(caught.value) == "the network has no weights to train\n  add a word that has some, such as head()"


def test_a_single_training_image(split: Split) -> None:
    with pytest.raises(TrainingError) as caught:
        train(TINY, few(split, 1), SHORT)
    assert str(caught.value) == ("digits has 1 training image; batch norm needs at least 2\n  add training images")


def test_images_too_small_for_the_augmentation(split: Split) -> None:
    small = replace(split, train=tiny(split.train), evaluation=tiny(split.evaluation))
    network = parse("conv(4) head()").lower((3, 4, 4))
    with pytest.raises(TrainingError) as caught:
        train(network, small, Recipe(epochs=1, augmentation="flip_crop"))
    assert str(caught.value) == (
        "the augmentation `flip_crop` needs sides of at least 5 pixels; the images are 4x4\n"
        "  --augmentation none works on them"
    )
    assert len(train(network, small, Recipe(epochs=1, augmentation="none")).history) == 1


def test_a_network_that_has_no_place_for_smaller_images(split: Split) -> None:
    network = parse("maxpool(20) conv(4) head()").lower()
    with pytest.raises(TrainingError) as caught:
        train(network, few(split, 32), replace(SHORT, early_scale=0.5, early_share=0.5))
    assert str(caught.value) == (
        "the network cannot take the smaller images of the first epochs, 16x16\n"
        "  take an early_scale nearer to 1, or 1 for none"
    )
    assert len(train(network, few(split, 32), replace(SHORT, early_scale=0.75, early_share=0.5)).history) == 2


def test_a_negative_seed(split: Split) -> None:
    with pytest.raises(TrainingError) as caught:
        train(TINY, split, SHORT, seed=-1)
    assert str(caught.value) == "seed is -1; it must be a whole number from 0 to 2,147,483,647"


def test_a_search_refuses_small_images_before_its_first_trial(tmp_path: Path) -> None:
    data = digits()
    small = Dataset.of("small", data.classes, tiny(data.train))
    space = Space.of("input 3x4x4\nnetwork = conv(2|4) head()\n", "small")
    storage = tmp_path / "results.db"
    with pytest.raises(TrainingError) as caught:
        search(space, small, trials=1, recipe=Recipe(augmentation="course"), storage=f"sqlite:///{storage}")
    assert str(caught.value) == (
        "the augmentation `course` needs sides of at least 8 pixels; the images are 4x4\n"
        "  --augmentation none works on them"
    )
    assert not storage.exists()
