"""What tests share: one thread for torch, a cache, a folder and a storage of their own, and small datasets."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from examples.image_files import random_images
from examples.mistakes import TINY
from hypothesis import settings

from archsearch.data import torchvision
from archsearch.data.dataset import Dataset, Split
from archsearch.data.images import Images
from archsearch.data.load import digits
from archsearch.data.source import Side

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Tiny networks gain nothing from more, and test processes beside each other lose much.
torch.set_num_threads(1)

COUNTS: dict[Side, int] = {"train": 200, "test": 30}


@pytest.fixture(scope="module")
def data() -> Dataset:
    return digits()


@pytest.fixture(scope="module")
def split(data: Dataset) -> Split:
    return data.split("validation")


@pytest.fixture
def storage(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'studies.db'}"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ARCHSEARCH_DATA", raising=False)
    return tmp_path / "cache" / "archsearch"


@pytest.fixture
def small_cifar10(monkeypatch: pytest.MonkeyPatch) -> tuple[Images, Images]:
    """Make what counts as CIFAR-10 small enough to write in both layouts."""
    for side, count in COUNTS.items():
        monkeypatch.setitem(torchvision.CIFAR10_COUNTS, side, count)
    return random_images(COUNTS["train"], 10, seed=1), random_images(COUNTS["test"], 10, seed=2)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a tiny space, and nothing of this machine's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ARCHSEARCH_DATA", raising=False)
    (tmp_path / "tiny.space").write_text(TINY)
    return tmp_path
