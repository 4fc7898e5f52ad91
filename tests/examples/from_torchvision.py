"""torchvision's models for tests, skipped where it is not installed or was built for another torch."""

from __future__ import annotations

import warnings
from importlib import import_module
from types import ModuleType

import pytest
from torch import nn


def torchvision_models() -> ModuleType:
    """Return `torchvision.models`, or skip the test."""
    try:
        return import_module("torchvision.models")
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"torchvision cannot be imported: {error}")


def torchvision_model(name: str) -> nn.Module:
    """Return a model with random weights, without the slow one of two initialisations where there are two."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"init_weights": False} if name in {"inception_v3", "googlenet"} else {}
        module: nn.Module = torchvision_models().get_model(name, weights=None, **options)
        return module
