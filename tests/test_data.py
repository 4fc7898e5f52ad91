"""Datasets from real files in three layouts, their splits, and their copy in the cache."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import json
import os
import pickle
import tarfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from archsearch import data, download, images, sources
from archsearch.data import Dataset, Images, digits, load
from archsearch.errors import DataError
from archsearch.sources import CIFAR10_CLASSES, TORCHVISION_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

CIFAR10 = Path(os.environ.get("ARCHSEARCH_DATA") or Path(__file__).resolve().parents[2] / "shared" / "cifar10")
REPLACE = "  replace the file with an intact copy"
COUNTS = {"training": 200, "test": 30}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ARCHSEARCH_DATA", raising=False)
    return tmp_path / "cache" / "archsearch"


@pytest.fixture
def small_cifar10(monkeypatch: pytest.MonkeyPatch) -> tuple[Images, Images]:
    """Make what counts as CIFAR-10 small enough to write in both layouts."""
    for side, count in COUNTS.items():
        monkeypatch.setitem(sources._CIFAR10_COUNTS, side, count)
    return random_images(COUNTS["training"], 10, seed=1), random_images(COUNTS["test"], 10, seed=2)


def random_images(count: int, classes: int, *, seed: int, size: tuple[int, int] = (32, 32)) -> Images:
    pixels = np.random.default_rng(seed).integers(0, 256, (count, *size, 3), dtype=np.uint8)
    return Images(pixels, np.arange(count) % classes)


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def write_shard(file: Path, content: Images, *, names: tuple[str, ...] | None = None) -> None:
    table = pa.table(
        {
            "img": [{"bytes": png(pixels), "path": "x.png"} for pixels in content.pixels],
            "label": content.labels,
        }
    )
    if names is not None:
        features = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(features)})
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, file)


def write_parquet(folder: Path, train: Images, test: Images, *, names: tuple[str, ...] | None = None) -> Path:
    half = len(train) // 2
    write_shard(folder / "train-00000-of-00002.parquet", train.take(slice(0, half)), names=names)
    write_shard(folder / "train-00001-of-00002.parquet", train.take(slice(half, None)), names=names)
    write_shard(folder / "test-00000-of-00001.parquet", test, names=names)
    return folder


def write_torchvision(folder: Path, train: Images, test: Images, *, protocol: int = 2) -> Path:
    batches = folder / TORCHVISION_FOLDER
    batches.mkdir(parents=True)
    parts = [train.take(part) for part in np.array_split(np.arange(len(train)), 5)]
    named = {f"data_batch_{number}": part for number, part in enumerate(parts, start=1)} | {"test_batch": test}
    for name, part in named.items():
        rows = part.pixels.transpose(0, 3, 1, 2).reshape(len(part), 3072)
        batch = {"batch_label": name, "labels": part.labels.tolist(), "data": rows}
        (batches / name).write_bytes(pickle.dumps(batch, protocol=protocol))
    meta = {"num_cases_per_batch": 10000, "label_names": list(CIFAR10_CLASSES), "num_vis": 3072}
    (batches / "batches.meta").write_bytes(pickle.dumps(meta, protocol=protocol))
    return folder


def write_class_folders(folder: Path, *, size: tuple[int, int] = (9, 7), test: str = "test") -> Path:
    for side, count in (("train", 20), (test, 4)):
        content = random_images(2 * count, 2, seed=count, size=size)
        for number, (pixels, label) in enumerate(zip(content.pixels, content.labels, strict=True)):
            file = folder / side / ("cat", "dog")[label] / f"{number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(png(pixels))
    return folder


def error_of(path: Path | str | None) -> str:
    with pytest.raises(DataError) as caught:
        load(path)
    return str(caught.value)


def same(one: Images, other: Images) -> bool:
    return np.array_equal(one.pixels, other.pixels) and np.array_equal(one.labels, other.labels)


def as_set(content: Images) -> set[bytes]:
    return set(data._content_keys(content))


# --- layouts ---


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_parquet_and_torchvision_give_the_same_dataset(
    tmp_path: Path, small_cifar10: tuple[Images, Images], protocol: int
) -> None:
    train, test = small_cifar10
    shuffled = train.take(np.random.default_rng(0).permutation(len(train)))
    one = load(write_parquet(tmp_path / "hub" / "data", shuffled, test).parent)
    other = load(write_torchvision(tmp_path / "torchvision", train, test, protocol=protocol))
    assert (one.name, one.digest, one.mean, one.std) == ("cifar10", other.digest, other.mean, other.std)
    assert other.name == "cifar10"
    assert one.classes == other.classes == CIFAR10_CLASSES
    assert as_set(one.train) == as_set(train)
    assert as_set(one.test) == as_set(test)
    for kind in ("validation", "test"):
        assert same(one.split(kind).train, other.split(kind).train)
        assert same(one.split(kind).evaluation, other.split(kind).evaluation)


def test_the_folder_of_the_batches_can_be_named_itself(
    tmp_path: Path, small_cifar10: tuple[Images, Images]
) -> None:
    folder = write_torchvision(tmp_path, *small_cifar10)
    assert load(folder).digest == load(folder / TORCHVISION_FOLDER).digest


def test_parquet_with_its_own_class_names(tmp_path: Path) -> None:
    train, test = (random_images(count, 3, seed=count, size=(8, 12)) for count in (30, 6))
    dataset = load(write_parquet(tmp_path / "shapes" / "plain_text", train, test, names=("a", "b", "c")).parent)
    assert (dataset.name, dataset.classes, dataset.shape) == ("shapes", ("a", "b", "c"), (3, 8, 12))
    assert as_set(dataset.train) == as_set(train)
    scaled = train.pixels.reshape(-1, 3) / 255
    assert dataset.mean == pytest.approx(scaled.mean(axis=0))
    assert dataset.std == pytest.approx(scaled.std(axis=0))


@pytest.mark.parametrize("test", ["test", "val", "valid"])
def test_class_folders(tmp_path: Path, test: str) -> None:
    folder = write_class_folders(tmp_path / "pets", test=test)
    (folder / "train" / ".DS_Store").touch()
    (folder / "train" / "cat" / ".hidden.png").touch()
    dataset = load(folder)
    assert (dataset.name, dataset.classes, dataset.shape) == ("pets", ("cat", "dog"), (3, 9, 7))
    assert as_set(dataset.train) == as_set(random_images(40, 2, seed=20, size=(9, 7)))
    assert as_set(dataset.test) == as_set(random_images(8, 2, seed=4, size=(9, 7)))


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


# --- what is wrong with a folder ---


def test_no_folder(tmp_path: Path) -> None:
    remedy = "  name the folder with the dataset: --data PATH or ARCHSEARCH_DATA; or use --data digits"
    assert error_of(tmp_path / "none") == f"no folder `{tmp_path / 'none'}`\n{remedy}"
    (tmp_path / "file").touch()
    assert error_of(tmp_path / "file") == f"`{tmp_path / 'file'}` is a file; a dataset is a folder\n{remedy}"


def test_unknown_layout(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").touch()
    (tmp_path / "pictures").mkdir()
    assert error_of(tmp_path) == (
        f"no known dataset layout; found pictures, readme.txt\n  at {tmp_path}\n"
        "  three layouts are read:\n"
        "    torchvision's CIFAR-10: cifar-10-batches-py/ with data_batch_1..5, test_batch, batches.meta\n"
        "    Hugging Face Parquet: train-*-of-*.parquet, test-*-of-*.parquet, here or in data/ or plain_text/\n"
        "    class folders: train/<class>/*.png and test/<class>/*.png (or val/, valid/; jpg, jpeg, bmp, webp)"
    )
    for number in range(10):
        (tmp_path / f"a{number}").touch()
    assert error_of(tmp_path).startswith(
        "no known dataset layout; found a0, a1, a2, a3, a4, a5, a6, a7 and 4 more\n"
    )


def test_missing_shard(tmp_path: Path) -> None:
    write_parquet(tmp_path, *(random_images(10, 2, seed=seed) for seed in (1, 2)))
    (tmp_path / "train-00001-of-00002.parquet").unlink()
    assert error_of(tmp_path) == (
        "a Parquet shard is missing; found train-00000-of-00002.parquet for `train`\n"
        f"  at {tmp_path / 'train-00001-of-00002.parquet'}\n  put the missing shard beside the others"
    )
    for stray in ("train-00000-of-00001.parquet", "train-00002-of-00002.parquet"):
        (tmp_path / stray).touch()
        found = ", ".join(sorted(file.name for file in tmp_path.glob("train-*")))
        assert error_of(tmp_path) == (
            f"these shards do not belong together: {found}\n  at {tmp_path}\n  keep those of one edition only"
        )
        (tmp_path / stray).unlink()


def test_truncated_parquet(tmp_path: Path) -> None:
    write_parquet(tmp_path, *(random_images(10, 2, seed=seed) for seed in (1, 2)))
    file = tmp_path / "train-00001-of-00002.parquet"
    file.write_bytes(file.read_bytes()[:-100])
    text = error_of(tmp_path)
    assert text.startswith("this Parquet file cannot be read: ")
    assert text.endswith(f"\n  at {file}\n{REPLACE}")


def test_wrong_columns(tmp_path: Path) -> None:
    write_parquet(tmp_path, *(random_images(10, 2, seed=seed) for seed in (1, 2)))
    file = tmp_path / "test-00000-of-00001.parquet"
    pq.write_table(pa.table({"img": ["a"], "label": [0]}), file)
    assert error_of(tmp_path) == (
        "the columns must be `img` or `image` (a struct with `bytes`) and `label` (integers); "
        f"found img: string, label: int64\n  at {file}\n"
        "  write the file as Hugging Face's `datasets` does (Image, ClassLabel)"
    )


def test_null_row_unknown_label_and_no_rows(tmp_path: Path) -> None:
    train, test = (random_images(10, 2, seed=seed) for seed in (1, 2))
    write_parquet(tmp_path, train, test, names=("a", "b"))
    file = tmp_path / "test-00000-of-00001.parquet"
    pq.write_table(pa.table({"img": [{"bytes": png(test.pixels[0])}] * 2, "label": [0, None]}), file)
    assert error_of(tmp_path) == (f"an image or its label is null\n  at {file}, row 1, counted from 0\n{REPLACE}")
    write_shard(file, Images(test.pixels, test.labels + 1))
    assert error_of(tmp_path) == (
        f"label 2 has no class name; there are 2 classes, from 0\n  at {file}, row 1, counted from 0\n"
        "  write the names into the schema as Hugging Face's `datasets` does (ClassLabel)"
    )
    struct = pa.struct([("bytes", pa.binary())])
    pq.write_table(pa.table({"img": pa.array([], struct), "label": pa.array([], pa.int64())}), file)
    assert error_of(tmp_path) == f"these shards hold no images\n  at {file}\n{REPLACE}"


def test_parquet_without_class_names_is_cifar10_or_nothing(tmp_path: Path) -> None:
    content = [random_images(10, 10, seed=seed, size=(28, 20)) for seed in (1, 2)]
    assert error_of(write_parquet(tmp_path, *content)) == (
        "no class names in the schema, and images of 20x28 pixels are not CIFAR-10\n"
        f"  at {tmp_path / 'train-00000-of-00002.parquet'}\n"
        "  write the names into the schema as Hugging Face's `datasets` does (ClassLabel)"
    )


def test_wrong_count(tmp_path: Path, small_cifar10: tuple[Images, Images]) -> None:
    train, test = small_cifar10
    remedy = "  complete the files, or give the classes other names if this is another dataset"
    short = write_parquet(tmp_path / "a", train.take(slice(0, 199)), test)
    assert error_of(short) == f"CIFAR-10 has 200 training images; here are 199\n  at {short}\n{remedy}"
    short = write_torchvision(tmp_path / "b", train, test.take(slice(0, 29)))
    place = short / TORCHVISION_FOLDER
    assert error_of(short) == f"CIFAR-10 has 30 test images; here are 29\n  at {place}\n{remedy}"


def test_a_pickle_missing_truncated_or_of_something_else(
    tmp_path: Path, small_cifar10: tuple[Images, Images]
) -> None:
    folder = write_torchvision(tmp_path, *small_cifar10)
    file = folder / TORCHVISION_FOLDER / "data_batch_3"
    intact = file.read_bytes()
    for length in range(0, len(intact), len(intact) // 20):
        file.write_bytes(intact[:length])
        text = error_of(folder)
        assert text.startswith("this pickle cannot be read: ")
        assert text.endswith(f"\n  at {file}\n{REPLACE}")
    file.write_bytes(pickle.dumps(["not", "a", "dictionary"]))
    assert error_of(folder) == f"this pickle does not hold a dictionary\n  at {file}\n{REPLACE}"
    not_a_batch = (
        "this is not a CIFAR-10 batch; `data` must be N x 3072 bytes and `labels` N numbers 0..9\n"
        f"  at {file}\n{REPLACE}"
    )
    rows = np.zeros((2, 3072), np.uint8)
    for batch in (
        {},
        {"data": rows, "labels": [0]},
        {"data": rows, "labels": [0, 10]},
        {"data": rows[:, 1:], "labels": [0, 1]},
        {"data": rows[0], "labels": [0] * 3072},
    ):
        file.write_bytes(pickle.dumps(batch))
        assert error_of(folder) == not_a_batch
    file.write_bytes(pickle.dumps({"data": rows.astype(np.float32)}))
    assert error_of(folder) == (
        "this pickle cannot be read: it holds an array of type 'f4' where bytes were expected\n"
        f"  at {file}\n{REPLACE}"
    )
    file.unlink()
    assert error_of(folder) == (
        f"a file of torchvision's CIFAR-10 is missing\n  at {file}\n  unpack cifar-10-python.tar.gz again"
    )


class _Foreign:
    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.witness),)


def test_code_in_a_pickle_is_never_run(tmp_path: Path, small_cifar10: tuple[Images, Images]) -> None:
    folder = write_torchvision(tmp_path, *small_cifar10)
    file = folder / TORCHVISION_FOLDER / "batches.meta"
    file.write_bytes(pickle.dumps({"label_names": _Foreign(tmp_path / "witness")}))
    assert error_of(folder) == (
        f"this pickle cannot be read: it asks for `posix.mkdir`, which images do not need\n  at {file}\n{REPLACE}"
    )
    assert not (tmp_path / "witness").exists()
    file.write_bytes(pickle.dumps({"label_names": ["one", "two"]}))
    assert error_of(folder) == f"the class names are not CIFAR-10's\n  at {file}\n{REPLACE}"


def test_class_folders_that_do_not_fit_together(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path)
    (folder / "test" / "owl").mkdir()
    assert error_of(folder) == (
        f"class `owl` is in test/ but not in train/\n  at {folder / 'train' / 'owl'}\n"
        "  both sides must have the same classes"
    )
    (folder / "train" / "owl").mkdir()
    assert error_of(folder) == (
        f"this class has no images\n  at {folder / 'train' / 'owl'}\n"
        "  add images, or remove the class on both sides"
    )
    stray = folder / "train" / "owl" / "notes.txt"
    stray.touch()
    assert error_of(folder) == (
        f"a class folder holds images only (.png, .jpg, .jpeg, .bmp, .webp)\n  at {stray}\n"
        "  convert it, or move it out of the dataset"
    )


def test_class_folders_with_two_sides_to_measure_on(tmp_path: Path) -> None:
    write_class_folders(tmp_path)
    (tmp_path / "val").mkdir()
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    assert str(caught.value).splitlines() == [
        "test/ and val/ stand beside train/; one of them is measured on",
        f"  at {tmp_path}",
        "  move the others away, or into train/: a search holds images out of train/ itself",
    ]


def test_class_folders_without_a_second_side_or_class(tmp_path: Path) -> None:
    (tmp_path / "train" / "cat").mkdir(parents=True)
    assert error_of(tmp_path) == (
        f"`train` has no folder to measure on beside it\n  at {tmp_path}\n"
        "  add test/<class>/ (or val/, valid/) with images"
    )
    (tmp_path / "test" / "cat").mkdir(parents=True)
    assert error_of(tmp_path).startswith(
        f"a dataset needs at least 2 classes; found 1\n  at {tmp_path / 'train'}\n  three layouts are read:"
    )


def test_image_of_another_size(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path)
    file = folder / "test" / "dog" / "1.png"
    file.write_bytes(png(np.zeros((32, 16, 3), np.uint8)))
    assert error_of(folder) == (
        f"this image is 16x32 pixels; the first one is 7x9\n  at {file}\n"
        f"  bring all images to one size (the first one is {folder / 'train' / 'cat' / '0.png'})"
    )


def test_unreadable_images(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path)
    file = folder / "train" / "dog" / "1.png"
    intact = file.read_bytes()
    file.write_bytes(intact[: len(intact) // 2])
    text = error_of(folder)
    assert text.startswith("this image cannot be decoded: ")
    assert text.endswith(f"\n  at {file}\n{REPLACE}")
    file.write_bytes(b"GIF89a")
    assert error_of(folder) == f"this is not a PNG, JPEG, BMP or WEBP image\n  at {file}\n{REPLACE}"
    write_parquet(tmp_path / "hub", *(random_images(4, 2, seed=seed) for seed in (1, 2)), names=("a", "b"))
    shard = tmp_path / "hub" / "test-00000-of-00001.parquet"
    pq.write_table(pa.table({"img": [{"bytes": b"GIF89a"}], "label": [0]}), shard)
    assert error_of(tmp_path / "hub") == (
        f"this is not a PNG, JPEG, BMP or WEBP image\n  at {shard}, row 0, counted from 0\n{REPLACE}"
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
    monkeypatch.setattr(sources, "decode", _refuse)
    second = load(folder)
    assert (second.name, second.digest, second.classes) == (first.name, first.digest, first.classes)
    assert (second.mean, second.std) == (first.mean, first.std)
    assert same(second.train, first.train)
    assert same(second.test, first.test)
    file = folder / "train" / "cat" / "0.png"
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
    with pytest.raises(AssertionError, match="decoded again"):
        load(folder)


def test_a_damaged_cache_is_made_anew(tmp_path: Path, cache: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    first = load(folder)
    (file,) = (cache / "datasets").iterdir()
    intact = file.read_bytes()
    middle = len(intact) // 2
    flipped = intact[:middle] + bytes([intact[middle] ^ 1]) + intact[middle + 1 :]
    for damaged in (intact[:middle], b"", b"garbage", flipped):
        file.write_bytes(damaged)
        with pytest.warns(UserWarning, match="cannot be read and is made anew") as warned:
            again = load(folder)
        assert str(file) in str(warned[0].message)
        assert warned[0].filename == __file__
        assert same(again.train, first.train)
        assert load(folder).digest == first.digest


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="cannot be kept in .*, so the next start is slow again"):
        assert load(folder).name == "pets"


# --- the download ---


@pytest.fixture
def server(
    tmp_path: Path, small_cifar10: tuple[Images, Images], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Serve an archive like CIFAR-10's on loopback."""
    served = tmp_path / "served"
    folder = write_torchvision(tmp_path / "made", *small_cifar10)
    served.mkdir()
    archive = served / "cifar.tar.gz"
    with tarfile.open(archive, "w:gz") as content:
        content.add(folder / TORCHVISION_FOLDER, TORCHVISION_FOLDER)
    handler = functools.partial(_Quiet, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setattr(download, "CIFAR10_URL", f"http://127.0.0.1:{listening.server_port}/cifar.tar.gz")
        checksum = hashlib.md5(archive.read_bytes(), usedforsecurity=False).hexdigest()
        monkeypatch.setattr(download, "CIFAR10_MD5", checksum)
        yield archive
        listening.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    excess = 0

    def log_message(self, format: str, *args: object) -> None:
        pass

    def send_header(self, keyword: str, value: str) -> None:
        super().send_header(keyword, str(int(value) + self.excess) if keyword == "Content-Length" else value)


def download_remedy(cache: Path) -> str:
    return (
        "  name a folder that has the images, with --data PATH or ARCHSEARCH_DATA;\n"
        f"  or unpack cifar-10-python.tar.gz so that its files lie in {cache / TORCHVISION_FOLDER};\n"
        "  or use the digits, which need no download: --data digits"
    )


def test_download(
    server: Path,
    tmp_path: Path,
    cache: Path,
    capsys: pytest.CaptureFixture[str],
    small_cifar10: tuple[Images, Images],
) -> None:
    dataset = load()
    assert as_set(dataset.train) == as_set(small_cifar10[0])
    assert sorted(entry.name for entry in cache.iterdir()) == [TORCHVISION_FOLDER, "datasets"]
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "CIFAR-10" in shown.err
    server.unlink()
    assert load().digest == dataset.digest == load(tmp_path / "made").digest


def test_download_with_another_checksum(server: Path, cache: Path) -> None:
    expected = download.CIFAR10_MD5
    server.write_bytes(b"something else")
    checksum = hashlib.md5(b"something else", usedforsecurity=False).hexdigest()
    assert error_of(None) == (
        f"the download has the MD5 checksum {checksum}; it must be {expected}\n"
        f"  at {download.CIFAR10_URL}\n{download_remedy(cache)}"
    )
    assert list(cache.iterdir()) == []


def test_download_that_breaks_off(server: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Quiet, "excess", 1)
    size = server.stat().st_size
    assert error_of(None) == (
        f"the download broke off after {size:,} of {size + 1:,} bytes\n"
        f"  at {download.CIFAR10_URL}\n{download_remedy(cache)}"
    )
    assert list(cache.iterdir()) == []


def test_download_not_found(server: Path, cache: Path) -> None:
    server.unlink()
    assert error_of(None) == (
        "CIFAR-10 cannot be downloaded: HTTP Error 404: File not found\n"
        f"  at {download.CIFAR10_URL}\n{download_remedy(cache)}"
    )
    assert list(cache.iterdir()) == []


def test_download_without_a_network(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.HTTPServer(("127.0.0.1", 0), _Quiet) as closed:
        url = f"http://127.0.0.1:{closed.server_port}/cifar.tar.gz"
    monkeypatch.setattr(download, "CIFAR10_URL", url)
    assert error_of(None) == (
        "CIFAR-10 cannot be downloaded: <urlopen error [Errno 111] Connection refused>\n"
        f"  at {url}\n{download_remedy(cache)}"
    )
    assert list(cache.iterdir()) == []


def test_download_to_a_cache_that_cannot_be_written(cache: Path) -> None:
    cache.parent.write_text("a file where the folder should be")
    text = error_of(None)
    assert text.startswith("CIFAR-10 cannot be written to the cache: ")
    assert text.endswith(f"\n  at {cache}\n{download_remedy(cache)}")


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
    monkeypatch.setattr(sources, "decode", _refuse)
    assert load().digest == dataset.digest
