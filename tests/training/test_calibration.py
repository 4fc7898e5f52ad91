"""A machine is calibrated: coefficients from timings."""

from __future__ import annotations

import math

import pytest

from archsearch.analysis.cost import Calibration, work
from archsearch.notation.network import parse
from archsearch.training.calibration import SENTENCES, calibrate, fitted
from archsearch.training.wanted import Wanted

KNOWN = Calibration(1e-11, 4e-11, 2e-11, 8e-11, 2e-9, 3e-9, 1e-9, 1e-6)


def test_known_coefficients_are_found_again() -> None:
    done = [work(parse(sentence).lower()) for sentence in SENTENCES]
    found = fitted([(one, KNOWN.image_seconds(one)) for one in done], "a table")
    assert found.costs == pytest.approx(KNOWN.costs, rel=1e-6)
    assert found.error == pytest.approx(0, abs=1e-4)
    assert found.device == "a table"


def test_noise_is_said() -> None:
    done = [work(parse(sentence).lower()) for sentence in SENTENCES]
    noise = (0.9, 1.1) * len(done)
    found = fitted([(one, KNOWN.image_seconds(one) * by) for one, by in zip(done, noise, strict=False)])
    assert 0.02 < found.error < 0.2
    assert all(seconds >= 0 for seconds in found.costs.values())


@pytest.mark.slow
def test_this_machine_is_calibrated() -> None:
    found = calibrate(Wanted(precision="fp32", threads=1), batch_size=4)
    assert all(math.isfinite(seconds) and seconds >= 0 for seconds in found.costs.values())
    assert any(found.costs.values())
    assert found.device.startswith("fp32")
    assert found.device.endswith("batches of 4")
    assert found.seconds(parse("conv(8) head()").lower()) > 0
