"""Datasets from real files in three layouts, and what is wrong with a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from examples.image_files import (
    REPLACE,
    as_set,
    error_of,
    png,
    random_images,
    same,
    write_class_folders,
    write_parquet,
    write_shard,
    write_torchvision,
)

from archsearch.data.cifar10 import CIFAR10_CLASSES, TORCHVISION_FOLDER
from archsearch.data.images import Images
from archsearch.data.load import load
from archsearch.errors import DataError

pytestmark = pytest.mark.usefixtures("cache")


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
            f"these shards do not belong together: {found}\n  at {tmp_path}\n  keep the shards of one version only"
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


def test_class_folders_with_two_test_folders(tmp_path: Path) -> None:
    write_class_folders(tmp_path)
    (tmp_path / "val").mkdir()
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    assert str(caught.value).splitlines() == [
        "test/ and val/ lie beside train/; only one can be the test set",
        f"  at {tmp_path}",
        "  move the others away, or their images into train/: a search holds out some of them itself",
    ]


def test_class_folders_without_a_test_folder_or_a_second_class(tmp_path: Path) -> None:
    (tmp_path / "train" / "cat").mkdir(parents=True)
    assert error_of(tmp_path) == (
        f"there is no test folder beside train/\n  at {tmp_path}\n"
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
