"""A machine is calibrated: real training steps of a few small networks are timed, and their parts fitted.

The networks differ in what they are made of: dense kernels on maps of several sizes, depthwise ones, dilated ones
of both, 1 x 1, with norm and without, few layers and many. The fit is that of non-negative least squares (Lawson,
Hanson, "Solving Least Squares Problems", 1974; scipy's `nnls`) on relative errors, so that a small network counts
as much as a large one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import nnls

from archsearch.analysis.cost import BATCH_SIZE, Calibration, Work, work
from archsearch.errors import TrainingError
from archsearch.notation.network import parse
from archsearch.training.device import Device
from archsearch.training.probe import choose, words
from archsearch.training.steps import Steps
from archsearch.training.wanted import Wanted

PROBED = "conv(24) conv(44, stride=2) residual(conv(44)) sep(64) conv(64, stride=2) head()"
"""The network for which the device is chosen: a little of everything."""

SENTENCES = (
    "conv(24) conv(32, stride=2) conv(32) head()",
    "conv(16, stride=2) conv(64) conv(64) conv(64) head()",
    "conv(16, stride=2) conv(128, stride=2) conv(128) conv(128) conv(128) head()",
    "conv(16, stride=2) conv(64, norm=none) conv(64, norm=none) conv(64, norm=none) head()",
    "conv(32, norm=none, activation=none) conv(32, norm=none, activation=none) head()",
    "conv(24) relu relu relu relu relu relu head()",
    "conv(32) conv(64, kernel=1) conv(32, kernel=1) head()",
    "conv(16, stride=2) sep(64, multiplier=2) sep(64, multiplier=2) head()",
    "conv(32, stride=2) sep(32) sep(32) sep(32) sep(32) head()",
    "conv(32, stride=2) conv(64, stride=2) sep(96) sep(96) sep(96) head()",
    "conv(16, stride=2) residual(conv(32) conv(32)) residual(conv(32) conv(32)) head(pool=max)",
    "conv(16, stride=2) conv(64, dilation=2) conv(64, dilation=2) conv(64, dilation=2) head()",
    "conv(16, stride=2) conv(96, stride=2) conv(96, dilation=3) conv(96, dilation=2) head()",
    "conv(32, stride=2) sep(32, dilation=2) sep(32, dilation=2) sep(32, dilation=2) head()",
    "conv(32, stride=2) conv(64, stride=2) sep(96, kernel=5, dilation=2) sep(96, dilation=2) head()",
    f"conv(16, stride=2) conv(16, stride=2) {'conv(16) ' * 12}head()",
    f"conv(16, stride=2) conv(16, stride=4) {'residual(sep(16)) ' * 8}head()",
)
"""The networks that are timed, on images of 3 x 32 x 32."""


def calibrate(wanted: Wanted | None = None, batch_size: int = BATCH_SIZE) -> Calibration:
    """Time training steps of SENTENCES on this machine, and return what each part of a network takes.

    The device is chosen as for a training: what is not `wanted` of it is measured. That takes 5 to 15 s. Begin it
    on a machine that has no other work.

    Raises TrainingError where there is no such device, and where there is no memory for a step.
    """
    return calibrate_on(choose(parse(PROBED).lower(), batch_size, wanted or Wanted(), images=0).device, batch_size)


def calibrate_on(device: Device, batch_size: int = BATCH_SIZE) -> Calibration:
    """Return the same for a device that is chosen already; raises TrainingError where memory is short."""
    measured = []
    for sentence in SENTENCES:
        graph = parse(sentence).lower()
        rate = Steps(graph, batch_size).rate(device)
        if rate is None:
            raise TrainingError("the device ran out of memory", remedy="calibrate with a smaller batch")
        measured.append((work(graph), 1 / rate))
    return fitted(measured, f"{', '.join(words(device))}, batches of {batch_size}")


def fitted(measured: Sequence[tuple[Work, float]], device: str = "") -> Calibration:
    """Return the calibration that predicts seconds of an image best, given what was done in each and measured.

    >>> found = fitted([(Work(1_000_000), 1e-5), (Work(2_000_000, norm_elements=1_000), 2.3e-5)])
    >>> round(found.dense_mac, 15), round(found.norm_element, 12)
    (1e-11, 3e-09)
    """
    seconds = np.array([taken for _, taken in measured])
    relative = np.array([done for done, _ in measured], dtype=float) / seconds[:, None]
    # Columns that differ by many powers of ten would be solved badly.
    scale = np.maximum(relative.max(axis=0), np.finfo(float).tiny)
    found, _ = nnls(relative / scale, np.ones(len(seconds)))
    parts = [float(part) for part in np.where(relative.max(axis=0) > 0, found / scale, 0)]
    error = round(float(np.median(np.abs(relative @ np.array(parts) - 1))), 4)
    return Calibration(**dict(zip(Calibration().costs, parts, strict=True)), error=error, device=device)
