"""Copies of one image: said with their count, and kept on one side of a split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from examples.image_files import as_set, png, random_images, write_class_folders
from hypothesis import given
from hypothesis import strategies as st

from archsearch.data.copies import canonical, held_out, one_in
from archsearch.data.dataset import Dataset
from archsearch.data.images import Images
from archsearch.data.load import load_data
from archsearch.data.source import DataWarning
from archsearch.errors import DataError

pytestmark = pytest.mark.usefixtures("cache")


def said(folder: Path) -> list[str]:
    with pytest.warns(DataWarning) as warned:
        load_data(folder)
    return [str(one.message) for one in warned]


def copy(source: Path, *targets: Path) -> None:
    for target in targets:
        target.write_bytes(source.read_bytes())


# --- what is said ---


def test_test_images_among_the_training_images(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    for name in ("0.png", "2.png", "4.png", "6.png"):
        copy(folder / "train" / "cat" / name, folder / "test" / "cat" / name)
    for name in ("1.png", "3.png", "5.png", "7.png"):
        copy(folder / "train" / "dog" / name, folder / "test" / "dog" / name)
    message = "8 test images are also training images, such as test/{}: accuracy on them is too high"
    (shown,) = said(folder)
    assert shown in {f"pets: {message.format(file)}" for file in ("cat/0.png", "dog/1.png")}


def test_one_image_in_two_classes(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    copy(folder / "train" / "cat" / "0.png", folder / "train" / "dog" / "1.png")
    assert said(folder) == [
        "pets: 1 image is in more than one class, such as train/cat/0.png and train/dog/1.png",
        "pets: 1 training image is a copy of another, such as train/dog/1.png of train/cat/0.png; "
        "a split keeps them together",
    ]


def test_copies_on_all_sides(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    (folder / "test").rename(folder / "val")
    write_class_folders(tmp_path / "other")
    (tmp_path / "other" / "test").rename(folder / "test")
    first = folder / "train" / "cat" / "0.png"
    copy(
        first,
        folder / "train" / "cat" / "2.png",
        folder / "train" / "cat" / "4.png",
        folder / "val" / "cat" / "0.png",
    )
    assert said(folder) == [
        "pets: 1 validation image is also a training image, such as val/cat/0.png: accuracy on them is too high",
        "pets: 7 test images are also validation images, such as test/cat/2.png: accuracy on them is too high",
        "pets: 2 training images are copies of others, such as train/cat/2.png of train/cat/0.png; "
        "a split keeps them together",
    ]


def test_nothing_is_said_of_images_that_are_no_copies(tmp_path: Path) -> None:
    folder = write_class_folders(tmp_path / "pets")
    near = random_images(40, 2, seed=20, size=(9, 7)).pixels[0].copy()
    near[0, 0, 0] ^= 1
    (folder / "test" / "cat" / "0.png").write_bytes(png(near))
    assert load_data(folder).notes == ()


# --- the split ---


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), min_size=1, max_size=120),
)
def test_copies_are_held_out_together(images: list[tuple[int, int]]) -> None:
    """Images are numbers here, any of them as often and in as many classes as it happens."""
    kinds, labels = (np.array(column) for column in zip(*images, strict=True))
    pixels = np.repeat(kinds.astype(np.uint8), 3).reshape(-1, 1, 1, 3)
    content = canonical(Images(pixels, labels))
    chosen = held_out(content)
    shown = content.pixels[:, 0, 0, 0]
    assert not set(shown[chosen]) & set(shown[~chosen])
    distinct = len(set(kinds.tolist())) == len(kinds)
    assert not distinct or np.array_equal(chosen, one_in(10, content.labels))


def test_an_image_that_one_class_passed_over_is_not_held_out_for_another() -> None:
    """The second class shares the image after the first's only one; it takes one of its own."""
    values = canonical(
        Images(np.arange(30, dtype=np.uint8).repeat(3).reshape(-1, 1, 1, 3), np.zeros(30, np.int64))
    )
    pixels = values.pixels[[*range(10), 1, *range(10, 19)]]
    content = canonical(Images(pixels, np.repeat([0, 1], 10)))
    assert np.bincount(content.labels[held_out(content)]).tolist() == [1, 1]


def test_a_class_gets_its_tenth_though_it_has_copies() -> None:
    content = random_images(100, 2, seed=3, size=(4, 4))
    content.pixels[2:12:2] = content.pixels[0]
    split = Dataset.of("copies", ("a", "b"), content).split("validation")
    assert np.bincount(split.evaluation.labels).tolist() == [5, 5]
    assert not as_set(split.train) & as_set(split.evaluation)


def test_another_choice_of_images_has_another_name() -> None:
    """Only then are results on it measured on other images than the rule without copies would hold out."""
    content = canonical(random_images(100, 2, seed=3, size=(4, 4)))
    members = np.flatnonzero(content.labels == 0)
    names = set()
    for at in range(len(members) - 1):
        pixels = content.pixels.copy()
        pixels[members[at + 1]] = pixels[members[at]]
        copied = Dataset.of("copies", ("a", "b"), Images(pixels, content.labels))
        split = copied.split("validation")
        unchanged = np.array_equal(held_out(copied.train), one_in(10, copied.train.labels))
        assert split.kind == ("validation" if unchanged else "validation (copies together)")
        names.add(split.kind)
    assert names == {"validation", "validation (copies together)"}


def test_a_class_of_copies_alone_cannot_be_split() -> None:
    content = random_images(40, 2, seed=3, size=(4, 4))
    content.pixels[::2] = content.pixels[0]
    with pytest.raises(DataError) as caught:
        Dataset.of("copies", ("a", "b"), content).split("validation")
    assert str(caught.value) == (
        "class `a` has 20 training images, all copies of others; "
        "a validation split needs at least 2 of each class\n"
        "  at copies\n  add images of that class, or a validation side"
    )
