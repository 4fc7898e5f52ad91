"""Parquet as on the Hugging Face hub: which files there are, and which side each is of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from examples.image_files import (
    REPLACE,
    as_set,
    error_of,
    random_images,
    same,
    write_parquet,
    write_shard,
    write_torchvision,
)

from archsearch.data.images import Images
from archsearch.data.load import load_data
from archsearch.data.source import DataWarning
from archsearch.data.torchvision import CIFAR10_CLASSES

pytestmark = pytest.mark.usefixtures("cache")

NAMES = ("a", "b")
TRAIN, TEST, VALIDATION = (random_images(count, 2, seed=count, size=(8, 12)) for count in (30, 6, 10))


# --- files and sides ---


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train-00000-of-00001.parquet", "test-00000-of-00001.parquet"),
        ("train-00000-of-00001-6f3a92bc01de.parquet", "test-00000-of-00001-aa02345f.parquet"),
        ("train.parquet", "test.parquet"),
        ("pets_training.parquet", "pets_testing.parquet"),
        ("data/train-0.parquet", "data/test-0.parquet"),
        ("plain_text/train.parquet", "plain_text/test.parquet"),
        ("default/train/0000.parquet", "default/test/0000.parquet"),
        ("train/0000.parquet", "test/0000.parquet"),
    ],
)
def test_names_of_files(tmp_path: Path, train: str, test: str) -> None:
    write_shard(tmp_path / "pets" / train, TRAIN, names=NAMES)
    write_shard(tmp_path / "pets" / test, TEST, names=NAMES)
    dataset = load_data(tmp_path / "pets")
    assert (dataset.name, dataset.classes, dataset.shape) == ("pets", NAMES, (3, 8, 12))
    assert as_set(dataset.train) == as_set(TRAIN)
    assert as_set(dataset.test) == as_set(TEST)
    scaled = TRAIN.pixels.reshape(-1, 3) / 255
    assert dataset.mean == pytest.approx(scaled.mean(axis=0))
    assert dataset.std == pytest.approx(scaled.std(axis=0))


@pytest.mark.parametrize("name", ["validation", "valid", "val", "dev"])
def test_three_sides(tmp_path: Path, name: str) -> None:
    write_parquet(tmp_path, TRAIN, TEST, names=NAMES)
    write_shard(tmp_path / f"{name}-00000-of-00001.parquet", VALIDATION, names=NAMES)
    dataset = load_data(tmp_path)
    assert as_set(dataset.split("validation").evaluation) == as_set(VALIDATION)
    assert as_set(dataset.split("test").train) == as_set(TRAIN) | as_set(VALIDATION)


def test_training_and_validation_alone_and_training_alone(tmp_path: Path) -> None:
    write_shard(tmp_path / "all.parquet", TRAIN, names=NAMES)
    dataset = load_data(tmp_path)
    assert (dataset.validation, dataset.test) == (None, None)
    (tmp_path / "all.parquet").rename(tmp_path / "train.parquet")
    write_shard(tmp_path / "val.parquet", VALIDATION, names=NAMES)
    dataset = load_data(tmp_path)
    assert dataset.test is None
    assert as_set(dataset.split("validation").evaluation) == as_set(VALIDATION)


def test_no_training_images(tmp_path: Path) -> None:
    write_shard(tmp_path / "test.parquet", TEST, names=NAMES)
    write_shard(tmp_path / "validation.parquet", VALIDATION, names=NAMES)
    assert error_of(tmp_path) == (
        f"there are Parquet files for validation and test but none to train on\n  at {tmp_path}\n"
        "  put train*.parquet beside them"
    )


def test_a_file_of_no_side(tmp_path: Path) -> None:
    write_parquet(tmp_path, TRAIN, TEST, names=NAMES)
    write_shard(tmp_path / "extra.parquet", TEST, names=NAMES)
    assert error_of(tmp_path) == (
        f"the name of `extra.parquet` does not say which side it is of\n  at {tmp_path / 'extra.parquet'}\n"
        "  name it like train.parquet, validation.parquet or test.parquet, or move it away"
    )


def test_two_configurations(tmp_path: Path) -> None:
    for name in ("small", "large"):
        write_parquet(tmp_path / name, TRAIN, TEST, names=NAMES)
    assert error_of(tmp_path) == (
        f"Parquet files are in large/, small/; each is a dataset of its own\n  at {tmp_path}\n"
        f"  name one of them, as in --data {tmp_path / 'large'}"
    )


def test_missing_shard(tmp_path: Path) -> None:
    write_parquet(tmp_path, TRAIN, TEST, names=NAMES)
    (tmp_path / "train-00001-of-00002.parquet").unlink()
    assert error_of(tmp_path) == (
        "a Parquet shard is missing; found train-00000-of-00002.parquet\n"
        f"  at {tmp_path / 'train-00001-of-00002.parquet'}\n  put the missing shard beside the others"
    )
    strays = ("train-00000-of-00001.parquet", "train-00002-of-00002.parquet", "train-00000-of-00002-a1.parquet")
    for stray in (*strays, "train.parquet"):
        (tmp_path / stray).touch()
        found = ", ".join(sorted(file.name for file in tmp_path.glob("train*")))
        assert error_of(tmp_path) == (
            f"these shards do not belong together: {found}\n  at {tmp_path}\n  keep the shards of one version only"
        )
        (tmp_path / stray).unlink()


def test_truncated_parquet(tmp_path: Path) -> None:
    write_parquet(tmp_path, TRAIN, TEST)
    file = tmp_path / "train-00001-of-00002.parquet"
    file.write_bytes(file.read_bytes()[:-100])
    text = error_of(tmp_path)
    assert text.startswith("this Parquet file cannot be read: ")
    assert text.endswith(f"\n  at {file}\n{REPLACE}")


# --- CIFAR-10 ---


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_parquet_and_torchvision_give_the_same_dataset(
    tmp_path: Path, small_cifar10: tuple[Images, Images], monkeypatch: pytest.MonkeyPatch, protocol: int
) -> None:
    train, test = small_cifar10
    shuffled = train.take(np.random.default_rng(0).permutation(len(train)))
    one = load_data(write_parquet(tmp_path / "hub" / "data", shuffled, test).parent)
    other = load_data(write_torchvision(tmp_path / "tv", train, test, monkeypatch, protocol=protocol))
    assert (one.name, one.digest, one.mean, one.std) == ("cifar10", other.digest, other.mean, other.std)
    assert other.name == "cifar10"
    assert one.classes == other.classes == CIFAR10_CLASSES
    assert as_set(one.train) == as_set(train)
    assert as_set(one.test) == as_set(test)
    for kind in ("validation", "test"):
        assert same(one.split(kind).train, other.split(kind).train)
        assert same(one.split(kind).evaluation, other.split(kind).evaluation)


def test_a_part_of_cifar10_says_so_in_its_name(tmp_path: Path, small_cifar10: tuple[Images, Images]) -> None:
    train, test = small_cifar10
    write_parquet(tmp_path, train.take(slice(0, 199)), test, names=CIFAR10_CLASSES)
    with pytest.warns(DataWarning) as warned:
        assert load_data(tmp_path).name == "cifar10-part"
    assert str(warned[0].message) == (
        "cifar10-part: this is not the whole of CIFAR-10 (200 train, 30 test) but 199 train, 30 test images of it"
    )
