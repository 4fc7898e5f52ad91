"""Files of what a training has reached, and of weights: written whole or not at all, read without running code."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open

from archsearch import analyze
from archsearch.data.dataset import Dataset, Split
from archsearch.data.images import Images
from archsearch.data.load import digits
from archsearch.errors import TrainingError
from archsearch.notation.network import Network, parse
from archsearch.training.batches import TrainingWarning
from archsearch.training.checkpoint import Checkpoint
from archsearch.training.history import Epoch
from archsearch.training.recipe import Recipe
from archsearch.training.train import Trained, train
from archsearch.training.weights import load_weights, save_weights

NETWORK = parse("conv(8, stride=4) sep(16, stride=2) head()")
GRAPH = NETWORK.lower()
RECIPE = Recipe(
    epochs=4, batch_size=32, augmentation="crop", dropout=0.1, ema_decay=0.9, muon_learning_rate=0.02, mixup=0.2
)


@pytest.fixture(scope="module")
def split() -> Split:
    whole = digits().split("validation")
    return replace(whole, train=whole.train.take(np.arange(200)))


def outcomes(trained: Trained) -> list[Epoch]:
    return [replace(epoch, seconds=0, images_per_second=None) for epoch in trained.history]


def test_a_file_is_read_back(tmp_path: Path) -> None:
    tensors = {"a": torch.arange(4.0).view(2, 2).T, "b": torch.tensor(3)}
    path = tmp_path / "deep" / "one.safetensors"
    Checkpoint(tensors, {"epochs": [1, 2], "name": "ü"}).write(path)
    found = Checkpoint.read(path)
    assert found.values == {"epochs": [1, 2], "name": "ü"}
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in tensors.items())
    assert [file.name for file in path.parent.iterdir()] == ["one.safetensors"]


def test_what_stood_there_stays_if_the_new_file_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    Checkpoint({"a": torch.zeros(1)}, {"of": "before"}).write(path)
    with pytest.raises(TrainingError, match="cannot be written"):
        Checkpoint({"a": torch.zeros(1)}, {}).write(path / "below")
    assert Checkpoint.read(path).values == {"of": "before"}


@pytest.mark.parametrize(
    "content", [b"", b"not a file of tensors", (16).to_bytes(8, "little") + b"{}              "]
)
def test_a_file_that_is_none_of_ours(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.safetensors"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match=r"other.safetensors` cannot be read: "):
        Checkpoint.read(path)


class StopError(Exception):
    """Ends a training where it is."""


@pytest.mark.parametrize(("epoch", "step"), [(1, None), (3, None), (None, 1), (None, 15)])
@pytest.mark.parametrize(
    "recipe", [RECIPE, Recipe(epochs=4, batch_size=32, optimizer="adamw", augmentation="course")]
)
def test_an_interrupted_training_goes_on_to_the_same_curve(
    tmp_path: Path, split: Split, recipe: Recipe, epoch: int | None, step: int | None
) -> None:
    whole = train(GRAPH, split, recipe, seed=3)
    path = tmp_path / "one.safetensors"

    def report(reached: Epoch) -> None:
        if reached.epoch == epoch:
            raise StopError

    def count(done: int, _total: int) -> None:
        if done == step:
            raise StopError

    with pytest.raises(StopError):
        train(GRAPH, split, recipe, 3, report, count, checkpoint=path)
    told: list[int] = []
    resumed = train(GRAPH, split, recipe, 3, lambda reached: told.append(reached.epoch), checkpoint=path)
    assert told == [1, 2, 3, 4]
    assert outcomes(resumed) == outcomes(whole)
    for name, tensor in whole.module.state_dict().items():
        assert torch.equal(resumed.module.state_dict()[name], tensor)


def test_kernels_that_are_repeated_are_trained_saved_and_read_once(tmp_path: Path, split: Split) -> None:
    network = parse("conv(8, stride=4) again(residual(conv(8)), times=3) head()")
    graph = network.lower()
    recipe = replace(RECIPE, epochs=1)
    trained = train(graph, split, recipe, 3, checkpoint=tmp_path / "reached")
    params = 224 + 16 + 584 + 3 * 16 + 90
    assert sum(one.numel() for one in trained.module.parameters()) == analyze(graph).figures["params"] == params
    save_weights(tmp_path / "weights", trained, network, split, recipe)
    found = load_weights(tmp_path / "weights").module
    images, module = torch.randn(2, 3, 32, 32), trained.module.cpu().eval()
    assert found.state_dict().keys() == module.state_dict().keys()
    assert not [name for name in found.state_dict() if name.startswith(("layers.8.", "layers.12."))]
    torch.testing.assert_close(found(images), module(images))
    resumed = train(graph, split, recipe, 3, checkpoint=tmp_path / "reached")
    assert outcomes(resumed) == outcomes(trained)


def test_a_checkpoint_of_another_training_is_not_gone_on_from(tmp_path: Path, split: Split) -> None:
    path = tmp_path / "one.safetensors"
    train(GRAPH, split, RECIPE, seed=1, checkpoint=path)
    anew = train(GRAPH, split, RECIPE, seed=2, checkpoint=path)
    assert outcomes(anew) == outcomes(train(GRAPH, split, RECIPE, seed=2))


def test_a_checkpoint_of_other_images_is_not_gone_on_from(tmp_path: Path, split: Split) -> None:
    path, few = tmp_path / "one.safetensors", replace(RECIPE, epochs=1)
    pixels, labels = split.train.pixels, split.train.labels
    first, other = (
        Dataset.of("mine", split.classes, Images(shown, labels)).split("validation")
        for shown in (pixels, 255 - pixels)
    )
    train(GRAPH, first, few, checkpoint=path)
    assert outcomes(train(GRAPH, other, few, checkpoint=path)) == outcomes(train(GRAPH, other, few))


def test_a_checkpoint_of_an_earlier_version_is_gone_on_from(tmp_path: Path, split: Split) -> None:
    path, few = tmp_path / "one.safetensors", replace(RECIPE, epochs=1)
    whole = train(GRAPH, split, few, checkpoint=path)
    written = Checkpoint.read(path)
    values = {name: value for name, value in written.values.items() if name != "data_digest"}
    assert values.keys() < written.values.keys()
    Checkpoint(written.tensors, values).write(path)
    assert train(GRAPH, split, few, checkpoint=path).history == whole.history


@pytest.mark.parametrize(
    "damage",
    [
        lambda path, _: path.write_bytes(b"not a file of tensors"),
        lambda path, _: path.write_bytes(path.read_bytes()[:-100]),
        lambda path, _: Checkpoint({}, {}).write(path),
        lambda path, whole: Checkpoint({}, whole.values).write(path),
        lambda path, whole: Checkpoint(dict([*whole.tensors.items()][1:]), whole.values).write(path),
        lambda path, whole: Checkpoint(whole.tensors, {**whole.values, "history": [{"epoch": 1}]}).write(path),
    ],
    ids=["no file of ours", "cut off", "of another", "no tensors", "a part", "another history"],
)
def test_a_damaged_checkpoint_costs_its_epochs_and_not_the_network(
    tmp_path: Path, split: Split, damage: Callable[[Path, Checkpoint], object], request: pytest.FixtureRequest
) -> None:
    path = tmp_path / "one.safetensors"
    recipe = replace(RECIPE, epochs=2)
    whole = train(GRAPH, split, recipe, 3, checkpoint=path)
    damage(path, Checkpoint.read(path))
    if "of another" in request.node.name:  # not worth a word
        anew = train(GRAPH, split, recipe, 3, checkpoint=path)
    else:
        with pytest.warns(TrainingWarning, match=r"one.safetensors` .*; the training begins anew"):
            anew = train(GRAPH, split, recipe, 3, checkpoint=path)
    assert outcomes(anew) == outcomes(whole)
    assert len(Checkpoint.read(path).values["history"]) == 2


def test_weights_are_there_to_take_away(tmp_path: Path, split: Split) -> None:
    path = tmp_path / "weights.safetensors"
    trained = train(GRAPH, split, RECIPE)
    save_weights(path, trained, NETWORK, split, RECIPE)
    with safe_open(path, "pt") as file:
        about: dict[str, Any] = json.loads(file.metadata()["archsearch"])
    assert about["sentence"] == str(NETWORK)
    assert about["classes"] == list(split.classes)
    assert about["mean"] == list(split.mean)
    found = load_weights(path)
    assert (found.network, found.classes, found.input) == (NETWORK, split.classes, (3, 32, 32))
    assert (found.mean, found.std) == (tuple(split.mean), tuple(split.std))
    assert found.about["history"][-1]["accuracy"] == trained.history[-1].accuracy
    images = torch.randn(4, 3, 32, 32)
    with torch.inference_mode():
        assert torch.allclose(found.module(images), trained.module(images), atol=1e-5)


def test_a_training_that_had_ended_is_not_made_again(tmp_path: Path, split: Split) -> None:
    path = tmp_path / "weights.safetensors"
    trained = train(GRAPH, split, RECIPE)
    save_weights(path, trained, NETWORK, split, RECIPE)
    steps: list[int] = []
    again = train(GRAPH, split, RECIPE, step=lambda done, _total: steps.append(done), checkpoint=path)
    assert steps == []
    assert again.history == trained.history


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"sentence": None}, "is the checkpoint of a training that has not ended"),
        ({"sentence": "mine(8) head()"}, "cannot be used: there is no word `mine`"),
        ({"graph": "0" * 16}, "cannot be used: the words of its sentence stand for another network now"),
    ],
)
def test_weights_that_cannot_be_used(tmp_path: Path, split: Split, change: dict[str, Any], text: str) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(path, train(GRAPH, split, replace(RECIPE, epochs=1)), NETWORK, split, RECIPE)
    written = Checkpoint.read(path)
    values = {name: value for name, value in {**written.values, **change}.items() if value is not None}
    Checkpoint(written.tensors, values).write(path)
    with pytest.raises(TrainingError, match=text):
        load_weights(path)


def test_weights_of_which_some_are_missing(tmp_path: Path, split: Split) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(path, train(GRAPH, split, replace(RECIPE, epochs=1)), NETWORK, split, RECIPE)
    written = Checkpoint.read(path)
    Checkpoint(dict([*written.tensors.items()][1:]), written.values).write(path)
    with pytest.raises(
        TrainingError, match=r"cannot be used: its tensors are not the weights of its network\n  give"
    ):
        load_weights(path)


def test_the_words_of_a_network_are_those_of_its_file(tmp_path: Path, split: Split) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(path, train(GRAPH, split, replace(RECIPE, epochs=1)), NETWORK, split, RECIPE)
    assert isinstance(load_weights(path).network, Network)
