"""Fetch CIFAR-10 from its authors, whole or not at all."""

from __future__ import annotations

import hashlib
import http.client
import tarfile
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from archsearch.errors import DataError

CIFAR10_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
CIFAR10_MD5 = "c58f30108f718f92721af3b95e74349a"

_TIMEOUT_SECONDS = 30.0
_CHUNK_BYTES = 1 << 20


def download_cifar10(folder: Path) -> None:
    """Make torchvision's folder `cifar-10-batches-py` from the authors' archive, with progress on stderr.

    The archive is checked and unpacked beside the folder, which appears by a rename: it is complete or not
    there. Raises DataError where there is no network, what arrives is not the archive, or the disk refuses.
    """
    remedy = (
        "name a folder that has the images, with --data PATH or ARCHSEARCH_DATA;\n"
        f"  or unpack cifar-10-python.tar.gz so that its files lie in {folder};\n"
        "  or use the digits, which need no download: --data digits"
    )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            archive = Path(temporary) / "archive.tar.gz"
            with archive.open("wb") as file:
                checksum = _fetch(CIFAR10_URL, file, remedy)
            if checksum != CIFAR10_MD5:
                raise DataError(
                    f"the download has the MD5 checksum {checksum}; it must be {CIFAR10_MD5}",
                    place=CIFAR10_URL,
                    remedy=remedy,
                )
            with tarfile.open(archive) as content:
                content.extractall(temporary, filter="data")
            (Path(temporary) / folder.name).rename(folder)
    except OSError as error:
        raise DataError(
            f"CIFAR-10 cannot be written to the cache: {error}", place=str(folder.parent), remedy=remedy
        ) from error


def _fetch(url: str, file: BinaryIO, remedy: str) -> str:
    """Write what is at an address to a file; the MD5 checksum of it."""
    checksum = hashlib.md5(usedforsecurity=False)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    try:
        response = urllib.request.build_opener().open(url, timeout=_TIMEOUT_SECONDS)
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it is also the server's answer, with an open connection
        raise DataError(f"CIFAR-10 cannot be downloaded: {error}", place=url, remedy=remedy) from error
    with response, Progress(*columns, console=Console(stderr=True)) as progress:
        length = int(response.headers.get("Content-Length", 0))
        task = progress.add_task("CIFAR-10", total=length or None)
        received = 0
        while True:
            try:
                chunk = response.read(_CHUNK_BYTES)
            except (OSError, http.client.HTTPException) as error:
                raise DataError(f"the download broke off: {error}", place=url, remedy=remedy) from error
            if not chunk:
                break
            file.write(chunk)
            checksum.update(chunk)
            received += len(chunk)
            progress.update(task, completed=received)
    if received < length:
        raise DataError(f"the download broke off after {received:,} of {length:,} bytes", place=url, remedy=remedy)
    return checksum.hexdigest()
