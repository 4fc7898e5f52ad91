"""The rows of Parquet files: which columns are read, what each row's label means, and what is refused."""

from __future__ import annotations

import json
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
    write_parquet,
    write_shard,
)

from archsearch.data.images import Images
from archsearch.data.load import load_data
from archsearch.data.source import DataWarning

pytestmark = pytest.mark.usefixtures("cache")

NAMES = ("a", "b")
TRAIN, TEST = (random_images(count, 2, seed=count, size=(8, 12)) for count in (30, 6))
NINES = TRAIN.labels * 9 + 2
WRITE = "write the file as Hugging Face's `datasets` does (Image, ClassLabel)"


def write_columns(file: Path, content: Images, **columns: object) -> None:
    """Write a file whose other columns are given by name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pictures = [{"bytes": png(pixels), "path": None} for pixels in content.pixels]
    pq.write_table(pa.table({"image": pictures, **columns}), file)


def test_a_shard_that_lists_the_classes_in_another_order(tmp_path: Path) -> None:
    write_shard(tmp_path / "train.parquet", TRAIN, names=("a", "b"))
    expected = load_data(tmp_path)
    write_shard(tmp_path / "test.parquet", Images(TRAIN.pixels, 1 - TRAIN.labels), names=("b", "a"))
    with pytest.warns(DataWarning, match="30 test images are also training images"):
        dataset = load_data(tmp_path)
    assert dataset.classes == ("a", "b")
    assert same(dataset.test, expected.train)


def test_a_shard_that_does_not_name_its_classes(tmp_path: Path) -> None:
    write_shard(tmp_path / "train.parquet", TRAIN, names=NAMES)
    write_shard(tmp_path / "test.parquet", TEST)
    assert error_of(tmp_path) == (
        "this file does not name the classes that its labels stand for; train.parquet does\n"
        f"  at {tmp_path / 'test.parquet'}\n  {WRITE}"
    )


def test_numbers_without_names_beside_texts(tmp_path: Path) -> None:
    write_columns(tmp_path / "train.parquet", TRAIN, label=TRAIN.labels)
    write_columns(tmp_path / "test.parquet", TEST, label=[NAMES[label] for label in TEST.labels])
    assert error_of(tmp_path) == (
        "this file does not name the classes that its labels stand for; test.parquet does\n"
        f"  at {tmp_path / 'train.parquet'}\n  {WRITE}"
    )


@pytest.mark.parametrize("column", ["label", "labels", "fine_label", "target", "class"])
def test_names_of_the_label_column(tmp_path: Path, column: str) -> None:
    coarse = pa.array([0] * len(TRAIN))
    write_columns(tmp_path / "train.parquet", TRAIN, **{column: TRAIN.labels, "coarse_label": coarse})
    dataset = load_data(tmp_path)
    assert dataset.classes == ("0", "1")
    assert as_set(dataset.train) == as_set(TRAIN)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())])
def test_labels_that_are_texts(tmp_path: Path, kind: pa.DataType) -> None:
    texts = [("dog", "cat")[label] for label in TRAIN.labels]
    write_columns(tmp_path / "train.parquet", TRAIN, label=pa.array(texts).cast(kind))
    dataset = load_data(tmp_path)
    assert dataset.classes == ("cat", "dog")
    assert as_set(dataset.train) == as_set(Images(TRAIN.pixels, 1 - TRAIN.labels))


@pytest.mark.parametrize("labels", [pa.array(NINES, pa.int8()), pa.array(NINES).dictionary_encode()])
def test_labels_that_are_numbers_without_names(tmp_path: Path, labels: pa.Array) -> None:
    """They need not start at 0 nor be without gaps."""
    write_columns(tmp_path / "train.parquet", TRAIN, label=labels)
    dataset = load_data(tmp_path)
    assert dataset.classes == ("2", "11")
    assert as_set(dataset.train) == as_set(TRAIN)


def test_a_label_column_that_only_the_metadata_name(tmp_path: Path) -> None:
    file = tmp_path / "train.parquet"
    write_columns(file, TRAIN, species=TRAIN.labels, number=np.arange(len(TRAIN)))
    features = {"info": {"features": {"species": {"names": NAMES, "_type": "ClassLabel"}}}}
    pq.write_table(pq.read_table(file).replace_schema_metadata({"huggingface": json.dumps(features)}), file)
    assert load_data(tmp_path).classes == NAMES


@pytest.mark.parametrize("label", [-1, None])
@pytest.mark.parametrize("names", [NAMES, None])
def test_hidden_test_labels(tmp_path: Path, names: tuple[str, ...] | None, label: int | None) -> None:
    write_shard(tmp_path / "train.parquet", TRAIN, names=names)
    write_columns(tmp_path / "test.parquet", TEST, label=pa.array([label] * len(TEST), pa.int64()))
    shown = "the labels of the test images are hidden, and they are not used"
    with pytest.warns(DataWarning, match=shown):
        assert load_data(tmp_path).test is None


@pytest.mark.parametrize("column", ["picture", "of.my.cat"])
@pytest.mark.parametrize("nested", [True, False])
def test_names_and_kinds_of_the_image_column(tmp_path: Path, column: str, nested: bool) -> None:
    plain = [png(pixels) for pixels in TRAIN.pixels]
    pictures = pa.array([{"bytes": picture} for picture in plain] if nested else plain)
    pq.write_table(pa.table({column: pictures, "label": TRAIN.labels}), tmp_path / "train.parquet")
    assert as_set(load_data(tmp_path).train) == as_set(TRAIN)


def test_wrong_columns(tmp_path: Path) -> None:
    write_parquet(tmp_path, TRAIN, TEST)
    file = tmp_path / "test-00000-of-00001.parquet"
    pq.write_table(pa.table({"img": ["a"], "label": [0]}), file)
    assert error_of(tmp_path) == (
        "no single column is the image (a struct with `bytes`, or binary); found img: string, label: int64\n"
        f"  at {file}\n  name the columns `image` and `label`, or {WRITE}"
    )
    pq.write_table(
        pa.table([pa.array([b"a"]), pa.array([0]), pa.array([0])], names=["img", "label", "label"]), file
    )
    assert error_of(tmp_path).startswith(
        "no single column is the label (whole numbers or texts); found img: binary, label: int64, label: int64\n"
    )
    pq.write_table(pa.table({"img": [b"a"], "label": [0.5], "name": ["x"]}), file)
    assert error_of(tmp_path) == (
        "no single column is the label (whole numbers or texts); found img: binary, label: double, name: string\n"
        f"  at {file}\n  name the columns `image` and `label`, or {WRITE}"
    )


def test_null_row_unknown_label_and_no_rows(tmp_path: Path) -> None:
    write_parquet(tmp_path, TRAIN, TEST, names=NAMES)
    file = tmp_path / "test-00000-of-00001.parquet"
    write_shard(file, Images(TEST.pixels[:2], np.array([0, 2])), names=NAMES)
    assert error_of(tmp_path) == (
        f"label 2 has no class name; there are 2 classes, from 0\n  at {file}, row 1, counted from 0\n"
        "  write the names of all classes into the schema"
    )
    pq.write_table(pq.read_table(file).slice(0, 0), file)
    assert error_of(tmp_path) == f"the test side holds no images\n  at {tmp_path}\n  add images, or remove it"
    write_parquet(tmp_path, TRAIN, TEST)
    pq.write_table(pa.table({"img": [{"bytes": png(TEST.pixels[0])}] * 2, "label": [0, None]}), file)
    assert error_of(tmp_path) == f"an image or its label is null\n  at {file}, row 1, counted from 0\n{REPLACE}"
    pq.write_table(pa.table({"img": [{"bytes": b"GIF89a"}], "label": [0]}), file)
    assert error_of(tmp_path) == (
        f"this is not a PNG, JPEG, BMP or WEBP image\n  at {file}, row 0, counted from 0\n{REPLACE}"
    )


def test_classes_of_one_name_and_classes_without_images(tmp_path: Path) -> None:
    write_parquet(tmp_path, TRAIN, TEST, names=("a", "a"))
    place = tmp_path / "train-00000-of-00002.parquet"
    assert error_of(tmp_path) == f"two classes are named `a`\n  at {place}\n  rename one of them"
    write_parquet(tmp_path, TRAIN, TEST, names=("a", "b", "c"))
    assert error_of(tmp_path) == (
        f"class `c` has no training images\n  at {tmp_path}\n  add images of it, or remove the class"
    )
