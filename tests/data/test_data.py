"""Images as they are decoded; datasets, their digest and splits, and their copy in the cache."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from examples.console import ROOT
from examples.image_files import as_set, png, same, write_class_folders
from PIL import Image

from archsearch.data import folders, images, parquet
from archsearch.data.cifar10 import CIFAR10_CLASSES
from archsearch.data.dataset import Dataset
from archsearch.data.load import digits, load
from archsearch.errors import DataError

pytestmark = pytest.mark.usefixtures("cache")

CIFAR10 = Path(os.environ.get("ARCHSEARCH_DATA") or ROOT.parent / "shared" / "cifar10")


# --- images ---


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1"])
def test_other_kinds_of_png_become_rgb(mode: str) -> None:
    grey = np.repeat(np.array([[0, 255], [255, 0]], np.uint8)[..., None], 3, axis=2)
    image = Image.fromarray(grey).convert(mode)
    stream = io.BytesIO()
    image.save(stream, "PNG", **({"transparency": bytes([0, 128])} if mode == "P" else {}))
    assert np.array_equal(images.decode(stream.getvalue(), "here"), grey)


def test_more_than_8_bits_are_refused() -> None:
    stream = io.BytesIO()
    Image.fromarray(np.full((2, 2), 40_000, np.uint16)).save(stream, "PNG")
    with pytest.raises(DataError) as caught:
        images.decode(stream.getvalue(), "deep.png")
    assert str(caught.value) == (
        "this image has more than 8 bits a channel (mode I;16)\n  at deep.png\n  convert it to 8 bits"
    )


# --- digits and splits ---


@pytest.fixture(scope="module")
def the_digits() -> Dataset:
    return digits()


def test_digits_are_the_real_ones(the_digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = np.concatenate([the_digits.train.pixels, the_digits.test.pixels])
    labels = np.concatenate([the_digits.train.labels, the_digits.test.labels])
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert everything.shape == (1797, 32, 32, 3)
    assert (everything.min(), everything.max()) == (0, 255)
    # Pinned: the digest is the key of results, so it may change only with the images.
    assert the_digits.digest == "9d13b217f182fefa"
    monkeypatch.chdir(tmp_path)
    assert load("digits").digest == the_digits.digest
    monkeypatch.setenv("ARCHSEARCH_DATA", "digits")
    assert load().digest == the_digits.digest


def test_a_folder_named_digits_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_class_folders(tmp_path / "digits")
    monkeypatch.chdir(tmp_path)
    assert load("digits").classes == ("cat", "dog")


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
        load(folder).split("validation")
    assert str(caught.value) == (
        "class `dog` has 1 training image; a validation split needs at least 2 of each class\n"
        "  at pets\n  add images of that class"
    )


def test_the_digest_follows_every_part(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    digests = {load(folder).digest}
    (folder / "train" / "cat" / "0.png").rename(folder / "train" / "cat" / "zero.png")
    digests.add(load(folder).digest)
    assert len(digests) == 1
    (folder / "train" / "cat" / "zero.png").rename(folder / "train" / "dog" / "zero.png")
    digests.add(load(folder).digest)
    (folder / "test" / "dog" / "1.png").write_bytes(png(np.zeros((9, 7, 3), np.uint8)))
    digests.add(load(folder).digest)
    for side in ("train", "test"):
        (folder / side / "dog").rename(folder / side / "hound")
    digests.add(load(folder).digest)
    assert len(digests) == 4


# --- the cache ---


def _refuse(_: bytes | Path, place: str) -> npt.NDArray[np.uint8]:
    raise AssertionError(f"decoded again: {place}")


def test_the_second_load_decodes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_class_folders(tmp_path / "pets")
    first = load(folder)
    for layout in (folders, parquet):
        monkeypatch.setattr(layout, "decode", _refuse)
    second = load(folder)
    assert (second.name, second.digest, second.classes) == (first.name, first.digest, first.classes)
    assert (second.mean, second.std) == (first.mean, first.std)
    assert same(second.train, first.train)
    assert same(second.test, first.test)
    file = folder / "train" / "cat" / "0.png"
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
    with pytest.raises(AssertionError, match="decoded again"):
        load(folder)


def test_a_damaged_cache_is_decoded_again(tmp_path: Path, cache: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    first = load(folder)
    (file,) = (cache / "datasets").iterdir()
    intact = file.read_bytes()
    middle = len(intact) // 2
    flipped = intact[:middle] + bytes([intact[middle] ^ 1]) + intact[middle + 1 :]
    for damaged in (intact[:middle], b"", b"garbage", flipped):
        file.write_bytes(damaged)
        with pytest.warns(UserWarning, match="cannot be read .*; the images are decoded again") as warned:
            again = load(folder)
        assert str(file) in str(warned[0].message)
        assert warned[0].filename == __file__
        assert same(again.train, first.train)
        assert load(folder).digest == first.digest


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="cannot be kept in .*; the next start will be slow again"):
        assert load(folder).name == "pets"


# --- the real one ---


@pytest.mark.skipif(not CIFAR10.is_dir(), reason="CIFAR-10 is neither in ARCHSEARCH_DATA nor in ../shared/cifar10")
def test_cifar10(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHSEARCH_DATA", str(CIFAR10))
    dataset = load()
    assert (dataset.name, dataset.classes, dataset.shape) == ("cifar10", CIFAR10_CLASSES, (3, 32, 32))
    # Pinned: the digest is the key of results, so it may change only with the images.
    assert dataset.digest == "fc1ffeaae2c49c20"
    assert dataset.mean == pytest.approx((0.49140, 0.48216, 0.44653), abs=5e-6)
    assert dataset.std == pytest.approx((0.24703, 0.24349, 0.26159), abs=5e-6)
    assert np.bincount(dataset.train.labels).tolist() == [5000] * 10
    assert np.bincount(dataset.test.labels).tolist() == [1000] * 10
    split = dataset.split("validation")
    assert np.bincount(split.train.labels).tolist() == [4500] * 10
    assert np.bincount(split.evaluation.labels).tolist() == [500] * 10
    for layout in (folders, parquet):
        monkeypatch.setattr(layout, "decode", _refuse)
    assert load().digest == dataset.digest
