"""What `train` and `search` say of the data that they read, on a real folder of images that is not CIFAR-10."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from examples.image_files import random_images, write_class_folders, write_images
from examples.mistakes import NETWORK, TRAIN, Capture, message, refused, run

pytestmark = pytest.mark.usefixtures("folder")

READ = (
    "pets: 40 training images of 2 classes, 20 a class, 16x12 pixels; a tenth of them held out for validation; "
    "8 test images\n"
)
QUICK = ["--epochs", "1", "--augmentation", "none", "--batch-size", "16"]


@pytest.fixture
def pets(folder: Path) -> Path:
    return write_class_folders(folder / "pets", size=(12, 16))


def test_what_was_read_is_said_in_one_line(pets: Path, capsys: Capture) -> None:
    status, _, err = run(capsys, "train", "conv(4) head()", "--data", "pets", *QUICK)
    assert status is None or status == 0
    assert err.startswith(READ)


def test_a_search_follows_the_data(pets: Path, folder: Path, capsys: Capture) -> None:
    (folder / "mine.space").write_text("network = conv(2|4) head()\n")
    arguments = ["search", "mine.space", "--data", "pets", "--trials", "1", *QUICK, "--json"]
    status, out, err = run(capsys, *arguments)
    assert status in {None, 0}
    assert err.startswith(READ)
    (row,) = json.loads(out)
    made_for = ["--input", "3x12x16", "--classes", "2", "--limits", "", "--json"]
    _, out, _ = run(capsys, "check", row["sentence"], *made_for)
    assert json.loads(out)["digest"] == row["digest"]
    _, out, _ = run(capsys, *arguments)
    assert json.loads(out) == [row]


def test_check_asks_what_a_space_would_be_for_other_data(folder: Path, capsys: Capture) -> None:
    (folder / "mine.space").write_text("limits params < 40\nnetwork = conv(2) head()\n")
    assert run(capsys, "check", "mine.space", "--classes", "2")[0] == 1
    assert refused(capsys, "check", "first", "--input", "3x32") == message(
        "input is 3x32; it must be channels x height x width", "as in 3x32x32"
    )


def test_notes_on_the_data_are_warnings(pets: Path, capsys: Capture, recwarn: pytest.WarningsRecorder) -> None:
    (pets / "test" / "cat" / "0.png").write_bytes((pets / "train" / "cat" / "0.png").read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.filters", [])
        _, _, err = run(capsys, "train", "conv(4) head()", "--data", "pets", *QUICK)
    assert err.splitlines()[0] == (
        "archsearch: warning: pets: 1 test image is also a training image, such as test/cat/0.png: "
        "accuracy on them is too high"
    )


def test_images_brought_to_one_size(pets: Path, capsys: Capture) -> None:
    write_images(pets / "validation", random_images(4, 2, seed=9, size=(5, 6)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.filters", [])
        _, out, err = run(capsys, "train", "conv(4) head()", "--data", "pets", "--size", "10x8", *QUICK, "--json")
    assert err.splitlines()[:2] == [
        "archsearch: warning: pets-10x8: 52 images are resized to 10x8",
        "pets-10x8: 40 training images of 2 classes, 20 a class, 10x8 pixels; 4 images held out for validation; "
        "8 test images",
    ]
    assert json.loads(out)[0]["data"] == "pets-10x8"


@pytest.mark.usefixtures("pets")
@pytest.mark.parametrize(
    "command", [["train", "conv(4) head()"], ["search", "mine.space", "--trials", "1"]], ids=lambda words: words[0]
)
def test_few_steps_in_an_epoch_are_a_warning(folder: Path, capsys: Capture, command: list[str]) -> None:
    (folder / "mine.space").write_text("network = conv(2|4) head()\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.filters", [])
        _, _, err = run(capsys, *command, "--data", "pets", *QUICK, "--batch-size", "32")
    assert err.splitlines()[1] == (
        "archsearch: warning: 36 training images make 1 step of 32 images an epoch, too few to learn much; "
        "give a smaller batch, as in --batch-size 16"
    )


@pytest.mark.parametrize("size", ["0", "-1", "8x", "x8", "8x8x8", "1e3", "eight", "100000", "٣"])
def test_a_size_that_is_none(capsys: Capture, size: str) -> None:
    assert refused(capsys, "train", NETWORK, "--size", size) == message(
        f"`--size` is {size}; it must be a size in pixels, as in 64 or 64x48 (width x height)",
        "see `archsearch train --help`",
    )


def test_the_digits_have_a_size(capsys: Capture) -> None:
    expected = message("the digits have their size, 32x32", "leave out --size")
    assert refused(capsys, *TRAIN, "--size", "8") == expected


def test_no_test_images_to_measure_on(pets: Path, capsys: Capture) -> None:
    (pets / "test").rename(pets / "validation")
    assert refused(capsys, "train", "conv(4) head()", "--data", "pets", "--split", "test") == message(
        "`pets` has no test images",
        "measure on the validation images (--split validation), or add a test side",
    )
