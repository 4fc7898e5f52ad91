"""Class folders: which sides and classes there are, and what is said of folders that are no dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from examples.image_files import (
    REPLACE,
    as_set,
    encoded,
    error_of,
    png,
    random_images,
    same,
    write_class_folders,
    write_images,
)
from PIL import Image

from archsearch.data.load import load_data
from archsearch.data.source import LAYOUTS, DataWarning
from archsearch.errors import DataError

pytestmark = pytest.mark.usefixtures("cache")

TRAIN, TEST = random_images(40, 2, seed=20, size=(9, 7)), random_images(8, 2, seed=4, size=(9, 7))
VALIDATION = random_images(12, 2, seed=6, size=(9, 7))


# --- sides ---


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "test"),
        ("Train", "TEST"),
        ("training", "testing"),
        ("training_set", "test_set"),
        ("train_images", "Test"),
    ],
)
def test_two_sides(tmp_path: Path, train: str, test: str) -> None:
    folder = write_class_folders(tmp_path / "pets", test=test)
    (folder / "train").rename(folder / train)
    dataset = load_data(folder)
    assert (dataset.name, dataset.classes, dataset.shape) == ("pets", ("cat", "dog"), (3, 9, 7))
    assert as_set(dataset.train) == as_set(TRAIN)
    assert dataset.validation is None
    assert as_set(dataset.test) == as_set(TEST)


@pytest.mark.parametrize("name", ["validation", "val", "valid", "dev", "Validation"])
def test_three_sides(tmp_path: Path, name: str) -> None:
    folder = write_class_folders(tmp_path / "pets")
    write_images(folder / name, VALIDATION)
    dataset = load_data(folder)
    held_out = dataset.split("validation")
    assert (held_out.kind, as_set(held_out.train)) == ("validation", as_set(TRAIN))
    assert as_set(held_out.evaluation) == as_set(VALIDATION)
    final = dataset.split("test")
    assert as_set(final.train) == as_set(TRAIN) | as_set(VALIDATION)
    assert as_set(final.evaluation) == as_set(TEST)


def test_a_validation_side_without_a_test_side(tmp_path: Path) -> None:
    dataset = load_data(write_class_folders(tmp_path / "pets", test="val"))
    assert dataset.test is None
    assert as_set(dataset.split("validation").evaluation) == as_set(TEST)
    assert str(dataset) == (
        "pets: 40 training images of 2 classes, 20 a class, 7x9 pixels; 8 images held out for validation; "
        "no test images"
    )


@pytest.mark.parametrize("side", ["train", ""])
def test_training_images_alone(tmp_path: Path, side: str) -> None:
    write_images(tmp_path / "pets" / side, TRAIN)
    dataset = load_data(tmp_path / "pets")
    assert (dataset.classes, dataset.validation, dataset.test) == (("cat", "dog"), None, None)
    assert len(dataset.split("validation").evaluation) == 4


def test_a_class_named_like_a_side(tmp_path: Path) -> None:
    write_images(tmp_path, TRAIN)
    (tmp_path / "dog").rename(tmp_path / "train")
    assert load_data(tmp_path).classes == ("cat", "train")


def test_a_dataset_in_the_only_folder_of_a_folder(tmp_path: Path) -> None:
    write_class_folders(tmp_path / "unpacked" / "pets-master" / "pets")
    (tmp_path / "unpacked" / "__MACOSX").mkdir()
    assert load_data(tmp_path / "unpacked").name == "pets"


def test_equal_names_of_classes_that_systems_write_differently(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    (folder / "train" / "cat").rename(folder / "train" / "caf\u00e9")
    (folder / "test" / "cat").rename(folder / "test" / "cafe\u0301")
    assert load_data(folder).classes == ("caf\u00e9", "dog")


def test_what_systems_leave_behind_is_no_image(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", "._0.png", "Icon\r", "0.png:Zone.Identifier"):
        (folder / "train" / name).touch()
        (folder / "train" / "cat" / name).touch()
    assert as_set(load_data(folder).train) == as_set(TRAIN)


def test_test_images_without_classes_are_not_used(tmp_path: Path) -> None:
    write_images(tmp_path / "pets" / "train", TRAIN)
    (tmp_path / "pets" / "test").mkdir()
    for number, pixels in enumerate(TEST.pixels):
        (tmp_path / "pets" / "test" / f"{number}.png").write_bytes(png(pixels))
    with pytest.warns(DataWarning) as warned:
        assert load_data(tmp_path / "pets").test is None
    assert [str(one.message) for one in warned] == [
        "pets: the 8 images in test/ have no class folders and are not used"
    ]


# --- folders that do not fit together ---


def test_two_folders_of_one_side(tmp_path: Path) -> None:
    write_class_folders(tmp_path)
    (tmp_path / "testing").mkdir()
    assert error_of(tmp_path) == (
        f"`test` and `testing` are both the test side\n  at {tmp_path}\n"
        "  move one of them away, or its images into the other"
    )


def test_no_training_images(tmp_path: Path) -> None:
    write_images(tmp_path / "test", TEST)
    (tmp_path / "notes").mkdir()
    assert error_of(tmp_path) == (
        f"there is `test` but no train folder\n  at {tmp_path}\n  add train/<class>/ with images"
    )


def test_classes_that_the_sides_do_not_share(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path)
    (folder / "test" / "dog").rename(folder / "test" / "Dog")
    assert error_of(folder) == (
        "class `Dog` is among the test images but not among those to train on\n"
        f"  at {folder / 'test' / 'Dog' / '1.png'}\n  did you mean `dog`?"
    )
    (folder / "test" / "Dog").rename(folder / "away")
    with pytest.warns(DataWarning, match="the test side has no images of `dog`"):
        assert np.bincount(load_data(folder).split("test").evaluation.labels).tolist() == [4]


@pytest.mark.parametrize("side", ["train", "test"])
def test_a_class_without_training_images(tmp_path: Path, side: str) -> None:
    folder = write_class_folders(tmp_path)
    (folder / side / "owl").mkdir()
    assert error_of(folder) == (
        f"class `owl` has no training images\n  at {folder}\n  add images of it, or remove the class"
    )


def test_one_class_and_no_images(tmp_path: Path) -> None:
    (tmp_path / "train" / "cat").mkdir(parents=True)
    assert error_of(tmp_path) == (f"the train side holds no images\n  at {tmp_path}\n  add images, or remove it")
    (tmp_path / "train" / "cat" / "0.png").write_bytes(png(TRAIN.pixels[0]))
    assert error_of(tmp_path) == f"a dataset needs at least 2 classes; found 1\n  at {tmp_path}\n  {LAYOUTS}"


def test_an_image_in_no_class_folder(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path)
    stray = folder / "train" / "0.png"
    stray.write_bytes(png(TRAIN.pixels[0]))
    assert error_of(folder) == f"`0.png` is in no class folder\n  at {stray}\n  put it into train/<class>/"


# --- images that do not fit ---


def test_images_of_several_sizes(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    (folder / "test" / "dog" / "1.png").write_bytes(png(np.zeros((32, 16, 3), np.uint8)))
    assert error_of(folder) == (
        "the images are of 2 sizes: 7x9 (47, such as train/cat/0.png), 16x32 (1, such as test/dog/1.png)\n"
        f"  at {folder}\n  bring them to one size, as in --size 7x9"
    )
    with pytest.warns(DataWarning, match="1 image is resized to 7x9"):
        dataset = load_data(folder, size=(9, 7))
    assert (dataset.name, dataset.shape) == ("pets-7x9", (3, 9, 7))
    with pytest.warns(DataWarning, match="48 images are resized to 8x8"):
        assert load_data(folder, size=8).shape == (3, 8, 8)
    with pytest.warns(DataWarning, match="48 images are resized to 8x8"):
        assert load_data(folder, size=np.int64(8)).shape == (3, 8, 8)  # type: ignore[arg-type]


def test_a_photo_is_upright_before_its_size_is_compared(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    exif = Image.Exif()
    exif[0x0112] = 6
    on_its_side = encoded(Image.fromarray(TRAIN.pixels[0]), exif=exif)
    (folder / "train" / "cat" / "0.png").write_bytes(on_its_side)
    assert error_of(folder).startswith("the images are of 2 sizes: 7x9 (47, such as train/cat/10.png), 9x7 (1")


def test_everything_done_to_images_is_said_once_with_its_count(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    for number in (0, 2, 4):
        layered = Image.fromarray(TRAIN.pixels[number]).convert("RGBA")
        layered.putalpha(number)
        (folder / "train" / "cat" / f"{number}.png").write_bytes(encoded(layered))
    for _ in ("decoded", "from the cache"):
        with pytest.warns(DataWarning) as warned:
            load_data(folder)
        assert [str(one.message) for one in warned] == ["pets: 3 images are transparent, and blended onto white"]


def test_all_images_that_cannot_be_used_are_in_one_message(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path)
    for number in range(1, 27, 2):
        (folder / "train" / "dog" / f"{number}.png").write_bytes(b"")
    (folder / "test" / "cat" / "notes.txt").touch()
    shown = sorted(f"{number}.png" for number in range(1, 27, 2))[:10]
    lines = "".join(f"    train/dog/{name}: this file is empty\n" for name in shown)
    assert error_of(folder) == (
        f"14 of the 49 images cannot be used:\n{lines}    and 4 more\n  at {folder}\n"
        f"{REPLACE}; convert it, or move it out of the dataset"
    )


def test_one_image_that_cannot_be_used(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path)
    file = folder / "train" / "dog" / "1.png"
    file.write_bytes(b"GIF89a")
    assert error_of(folder) == f"this is not a PNG, JPEG, BMP or WEBP image\n  at {file}\n{REPLACE}"


def test_images_that_do_not_fit_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_class_folders(tmp_path)
    monkeypatch.setattr("archsearch.data.reading.available", lambda: 8000)
    assert error_of(folder) == (
        f"the images do not fit into memory; one of them is 7x9 pixels\n  at {folder}\n"
        "  bring them to a smaller size, as in --size 64"
    )
    monkeypatch.setattr("archsearch.data.reading.available", lambda: 20_000)
    assert same(load_data(folder).train, load_data(folder).train)


@pytest.mark.parametrize("size", [0, -3, (8, 0), (8,), (8, 8, 3), (8.0, 8), 8.0, "8", True])
def test_a_size_that_is_no_size(tmp_path: Path, size: object) -> None:
    with pytest.raises(DataError) as caught:
        load_data(write_class_folders(tmp_path), size=size)  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"size is {size}; it must be a number of pixels of at least 1, or two: height and width\n"
        "  as in size=64 or size=(48, 64)"
    )


# --- no dataset ---


def test_no_folder(tmp_path: Path) -> None:
    remedy = "  name the folder with the dataset: --data PATH or ARCHSEARCH_DATA; or use --data digits"
    assert error_of(tmp_path / "none") == f"no folder `{tmp_path / 'none'}`\n{remedy}"
    (tmp_path / "file").touch()
    assert error_of(tmp_path / "file") == f"`{tmp_path / 'file'}` is a file; a dataset is a folder\n{remedy}"
    for impossible in ("x" * 300, "~nobody-of-that-name/pets"):
        assert error_of(impossible) == f"no folder `{impossible}`\n{remedy}"


def test_unknown_layout(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").touch()
    (tmp_path / "pictures").mkdir()
    place = f"  at {tmp_path}\n"
    assert error_of(tmp_path) == f"no known dataset layout; found pictures, readme.txt\n{place}  {LAYOUTS}"
    (tmp_path / "pets.zip").touch()
    assert error_of(tmp_path) == (
        f"no known dataset layout; found pets.zip, pictures, readme.txt\n{place}  unpack it first; {LAYOUTS}"
    )
    for number in range(10):
        (tmp_path / f"a{number}").touch()
    assert error_of(tmp_path).startswith(
        "no known dataset layout; found a0, a1, a2, a3, a4, a5, a6, a7 and 5 more\n"
    )
