"""Images as they are decoded; datasets, their digest and splits, and their copy in the cache."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from examples.console import ROOT
from examples.image_files import as_set, encoded, png, random_images, same, write_class_folders
from PIL import Image

from archsearch.data import cache as cache_of_images
from archsearch.data import reading
from archsearch.data.copies import held_out, one_in
from archsearch.data.dataset import Dataset
from archsearch.data.decode import Decoded
from archsearch.data.load import digits, load_data
from archsearch.data.source import DataWarning
from archsearch.data.torchvision import CIFAR10_CLASSES
from archsearch.errors import DataError

pytestmark = pytest.mark.usefixtures("cache")

CIFAR10 = Path(os.environ.get("ARCHSEARCH_DATA") or ROOT.parent / "shared" / "cifar10")


# --- digits and splits ---


@pytest.fixture(scope="module")
def the_digits() -> Dataset:
    return digits()


def test_digits_are_the_real_ones(the_digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert the_digits.test is not None
    everything = the_digits.train.join(the_digits.test)
    assert np.bincount(everything.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert everything.pixels.shape == (1797, 32, 32, 3)
    assert (everything.pixels.min(), everything.pixels.max()) == (0, 255)
    # Pinned: the digest is the key of results, so it may change only with the images.
    assert the_digits.digest == "9d13b217f182fefa"
    monkeypatch.chdir(tmp_path)
    assert load_data("digits").digest == the_digits.digest
    monkeypatch.setenv("ARCHSEARCH_DATA", "digits")
    assert load_data().digest == the_digits.digest


def test_a_folder_named_digits_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_class_folders(tmp_path / "digits")
    monkeypatch.chdir(tmp_path)
    assert load_data("digits").classes == ("cat", "dog")


def test_validation_holds_a_tenth_of_each_class_out_of_the_training_set(the_digits: Dataset) -> None:
    split = the_digits.split("validation")
    assert (split.data, split.kind, split.classes) == ("digits", "validation", the_digits.classes)
    assert (split.mean, split.std) == (the_digits.mean, the_digits.std)
    counts = np.bincount(the_digits.train.labels)
    assert np.bincount(split.evaluation.labels).tolist() == [round(count / 10) for count in counts]
    assert len(split.train) + len(split.evaluation) == len(the_digits.train)
    assert as_set(split.train) | as_set(split.evaluation) == as_set(the_digits.train)
    assert not as_set(split.train) & as_set(split.evaluation)
    assert not as_set(split.evaluation) & as_set(the_digits.test)


def test_a_class_of_few_images_gives_up_one() -> None:
    content = random_images(6, 2, seed=1, size=(4, 4))
    split = Dataset.of("few", ("a", "b"), content).split("validation")
    assert np.bincount(split.evaluation.labels).tolist() == [1, 1]


def test_mean_and_deviation_are_those_of_training_and_validation_images() -> None:
    train, validation, test = (random_images(count, 2, seed=count, size=(4, 4)) for count in (20, 8, 6))
    validation.pixels[:] //= 8
    found = Dataset.of("three", ("a", "b"), train, validation, test)
    scaled = train.join(validation).pixels / 255
    assert found.mean == pytest.approx(scaled.mean(axis=(0, 1, 2)))
    assert found.std == pytest.approx(scaled.std(axis=(0, 1, 2)))
    assert found.split("test").mean == found.split("validation").mean == found.mean


def test_test_split_is_all_of_both(the_digits: Dataset) -> None:
    split = the_digits.split("test")
    assert (split.train, split.evaluation) == (the_digits.train, the_digits.test)


def test_splits_that_cannot_be_made(tmp_path: Path, the_digits: Dataset) -> None:
    with pytest.raises(DataError) as caught:
        the_digits.split("validate")
    assert str(caught.value) == "no split `validate`\n  did you mean `validation`?"
    folder = write_class_folders(tmp_path / "pets")
    for file in sorted((folder / "train" / "dog").iterdir())[1:]:
        file.unlink()
    with pytest.raises(DataError) as caught:
        load_data(folder).split("validation")
    assert str(caught.value) == (
        "class `dog` has 1 training image; a validation split needs at least 2 of each class\n"
        "  at pets\n  add images of that class, or a validation side"
    )
    shutil.rmtree(folder / "test")
    with pytest.raises(DataError) as caught:
        load_data(folder).split("test")
    assert str(caught.value) == (
        "`pets` has no test images\n  measure on the validation images (--split validation), or add a test side"
    )


def test_a_channel_that_is_the_same_everywhere_is_divided_by_1() -> None:
    content = random_images(20, 2, seed=1, size=(4, 4))
    content.pixels[..., 2] = 51
    split = Dataset.of("no blue", ("a", "b"), content).split("validation")
    assert split.mean.blue == pytest.approx(0.2)
    assert split.std.blue == 1
    assert split.std.red == pytest.approx((content.pixels[..., 0] / 255).std())


def test_the_digest_follows_every_part(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    digests = {load_data(folder).digest}
    (folder / "train" / "cat" / "0.png").rename(folder / "train" / "cat" / "zero.png")
    digests.add(load_data(folder).digest)
    assert len(digests) == 1
    (folder / "train" / "cat" / "zero.png").rename(folder / "train" / "dog" / "zero.png")
    digests.add(load_data(folder).digest)
    (folder / "test" / "dog" / "1.png").write_bytes(png(np.zeros((9, 7, 3), np.uint8)))
    digests.add(load_data(folder).digest)
    for side in ("train", "test"):
        (folder / side / "dog").rename(folder / side / "hound")
    digests.add(load_data(folder).digest)
    assert len(digests) == 4


# --- the cache ---


def _refuse(*_: object) -> Decoded:
    raise AssertionError("decoded again")


def test_the_second_load_decodes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_class_folders(tmp_path / "pets")
    first = load_data(folder)
    monkeypatch.setattr(reading, "decode", _refuse)
    second = load_data(folder)
    assert (second.name, second.digest, second.classes) == (first.name, first.digest, first.classes)
    assert (second.mean, second.std) == (first.mean, first.std)
    assert same(second.train, first.train)
    assert same(second.test, first.test)
    with monkeypatch.context() as later:
        later.setattr(cache_of_images, "_CACHE_FORMAT", "of a later version")
        with pytest.raises(AssertionError, match="decoded again"):
            load_data(folder)
    (folder / "train" / "cat" / "0.png").write_bytes((folder / "train" / "cat" / "2.png").read_bytes())
    with pytest.raises(AssertionError, match="decoded again"):
        load_data(folder)


def test_two_files_of_equal_size_and_time_exchanged(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    cat, dog = folder / "train" / "cat" / "0.png", folder / "train" / "dog" / "1.png"
    for file, value in ((cat, 1), (dog, 2)):
        file.write_bytes(encoded(Image.fromarray(np.full((9, 7, 3), value, np.uint8)), "BMP"))
        os.utime(file, ns=(0, 0))
    assert cat.stat().st_size == dog.stat().st_size
    before = load_data(folder)
    cat.rename(tmp_path / "cat.png")
    dog.rename(cat)
    (tmp_path / "cat.png").rename(dog)
    after = load_data(folder)
    assert as_set(before.train) != as_set(after.train)
    label = int(after.train.labels[(after.train.pixels == 2).all(axis=(1, 2, 3))][0])
    assert after.classes[label] == "cat"


def test_each_size_has_a_copy_of_its_own(tmp_path: Path, cache: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    shapes = {load_data(folder).shape}
    with pytest.warns(DataWarning):
        shapes |= {load_data(folder, size=size).shape for size in (4, (4, 5))}
    assert shapes == {(3, 9, 7), (3, 4, 4), (3, 4, 5)}
    assert len(list((cache / "datasets").iterdir())) == 3


def test_a_damaged_cache_is_decoded_again(tmp_path: Path, cache: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    first = load_data(folder)
    (file,) = (cache / "datasets").iterdir()
    intact = file.read_bytes()
    middle = len(intact) // 2
    flipped = intact[:middle] + bytes([intact[middle] ^ 1]) + intact[middle + 1 :]
    for damaged in (intact[:middle], b"", b"garbage", flipped):
        file.write_bytes(damaged)
        with pytest.warns(UserWarning, match="cannot be read .*; the images are decoded again") as warned:
            again = load_data(folder)
        assert str(file) in str(warned[0].message)
        assert warned[0].filename == __file__
        assert same(again.train, first.train)
        assert load_data(folder).digest == first.digest


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="cannot be kept in .*; the next start will be slow again"):
        assert load_data(folder).name == "pets"


# --- the real one ---


@pytest.mark.skipif(not CIFAR10.is_dir(), reason="CIFAR-10 is neither in ARCHSEARCH_DATA nor in ../shared/cifar10")
def test_cifar10(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHSEARCH_DATA", str(CIFAR10))
    dataset = load_data()
    assert (dataset.name, dataset.classes, dataset.shape) == ("cifar10", CIFAR10_CLASSES, (3, 32, 32))
    # Pinned: the digest is the key of results, so it may change only with the images.
    assert dataset.digest == "fc1ffeaae2c49c20"
    assert dataset.mean == pytest.approx((0.49140, 0.48216, 0.44653), abs=5e-6)
    assert dataset.std == pytest.approx((0.24703, 0.24349, 0.26159), abs=5e-6)
    assert np.bincount(dataset.train.labels).tolist() == [5000] * 10
    assert dataset.test is not None
    assert np.bincount(dataset.test.labels).tolist() == [1000] * 10
    assert np.array_equal(held_out(dataset.train), one_in(10, dataset.train.labels))
    split = dataset.split("validation")
    assert split.kind == "validation"
    assert np.bincount(split.train.labels).tolist() == [4500] * 10
    assert np.bincount(split.evaluation.labels).tolist() == [500] * 10
    monkeypatch.setattr(reading, "decode", _refuse)
    assert load_data().digest == dataset.digest
