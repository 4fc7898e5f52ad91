"""Mistakes around data, recipes, studies, storages and results: each is told before anything is trained."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from examples.mistakes import NETWORK, SEARCH, TINY, TRAIN, Capture, done, message, place_of, refused, unmarked
from PIL import Image

pytestmark = pytest.mark.usefixtures("folder")


FOLDER = "name the folder with the dataset: --data PATH or ARCHSEARCH_DATA; or use --data digits"


def class_folders(folder: Path, *heights: int) -> Path:
    """Write a dataset of two classes with one image for each height on each side."""
    for number, height in enumerate(heights):
        for side, place in enumerate(("train/cat", "train/dog", "test/cat", "test/dog")):
            (folder / place).mkdir(parents=True, exist_ok=True)
            pixels = np.full((height, 8, 3), 4 * number + side, np.uint8)
            Image.fromarray(pixels).save(folder / place / f"{number}.png")
    return folder


# data


@pytest.mark.parametrize(
    ("data", "rule"),
    [("nowhere", "no folder `nowhere`"), ("tiny.space", "`tiny.space` is a file; a dataset is a folder")],
)
def test_data_that_is_not_there(capsys: Capture, data: str, rule: str) -> None:
    assert refused(capsys, "train", NETWORK, "--data", data) == message(rule, FOLDER)


def test_the_variable_points_nowhere(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHSEARCH_DATA", "not/here")
    assert refused(capsys, "train", NETWORK) == message(
        "there is no folder `not/here`, which the variable ARCHSEARCH_DATA names",
        "correct the variable, or name the folder with --data PATH",
    )


def test_a_layout_that_is_not_known(capsys: Capture, folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "cats.zip").touch()
    remedy = (
        "unpack it first; these layouts are read:\n"
        "    class folders: train/<class>/*.png, beside it test/ and validation/, or <class>/*.png alone\n"
        "    Parquet as Hugging Face writes it: train*.parquet, and test*.parquet and validation*.parquet alike\n"
        "    torchvision's: cifar-10-batches-py/, cifar-100-python/, MNIST/raw/, FashionMNIST/raw/"
    )
    expected = message("no known dataset layout; found cats.zip", remedy, "mine")
    assert refused(capsys, "train", NETWORK, "--data", "mine") == expected


def test_a_parquet_file_that_was_cut_off(capsys: Capture, folder: Path) -> None:
    for side in ("train", "test"):
        file = folder / f"{side}-00000-of-00001.parquet"
        pq.write_table(pa.table({"label": list(range(1000))}), file)
        os.truncate(file, file.stat().st_size // 2)
    rule, place, remedy = refused(capsys, "train", NETWORK, "--data", ".").splitlines()
    assert rule.startswith("archsearch: this Parquet file cannot be read: ")
    assert place == "  at train-00000-of-00001.parquet"
    assert remedy == "  replace the file with an intact copy"


def test_an_image_of_another_size(capsys: Capture, folder: Path) -> None:
    class_folders(folder / "pets", 8, 9)
    expected = message(
        "the images are of 2 sizes: 8x8 (4, such as train/cat/0.png), 8x9 (4, such as train/cat/1.png)",
        "bring them to one size, as in --size 8x8",
        "pets",
    )
    assert refused(capsys, "train", NETWORK, "--data", "pets") == expected


# recipes, networks and weights


@pytest.mark.parametrize(
    ("option", "value", "wanted"),
    [
        ("--epochs", "0", "a whole number from 1 to 1,000,000"),
        ("--epochs", "1.5", "a whole number from 1 to 1,000,000"),
        ("--epochs", "9" * 5000, "a whole number from 1 to 1,000,000"),
        ("--learning-rate", "-1", "a number above 0, of at most 1,000,000"),
        ("--learning-rate", "nan", "a number above 0, of at most 1,000,000"),
        ("--weight-decay", "-0.1", "a number from 0 to 1,000,000"),
        ("--weight-decay", "small", "a number from 0 to 1,000,000"),
        ("--momentum", "1", "a number from 0 to below 1"),
        ("--batch-size", "1", "a whole number from 2 to 1,000,000, as batch norm compares images"),
        ("--augmentation", "flip", "one of none, crop, flip_crop, alternating_flip_crop, course"),
        ("--weight-decay-on", "True", "one of all, kernels"),
    ],
)
@pytest.mark.parametrize("command", ["train", "search"])
def test_a_value_that_no_recipe_takes(capsys: Capture, command: str, option: str, value: str, wanted: str) -> None:
    expected = message(f"`{option}` is {value}; it must be {wanted}", f"see `archsearch {command} --help`")
    assert refused(capsys, command, "first", option, value) == expected


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ([*TRAIN, "--split", "val"], "`--split` is val; it must be one of validation, test"),
        ([*TRAIN, "--weights", "."], "`--weights` is .; it must be a file that can be written"),
        (
            ["search", "tiny.space", "--trials", "0"],
            "`--trials` is 0; it must be a whole number from 1 to 1,000,000,000",
        ),
        (
            ["search", "tiny.space", "--hours", "0"],
            "`--hours` is 0; it must be a number above 0, of at most 1,000,000,000",
        ),
        (["results", "--top", "0"], "`--top` is 0; it must be a whole number from 1 to 1,000,000,000"),
    ],
)
def test_a_value_that_an_option_does_not_take(capsys: Capture, arguments: list[str], rule: str) -> None:
    assert refused(capsys, *arguments) == message(rule, f"see `archsearch {arguments[0]} --help`")


def test_a_search_without_an_end(capsys: Capture) -> None:
    remedy = "say how many networks to train, as in --trials 20, or for how long, as in --hours 1"
    expected = message("nothing says when the search is to end", remedy)
    assert refused(capsys, "search", "tiny.space") == expected


def test_a_network_without_a_head_is_not_trained(capsys: Capture) -> None:
    rule = "the network ends in 4x4x4; to be trained it must end in 10 numbers, one for each class"
    expected = message(rule, "end the sentence with head()")
    assert refused(capsys, "train", "conv(4, stride=8)", "--data", "digits").endswith(expected)


def test_a_network_whose_shapes_do_not_fit_the_data(capsys: Capture, folder: Path) -> None:
    class_folders(folder / "pets", 8, 8)
    marked = "@conv(4, kernel=9, padding=0) head()"
    rule = "a window of 9 does not fit on a map of 8 with padding 0"
    remedy = "reduce the kernel, or the strides before it, or add padding"
    expected = message(rule, remedy, place_of(marked, "sentence"))
    assert refused(capsys, "train", unmarked(marked), "--data", "pets") == expected


def test_weights_are_to_be_written_to_a_folder_that_is_not_there(capsys: Capture) -> None:
    rule = "the weights cannot be written to `nowhere/w.pt`: there is no folder `nowhere`"
    assert refused(capsys, *TRAIN, "--weights", "nowhere/w.pt") == message(rule, "create the folder first")


# searches


def test_data_of_another_shape_than_the_space_states(capsys: Capture, folder: Path) -> None:
    class_folders(folder / "pets", 8, 8)
    (folder / "tiny.space").write_text(f"input 3x32x32\n{TINY}")
    rule = "the space `tiny` states input 3x32x32; the data `pets` has 3x8x8"
    expected = message(rule, "remove the line `input` from the space: it follows the data")
    assert refused(capsys, *SEARCH, "--data", "pets") == expected


def test_a_space_of_which_nothing_fits_can_be_mended(
    capsys: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remedy = "loosen the limits, or let the space derive others; `archsearch explain` says what each refuses"
    expected = message("no network of `tiny` fits: rf > 44", remedy)
    assert refused(capsys, *SEARCH, "--limits", "rf > 44").endswith(expected)
    done(monkeypatch, *SEARCH)
