"""Mistakes around data, recipes, studies, storages and results: each is told before anything is trained."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mistakes import message, place_of, refused, unmarked
from PIL import Image

from archsearch.cli import main

NETWORK = "conv(4, stride=8) head()"
TRAIN = ["train", NETWORK, "--data", "digits", "--epochs", "1"]
SEARCH = ["search", "tiny.space", "--data", "digits", "--epochs", "1", "--trials", "1"]
TINY = "network = conv(2|4, stride=8) head()\n"

FOLDER = "name the folder with the dataset: --data PATH or ARCHSEARCH_DATA; or use --data digits"
URL = "a storage is written like sqlite:///results/archsearch.db or postgresql+psycopg://user@host/name"
DRIVER = "for PostgreSQL: pip install 'archsearch[postgresql]' and postgresql+psycopg:// in the URL"
MEND = "mend that, or name another with --storage URL"
CONDITION = "a condition reads like: rf > 44, params < 200k; words are quoted: state = 'complete'"
COLUMNS = (
    "known here: activation_bytes, activation_ops, arithmetic_ops, bias_ops, data, data_digest, depth, depthwise, "
    "digest, dilated, epochs, flops, macs, maxpool, norm_ops, number, params, pooling_ops, precision, reason, "
    "recipe, rf, rf_inside, seconds, seed, sentence, split, state, study, test_accuracy, train_accuracy, "
    "trainable, val_accuracy, weight_bytes"
)

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a tiny space, and nothing of this machine's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ARCHSEARCH_DATA", raising=False)
    (tmp_path / "tiny.space").write_text(TINY)
    return tmp_path


def done(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    """Run the command line, which must succeed."""
    monkeypatch.setattr(sys, "argv", ["archsearch", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in {None, 0}


def class_folders(folder: Path, *heights: int) -> Path:
    """Write a dataset of two classes with one image for each height on each side."""
    for number, height in enumerate(heights):
        for place in ("train/cat", "train/dog", "test/cat", "test/dog"):
            (folder / place).mkdir(parents=True, exist_ok=True)
            pixels = np.full((height, 8, 3), number, np.uint8)
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
        "three layouts are read:\n"
        "    torchvision's CIFAR-10: cifar-10-batches-py/ with data_batch_1..5, test_batch, batches.meta\n"
        "    Hugging Face Parquet: train-*-of-*.parquet, test-*-of-*.parquet, here or in data/ or plain_text/\n"
        "    class folders: train/<class>/*.png and test/<class>/*.png (or val/, valid/; jpg, jpeg, bmp, webp)"
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
        "this image is 8x9 pixels; the first one is 8x8",
        "bring all images to one size (the first one is pets/train/cat/0.png)",
        "pets/train/cat/1.png",
    )
    assert refused(capsys, "train", NETWORK, "--data", "pets") == expected


# recipes, networks and weights


@pytest.mark.parametrize(
    ("option", "value", "rule", "default"),
    [
        ("--epochs", "0", "epochs is 0; it must be a whole number of at least 1", "8"),
        ("--learning-rate", "-1", "learning_rate is -1.0; it must be a number above 0", "0.15"),
        ("--learning-rate", "nan", "learning_rate is nan; it must be a number above 0", "0.15"),
        ("--weight-decay", "-0.1", "weight_decay is -0.1; it must be a number of at least 0", "0.0005"),
        (
            "--batch-size",
            "1",
            "batch_size is 1; it must be a whole number of at least 2, as batch norm compares images",
            "128",
        ),
    ],
)
@pytest.mark.parametrize("command", [TRAIN, SEARCH])
def test_a_value_that_no_recipe_takes(
    capsys: Capture, command: list[str], option: str, value: str, rule: str, default: str
) -> None:
    assert refused(capsys, *command, option, value) == message(rule, f"the default is {default}")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([*TRAIN, "--augmentation", "flip"], ["'--augmentation'", "'flip'", "'flip_crop'"]),
        ([*TRAIN, "--epochs", "1.5"], ["'--epochs'", "'1.5'"]),
        ([*TRAIN, "--split", "val"], ["'--split'", "'val'", "'validation'", "'test'"]),
        ([*TRAIN, "--weights", "."], ["'--weights'", "is a directory"]),
        (["search", "tiny.space"], ["--trials 20", "--hours 1"]),
        (["search", "tiny.space", "--trials", "0"], ["'--trials'", "0 is not in the range x>=1"]),
        (["search", "tiny.space", "--hours", "0"], ["'--hours'", "0.0 is not in the range x>0"]),
        (["results", "--top", "0"], ["'--top'", "0 is not in the range x>=1"]),
    ],
)
def test_a_mistake_in_the_usage(capsys: Capture, arguments: list[str], parts: list[str]) -> None:
    said = refused(capsys, *arguments).splitlines()[-1]
    assert said.startswith("Error: ")
    assert [part for part in parts if part not in said] == []


def test_a_network_without_a_head_is_not_trained(capsys: Capture) -> None:
    rule = "the network ends in 4x4x4; to be trained it must end in 10 numbers, one a class"
    expected = message(rule, "end the sentence with head()")
    assert refused(capsys, "train", "conv(4, stride=8)", "--data", "digits").endswith(expected)


def test_a_network_whose_shapes_do_not_fit_the_data(capsys: Capture, folder: Path) -> None:
    class_folders(folder / "pets", 8, 8)
    marked = "@conv(4, kernel=9, padding=0) head()"
    rule = "a window of 9 does not fit on a map of 8 with padding 0"
    expected = message(rule, None, place_of(marked, "sentence"))
    assert refused(capsys, "train", unmarked(marked), "--data", "pets") == expected


def test_weights_are_to_be_written_to_a_folder_that_is_not_there(capsys: Capture) -> None:
    rule = "the weights cannot be written to `nowhere/w.pt`: there is no folder `nowhere`"
    assert refused(capsys, *TRAIN, "--weights", "nowhere/w.pt") == message(rule, "make the folder first")


# searches


def test_data_of_another_shape_than_the_space_states(capsys: Capture, folder: Path) -> None:
    class_folders(folder / "pets", 8, 8)
    rule = "the data `pets` has 3x8x8 and 2 classes, the space `tiny` states 3x32x32 and 10 classes"
    expected = message(rule, "change `input` and `classes` in the space")
    assert refused(capsys, *SEARCH, "--data", "pets") == expected


def test_a_space_of_which_nothing_fits_can_be_mended(
    capsys: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = "no network of `tiny` fits: all 2 were refused, most often for rf > 44 (2)"
    expected = message(rule, "loosen the limits, or let the space derive other networks")
    assert refused(capsys, *SEARCH, "--limits", "rf > 44").endswith(expected)
    done(monkeypatch, *SEARCH)


def test_a_study_that_was_begun_with_other_settings(
    capsys: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"# Small.\nlimits {', '.join(['params < 2k'] * 8)}\n{TINY}"
    (folder / "tiny.space").write_text(text)
    done(monkeypatch, *SEARCH)
    capsys.readouterr()
    (folder / "tiny.space").write_text(text.replace("conv(2|4,", "conv(2|3,"))
    recipe = "batch 128, lr 0.15, momentum 0.9, wd 0.0005, flip_crop"
    rule = (
        "study `tiny` was begun with other settings:\n"
        f"  recipe there: 1 epoch, {recipe}\n"
        f"  recipe asked: 2 epochs, {recipe}\n"
        "  seed there: 0\n"
        "  seed asked: 7\n"
        "  space there: ... ms < 2k network = conv(2|4, stride=8) head()\n"
        "  space asked: ... ms < 2k network = conv(2|3, stride=8) head()"
    )
    expected = message(rule, "repeat its settings, or begin another study with --study NAME")
    assert refused(capsys, *SEARCH, "--epochs", "2", "--seed", "7") == expected


# storages


@pytest.mark.parametrize(
    ("url", "rule", "remedy"),
    [
        ("results.db", "`results.db` is no storage that can be opened", URL),
        ("", "`` is no storage that can be opened", URL),
        ("postgres://me:secret@host/x", "`postgres://me:***@host/x` is no storage that can be opened", URL),
        (
            "mysql://me:secret@host/x",
            "the driver of `mysql://me:***@host/x` cannot be loaded: No module named 'MySQLdb'",
            DRIVER,
        ),
        ("sqlite:///a.txt", "the storage `sqlite:///a.txt` cannot be used: file is not a database", MEND),
    ],
)
@pytest.mark.parametrize("command", [TRAIN, SEARCH, ["results"]])
def test_a_storage_that_cannot_be_opened(
    capsys: Capture, folder: Path, command: list[str], url: str, rule: str, remedy: str
) -> None:
    (folder / "a.txt").write_text("This is a text.\n" * 100)
    assert refused(capsys, *command, "--storage", url) == message(rule, remedy)


def test_a_postgresql_server_that_is_not_there(capsys: Capture) -> None:
    pytest.importorskip("psycopg", reason="the extra `postgresql` is not installed")
    said = refused(capsys, "results", "--storage", "postgresql+psycopg://me:secret@localhost:1/x").splitlines()
    rule = "archsearch: the storage `postgresql+psycopg://me:***@localhost:1/x` cannot be used: connection failed"
    assert said[0].startswith(rule)
    assert said[1:] == [f"  {MEND}"]


def test_the_results_folder_is_a_file(capsys: Capture, folder: Path) -> None:
    (folder / "results").touch()
    assert refused(capsys, *TRAIN) == message("the folder `results` cannot be made: File exists", MEND)


def test_a_database_of_something_else_is_left_as_it_is(capsys: Capture, folder: Path) -> None:
    with sqlite3.connect(folder / "other.db") as database:
        database.execute("create table songs (title)")
    database.close()
    before = (folder / "other.db").read_bytes()
    rule = "the storage `sqlite:///other.db` cannot be used: no such table: version_info"
    assert refused(capsys, "results", "--storage", "sqlite:///other.db") == message(rule, MEND)
    assert (folder / "other.db").read_bytes() == before


@pytest.mark.parametrize("path", ["results", "results/archsearch.db"])
def test_a_storage_that_may_not_be_written(folder: Path, path: str) -> None:
    as_root = os.geteuid() == 0
    if as_root and shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere, and there is no setpriv to take that from it")
    (folder / "results").mkdir()
    (folder / "results" / "archsearch.db").touch()
    (folder / path).chmod(0o500)
    before = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-all"] if as_root else []
    command = [*before, str(Path(sys.executable).with_name("archsearch")), *TRAIN]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    (folder / path).chmod(0o700)
    expected = message(f"`{path}` cannot be written", MEND)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", expected)


# results


def test_there_are_no_results_yet(capsys: Capture) -> None:
    rule = "there is no results table at `results/archsearch.db`"
    remedy = "run `archsearch search` here first, or name another with --storage"
    assert refused(capsys, "results") == message(rule, remedy)


WHERE = [
    ("@bogus > 3", "there is no column `bogus`", COLUMNS),
    ("rf > 3 and @stat = 'complete'", "there is no column `stat`", "did you mean `state`?"),
    ("@state = 3", "`state` holds words, and 3 is a number", "write a word in quotes"),
    ("@rf > 'wide'", "`rf` holds numbers, and `wide` is a word", "write a number, without quotes"),
    ("state = @complete", "unexpected `complete`; expected a number or a quoted word", CONDITION),
    ("rf >@", "the condition ends too early; expected a number or a quoted word", CONDITION),
]


def test_a_mistake_in_what_is_asked_of_the_results(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    done(monkeypatch, *TRAIN)
    capsys.readouterr()
    for marked, rule, remedy in WHERE:
        expected = message(rule, remedy, place_of(marked, "--where"))
        assert refused(capsys, "results", "--where", unmarked(marked)) == expected
    assert refused(capsys, "results", "--sort", "bogus") == message("there is no column `bogus`", COLUMNS)
    expected = message("there is no column `valaccuracy`", "did you mean `val_accuracy`?")
    assert refused(capsys, "results", "--sort", "-valaccuracy") == expected
    expected = message("--json and --csv exclude each other", "give one of them")
    assert refused(capsys, "results", "--json", "--csv") == expected
    expected = message(
        "the name `train` is kept for networks trained by themselves", "name another with --study NAME"
    )
    assert refused(capsys, *SEARCH, "--study", "train") == expected
