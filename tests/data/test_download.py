"""The download of CIFAR-10, from a server on loopback."""

from __future__ import annotations

import functools
import hashlib
import http.server
import tarfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from examples.image_files import as_set, error_of, write_torchvision

from archsearch.data import download
from archsearch.data.images import Images
from archsearch.data.load import load_data
from archsearch.data.torchvision import CIFAR10_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def server(
    tmp_path: Path, small_cifar10: tuple[Images, Images], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Serve an archive like CIFAR-10's on loopback."""
    served = tmp_path / "served"
    folder = write_torchvision(tmp_path / "made", *small_cifar10, monkeypatch)
    served.mkdir()
    archive = served / "cifar.tar.gz"
    with tarfile.open(archive, "w:gz") as content:
        content.add(folder / CIFAR10_FOLDER, CIFAR10_FOLDER)
    handler = functools.partial(_Quiet, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setattr(download, "CIFAR10_URL", f"http://127.0.0.1:{listening.server_port}/cifar.tar.gz")
        checksum = hashlib.md5(archive.read_bytes(), usedforsecurity=False).hexdigest()
        monkeypatch.setattr(download, "CIFAR10_MD5", checksum)
        yield archive
        listening.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    excess = 0

    def log_message(self, format: str, *args: object) -> None:
        pass

    def send_header(self, keyword: str, value: str) -> None:
        super().send_header(keyword, str(int(value) + self.excess) if keyword == "Content-Length" else value)


def download_remedy(cache: Path) -> str:
    return (
        "  name a folder that has the images, with --data PATH or ARCHSEARCH_DATA;\n"
        f"  or unpack cifar-10-python.tar.gz so that its files lie in {cache / CIFAR10_FOLDER};\n"
        "  or use the digits, which need no download: --data digits"
    )


def test_download(
    server: Path,
    tmp_path: Path,
    cache: Path,
    capsys: pytest.CaptureFixture[str],
    small_cifar10: tuple[Images, Images],
) -> None:
    dataset = load_data()
    assert as_set(dataset.train) == as_set(small_cifar10[0])
    assert sorted(entry.name for entry in cache.iterdir()) == [CIFAR10_FOLDER, "datasets"]
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "CIFAR-10" in shown.err
    server.unlink()
    assert load_data().digest == dataset.digest == load_data(tmp_path / "made").digest


def test_a_download_that_another_process_was_sooner_with(server: Path, cache: Path) -> None:
    folder = cache / CIFAR10_FOLDER
    download.download_cifar10(folder)
    (folder / "batches.meta").write_bytes(b"of the other")
    download.download_cifar10(folder)
    assert (folder / "batches.meta").read_bytes() == b"of the other"
    assert [entry.name for entry in cache.iterdir()] == [CIFAR10_FOLDER]


def test_download_with_another_checksum(server: Path, cache: Path) -> None:
    expected = download.CIFAR10_MD5
    server.write_bytes(b"something else")
    checksum = hashlib.md5(b"something else", usedforsecurity=False).hexdigest()
    assert error_of(None) == (
        f"the download has the MD5 checksum {checksum}; it must be {expected}\n"
        f"  at {download.CIFAR10_URL}\n{download_remedy(cache)}"
    )
    assert list(cache.iterdir()) == []


def test_download_that_breaks_off(server: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Quiet, "excess", 1)
    size = server.stat().st_size
    assert error_of(None) == (
        f"CIFAR-10 could not be downloaded: the connection was lost after {size:,} of {size + 1:,} bytes\n"
        f"  at {download.CIFAR10_URL}\n{download_remedy(cache)}"
    )
    assert list(cache.iterdir()) == []


def test_download_not_found(server: Path, cache: Path) -> None:
    server.unlink()
    assert error_of(None) == (
        "CIFAR-10 could not be downloaded: HTTP Error 404: File not found\n"
        f"  at {download.CIFAR10_URL}\n{download_remedy(cache)}"
    )
    assert list(cache.iterdir()) == []


def test_download_without_a_network(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.HTTPServer(("127.0.0.1", 0), _Quiet) as closed:
        url = f"http://127.0.0.1:{closed.server_port}/cifar.tar.gz"
    monkeypatch.setattr(download, "CIFAR10_URL", url)
    assert error_of(None) == (
        "CIFAR-10 could not be downloaded: <urlopen error [Errno 111] Connection refused>\n"
        f"  at {url}\n{download_remedy(cache)}"
    )
    assert list(cache.iterdir()) == []


def test_download_to_a_cache_that_cannot_be_written(cache: Path) -> None:
    cache.parent.write_text("a file where the folder should be")
    text = error_of(None)
    assert text.startswith("CIFAR-10 could not be written to the cache: ")
    assert text.endswith(f"\n  at {cache}\n{download_remedy(cache)}")
