"""What is said of storages: their URLs without secrets, SQLite's URIs, files of something else, damaged ones."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from examples import searching

from archsearch.errors import ArchsearchError, StudyError
from archsearch.storage.database import opened
from archsearch.storage.url import hidden, secrets_hidden, without_secrets
from archsearch.study.budget import Budget
from archsearch.study.loop import run
from archsearch.study.results import load_results

instant = searching.score_in(0)
MEND = "\n  fix that, or name another with --storage URL"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:secret@host/x", "postgresql://me:***@host/x"),
        ("postgresql://me:sec@re:t/secret@host:5432/x", "postgresql://me:***@host:5432/x"),
        ("postgresql://me%3Asecret@host/x", "postgresql://***@host/x"),
        ("postgresql://secret-token-of-more-than-thirty-characters@host/x", "postgresql://***@host/x"),
        ("postgresql://me:secret/x", "postgresql://me:***/x"),
        (
            "postgresql://host/x?sslmode=require&password=secret",
            "postgresql://host/x?sslmode=require&password=***",
        ),
        ("postgresql://host/x?secret#secret", "postgresql://host/x?***#***"),
        ("postgresql://host/x;pwd=secret", "postgresql://host/x;pwd=***"),
        ("postgresql:///me:secret@host/x", "postgresql://***:***@host/x"),
        ("me:secret@host/x", "me:***@host/x"),
        ("libsql://db.host/?authToken=secret&timeout=3", "libsql://db.host/?authToken=***&timeout=3"),
        ("mssql+pyodbc:///?odbc_connect=PWD%3Dsecret", "mssql+pyodbc:///?odbc_connect=***"),
        ("postgresql://[::1]:5432/x", "postgresql://[::1]:5432/x"),
        ("sqlite:////home/me@work/x.db", "sqlite:////home/me@work/x.db"),
        ("sqlite:///file:x.db?mode=rwc&uri=true&key=secret", "sqlite:///file:x.db?mode=rwc&uri=true&key=***"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert without_secrets(url) == shown
    assert secrets_hidden(f"there is no space `{url}`") == f"there is no space `{shown if '//' in url else url}`"


def test_what_a_driver_says_is_shown_without_secrets() -> None:
    url = "postgresql://me:se%40cret@cr@host/x?password=other"
    assert hidden("no host cr@host for me, se@cret or other", url) == "no host ***@host for me, *** or ***"


@pytest.mark.parametrize(
    "url", ["file:my%20results.db", "file:./my%20results.db", "file:{folder}/my%20results.db"]
)
def test_results_finds_what_a_search_wrote_to_a_uri(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    storage = f"sqlite:///{url.format(folder=tmp_path)}?mode=rwc&uri=true"
    rows = run(searching.STUDY, instant, Budget(trials=1), storage=storage).rows
    assert load_results(storage) == rows == load_results("sqlite:///my results.db")


def test_what_is_no_file_of_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.db").write_text("This is a text.\n" * 100)
    Path("folder.db").mkdir()
    with closing(sqlite3.connect("songs.db")) as database:
        database.execute("create table songs (title)")
    before = Path("songs.db").read_bytes()
    for name, message in [
        ("text.db", "the storage `sqlite:///text.db` cannot be used: file is not a database"),
        ("folder.db", "`folder.db` is a folder, not a file of results"),
        ("songs.db", "the storage `sqlite:///songs.db` cannot be used: it is the database of another program"),
    ]:
        with pytest.raises(StudyError) as caught:
            load_results(f"sqlite:///{name}")
        assert str(caught.value) == message + MEND
        with pytest.raises(StudyError) as caught:
            run(searching.STUDY, instant, Budget(trials=1), storage=f"sqlite:///{name}")
        assert str(caught.value) == message + MEND
    assert Path("songs.db").read_bytes() == before


@pytest.mark.parametrize("use", [load_results, lambda url: run(searching.STUDY, instant, Budget(1), storage=url)])
def test_a_file_that_the_system_refuses(use: Callable[[str], object]) -> None:
    url = f"sqlite:///{'a' * 300}.db"
    with pytest.raises(StudyError) as caught:
        use(url)
    assert str(caught.value) == f"the storage `{url}` cannot be used: File name too long{MEND}"


def test_an_error_without_words_is_named_by_its_type(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    with pytest.raises(StudyError) as caught, opened(url):
        raise sqlite3.OperationalError
    assert str(caught.value) == f"the storage `{url}` cannot be used: OperationalError{MEND}"


def test_an_empty_file_has_no_results_and_takes_them(tmp_path: Path) -> None:
    file = tmp_path / "empty.db"
    file.touch()
    with pytest.raises(StudyError, match=r"^there is no results table at"):
        load_results(f"sqlite:///{file}")
    assert not file.stat().st_size
    run(searching.STUDY, instant, Budget(trials=1), storage=f"sqlite:///{file}")
    assert len(load_results(f"sqlite:///{file}")) == 1


def test_reading_writes_nothing(tmp_path: Path) -> None:
    """Not even where a search was killed before it had written which version its tables are."""
    file = tmp_path / "begun.db"
    run(searching.STUDY, instant, Budget(trials=1), storage=f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as database:
        database.execute("delete from alembic_version")
        database.execute("delete from version_info")
        database.commit()
    before = file.read_bytes()
    with pytest.raises(StudyError, match=r"^there is no results table at"):
        load_results(f"sqlite:///{file}")
    assert file.read_bytes() == before


def damaged(content: bytes, seed: int) -> bytes:
    """Return a database with bytes changed, cut short, or with a page of zeros."""
    draw, changed = random.Random(seed), bytearray(content)
    match seed % 4:
        case 0:
            return content[: draw.randrange(len(content))]
        case 1:
            page = draw.randrange(len(content) // 4096) * 4096
            changed[page : page + 4096] = bytes(4096)
        case _:
            for _ in range(draw.choice((3, 30, 300))):
                changed[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def test_damaged_databases_are_said_to_be_so_or_read(tmp_path: Path) -> None:
    file = tmp_path / "studies.db"
    run(searching.STUDY, instant, Budget(trials=3), storage=f"sqlite:///{file}")
    content = file.read_bytes()
    refused = 0
    for seed in range(60):
        copy = tmp_path / "copy.db"
        copy.write_bytes(damaged(content, seed))
        try:
            load_results(f"sqlite:///{copy}")
        except ArchsearchError:
            refused += 1
        with suppress(ArchsearchError):
            run(searching.STUDY, instant, Budget(trials=4), storage=f"sqlite:///{copy}")
    assert 10 < refused < 60
