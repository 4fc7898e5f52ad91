"""What all tests share: one thread for torch, and where CIFAR-10 is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

# Tiny networks gain nothing from more, and test processes beside each other lose much.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def cifar10_path() -> Path:
    """The folder of CIFAR-10, or a skip that says how to provide it."""
    path = Path(os.environ.get("ARCHSEARCH_DATA", Path(__file__).parent.parent.parent / "shared" / "cifar10"))
    if not path.is_dir():
        pytest.skip(f"no CIFAR-10 at {path}; set ARCHSEARCH_DATA")
    return path
