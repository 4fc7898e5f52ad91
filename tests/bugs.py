"""Cases in which the library is known to be wrong."""

from __future__ import annotations

import pytest


def bug(reason: str, *values: object) -> object:
    """Mark the values of a test's parameters as a bug: the test says so as soon as it no longer is one."""
    return pytest.param(*values, marks=pytest.mark.xfail(strict=True, reason=reason))
