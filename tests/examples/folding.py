"""Folds of sentences held against the analyzer."""

from __future__ import annotations

import pytest

from archsearch import Network
from archsearch.analysis.cost import Calibration
from archsearch.analysis.figures import is_upper_bound
from archsearch.analysis.fold import FOLDED, Fold
from archsearch.analysis.fragment import NeedsReachError, NotFoldedError
from archsearch.analysis.limits import NO_LIMITS, check
from archsearch.analysis.op_profile import rf
from archsearch.graph.shapes import Shape

CALIBRATION = Calibration(1e-11, 4e-11, 2e-11, 8e-11, 2e-9, 3e-9, 1e-9, 1e-6, device="a table")
IMAGE = (3, 32, 32)
REACHES = [pytest.param(True, id="inside"), pytest.param(False, id="unclipped")]


def make_fold(image: Shape = IMAGE, *, reach: bool = True, enough: int | None = None) -> Fold:
    """Return a fold that tells all that it can: `rf_inside` only with `reach`."""
    names = FOLDED if reach else FOLDED - {"rf_inside"}
    return Fold(image, 10, names, calibration=CALIBRATION, enough=enough)


FOLDS = {True: make_fold(), False: make_fold(reach=False)}


def agree(network: Network, by: Fold) -> bool:
    """Whether a network fits its input, in which case the figures of the fold must be those of the analyzer."""
    found = check(network, NO_LIMITS.calibrated(CALIBRATION), by.input, by.classes).profile
    try:
        step = by.sentence(network.calls)
        figures = step and by.figures(step)
    except NeedsReachError:
        assert found is not None
        assert rf(found.patterns[found.headline]) is None
        return True
    except NotFoldedError:
        # Branches come to what sees nothing: a fold does not know which of the maps in them is the last.
        assert found is not None
        assert any(not seen.axes for seen in found.patterns)
        return True
    if found is None or step is None or figures is None:
        assert found is None
        assert step is None
        return False
    assert figures == {name: found.figures[name] for name in figures}
    assert set(by.summed) | {"rf", "depth", "seconds"} <= figures.keys()
    if "rf_inside" in figures:
        assert by.is_bound(step.state) == is_upper_bound(found, "rf_inside")
    assert by.is_bound(step.state) >= is_upper_bound(found, "rf")
    return True
