"""What is said of mistakes about studies, storages and results."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from examples.mistakes import CONDITION, SEARCH, TINY, TRAIN, Capture, done, message, place_of, refused, unmarked

pytestmark = pytest.mark.usefixtures("folder")


URL = "a storage is written like sqlite:///results/archsearch.db or postgresql+psycopg://user@host/name"
DRIVER = "for PostgreSQL: pip install 'archsearch[postgresql]' and postgresql+psycopg:// in the URL"
MEND = "fix that, or name another with --storage URL"
COLUMNS = (
    "known here: activation_bytes, activation_ops, arithmetic_ops, bias_ops, class_accuracy, confirms, "
    "data, data_digest, depth, depthwise, device, digest, dilated, epochs, first_train_loss, flops, "
    "images_per_second, macs, maxpool, naswot, norm_ops, number, params, pooling_ops, precision, "
    "predicted_seconds, reason, recipe, recipe_digest, rf, rf_inside, seconds, seed, sentence, split, "
    "state, study, synflow, test_accuracy, threads, train_accuracy, trainable, val_accuracy, "
    "val_loss, weight_bytes"
)


def test_a_study_that_was_begun_with_other_settings(
    capsys: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"# Small.\nlimits {', '.join(['params < 2k'] * 8)}\n{TINY}"
    (folder / "tiny.space").write_text(text)
    done(monkeypatch, *SEARCH)
    capsys.readouterr()
    (folder / "tiny.space").write_text(text.replace("conv(2|4,", "conv(2|3,"))
    rule = (
        "study `tiny` was begun with other settings:\n"
        "  recipe there: epochs 1\n"
        "  recipe asked: epochs 2\n"
        "  seed there: 0\n"
        "  seed asked: 7\n"
        "  space there: ... ms < 2k network = conv(2|4, stride=8) head()\n"
        "  space asked: ... ms < 2k network = conv(2|3, stride=8) head()"
    )
    remedy = "repeat its settings (--epochs 1 --seed 0), or begin another study with --study NAME"
    expected = message(rule, remedy)
    assert refused(capsys, *SEARCH, "--epochs", "2", "--seed", "7") == expected


# storages


@pytest.mark.parametrize(
    ("url", "rule", "remedy"),
    [
        ("results.db", "`results.db` is not the URL of a storage", URL),
        ("", "`` is not the URL of a storage", URL),
        ("postgres://me:secret@host/x", "`postgres://me:***@host/x` is not the URL of a storage", URL),
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
    assert refused(capsys, *TRAIN) == message("the folder `results` cannot be created: File exists", MEND)


def test_a_database_of_something_else_is_left_as_it_is(capsys: Capture, folder: Path) -> None:
    with sqlite3.connect(folder / "other.db") as database:
        database.execute("create table songs (title)")
    database.close()
    before = (folder / "other.db").read_bytes()
    rule = "the storage `sqlite:///other.db` cannot be used: it is the database of another program"
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
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.endswith(f" test images\n{expected}")


# results


def test_there_are_no_results_yet(capsys: Capture) -> None:
    rule = "there is no results table at `results/archsearch.db`"
    remedy = "run `archsearch search` here first, or name another with --storage"
    assert refused(capsys, "results") == message(rule, remedy)


WHERE = [
    ("@bogus > 3", "there is no column `bogus`", COLUMNS),
    ("rf > 3 and @stat = 'complete'", "there is no column `stat`", "did you mean `state`?"),
    ("@state = 3", "`state` is a word, but 3 is a number", "write a word in quotes"),
    ("@rf > 'wide'", "`rf` is a number, but `wide` is a word", "write a number, without quotes"),
    (
        "state = @complete",
        "unexpected `complete`; expected a number or a quoted word",
        "a word is quoted: write 'complete'",
    ),
    ("@state = 'completed'", "`state` is never `completed`", "did you mean `complete`?"),
    (
        "@split in ('test', 'val')",
        "`split` is never `val`",
        "known here: test, validation, validation (copies together)",
    ),
    ("@number is none", "column `number` is never missing", "compare it with a value"),
    (
        "@digest > 'a'",
        "`digest` is a word, and words have no order for `>`",
        "compare it with = or !=, or with `in`",
    ),
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
    expected = message(
        "the name `train` is kept for networks trained with `archsearch train`", "name another with --study NAME"
    )
    assert refused(capsys, *SEARCH, "--study", "train") == expected
