"""A study in a real PostgreSQL server, which the test starts for itself."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from examples import searching

from archsearch.data.load import digits
from archsearch.space.space import Space
from archsearch.study.results import load_results
from archsearch.study.search import search
from archsearch.training.recipe import Recipe

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a server of our own on loopback; it refuses to run as root, so root becomes `postgres`."""
    if not PROGRAMS:
        pytest.skip("no PostgreSQL here; install Debian's package postgresql")
    user = "postgres" if os.geteuid() == 0 else None
    # The weights of a study on a server are kept in the folder `results`.
    monkeypatch.chdir(tmp_path)
    with TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        if user:
            shutil.chown(folder, user)
        free.close()
        data = f"{folder}/data"

        def run(program: str, *arguments: str) -> None:
            command = [str(PROGRAMS[-1] / program), "-D", data, *arguments]
            subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)

        run("initdb", "--username=archsearch", "--auth=trust")
        run("pg_ctl", "start", "--wait", "-o", f"-p {port} -k {folder} -h 127.0.0.1", "-l", f"{folder}/log")
        try:
            yield f"postgresql+psycopg://archsearch@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "stop", "--mode=immediate")


@pytest.mark.slow
def test_a_search_in_postgresql_goes_on_and_shows_its_rows(server: str) -> None:
    pytest.importorskip("psycopg", reason="install archsearch[postgresql]")
    space = Space.of("network = conv(4|8|12, kernel=4, stride=4, padding=0) head()", "tiny")
    data, recipe = digits(), Recipe(epochs=1, augmentation="none")
    first = search(space, data, trials=1, recipe=recipe, storage=server)
    second = search(space, data, trials=3, recipe=recipe, storage=server)
    assert second.rows[0] == first.rows[0]
    assert [row["state"] for row in load_results(server)] == ["complete"] * 3


@pytest.mark.slow
def test_searches_that_begin_at_the_same_moment_share_a_server(server: str) -> None:
    pytest.importorskip("psycopg", reason="install archsearch[postgresql]")
    command, pipe = [sys.executable, searching.__file__, server, "8", "0.05"], subprocess.PIPE
    with ExitStack() as stack:
        processes = [
            stack.enter_context(subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=pipe))
            for _ in range(3)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        for process in processes:
            assert (process.communicate(timeout=120)[1], process.returncode) == ("", 0)
    rows = load_results(server)
    assert [row["state"] for row in rows] == ["complete"] * len(rows)
    # Two may propose one network at once: the later of them is no row, and its number is missing.
    numbers = [row["number"] for row in rows]
    assert len(set(numbers)) == len(numbers)
    assert len({row["digest"] for row in rows}) == len(rows)
