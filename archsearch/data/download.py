"""Fetch CIFAR-10 from its authors, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import tarfile
import tempfile
from functools import partial
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import build_opener

from rich.console import Console
from rich.progress import wrap_file

from archsearch.errors import DataError

CIFAR10_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
CIFAR10_MD5 = "c58f30108f718f92721af3b95e74349a"

_TIMEOUT_SECONDS = 30.0
_CHUNK_BYTES = 1 << 20


def download_cifar10(folder: Path) -> None:
    """Make torchvision's folder `cifar-10-batches-py` from the authors' archive, with progress on stderr.

    The archive is checked, unpacked in a temporary folder and then renamed: `folder` is complete or not there.
    Raises DataError where there is no network, what arrives is not the archive, or the disk refuses.
    """
    remedy = (
        "name a folder that has the images, with --data PATH or ARCHSEARCH_DATA;\n"
        f"  or unpack cifar-10-python.tar.gz so that its files lie in {folder};\n"
        "  or use the digits, which need no download: --data digits"
    )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            archive = _fetch(remedy)
            checksum = hashlib.md5(archive, usedforsecurity=False).hexdigest()
            if checksum != CIFAR10_MD5:
                message = f"the download has the MD5 checksum {checksum}; it must be {CIFAR10_MD5}"
                raise DataError(message, place=CIFAR10_URL, remedy=remedy)
            with tarfile.open(fileobj=io.BytesIO(archive)) as content:
                content.extractall(temporary, filter="data")
            (Path(temporary) / folder.name).rename(folder)
    except OSError as error:
        if folder.exists():  # another process was sooner
            return
        message = f"CIFAR-10 could not be written to the cache: {error}"
        raise DataError(message, place=str(folder.parent), remedy=remedy) from error


def _fetch(remedy: str) -> bytes:
    try:
        with build_opener().open(CIFAR10_URL, timeout=_TIMEOUT_SECONDS) as response:
            length = int(response.headers.get("Content-Length", 0))
            with wrap_file(response, length, description="CIFAR-10", console=Console(stderr=True)) as stream:
                archive = b"".join(iter(partial(stream.read, _CHUNK_BYTES), b""))
        if len(archive) < length:
            raise ConnectionError(f"the connection was lost after {len(archive):,} of {length:,} bytes")
    except (OSError, HTTPException) as error:
        if isinstance(error, HTTPError):
            error.close()  # it is also the server's answer, with an open connection
        message = f"CIFAR-10 could not be downloaded: {error}"
        raise DataError(message, place=CIFAR10_URL, remedy=remedy) from error
    return archive
