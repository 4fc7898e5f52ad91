"""Predicted seconds of training against measured ones.

Run it with `python benchmarks/seconds.py [--threads N]`: a calibration, then training steps of 14
networks that it has not seen, drawn from shipped spaces and made by hand. It takes a minute or two.
"""

from __future__ import annotations

import argparse
import sys
from itertools import islice
from statistics import median

from scipy.stats import spearmanr

from archsearch import Space, parse
from archsearch.analysis.cost import BATCH_SIZE, IMAGES
from archsearch.files import read_text, shipped
from archsearch.table import render
from archsearch.training.calibration import PROBED, calibrate_on
from archsearch.training.probe import choose
from archsearch.training.steps import Steps
from archsearch.training.wanted import Wanted

HAND_MADE = (
    "conv(32) conv(64, stride=2) conv(64) conv(64, stride=2) conv(64) head()",
    "conv(16, stride=2) residual(conv(16) conv(16)) residual(conv(16) conv(16)) conv(64, stride=2) head()",
    "conv(32, stride=2) sep(64) sep(64, dilation=2) sep(64) head()",
    "conv(48, stride=2, norm=none) maxpool(2) conv(96, norm=none) conv(96, kernel=1) head()",
    "conv(24, stride=2) sep(48, multiplier=2) residual(conv(48, dilation=2) conv(48)) head(pool=max)",
)


def main() -> None:
    """Print each prediction beside what was measured, and how far they are apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, help="threads of the CPU's operations; measured if left out")
    wanted = Wanted(threads=parser.parse_args().threads)
    device = choose(parse(PROBED).lower(), BATCH_SIZE, wanted, images=0).device
    calibration = calibrate_on(device)
    networks = [("era_s9.net", parse(read_text(shipped(".net")["era_s9.net"])))]
    for space in ("era_s9", "first"):
        networks += [(f"of {space}", network) for network in islice(Space.find(space).sample(seed=1), 4)]
    networks += [("by hand", parse(sentence)) for sentence in HAND_MADE]
    rows: list[tuple[str, float, float, float]] = []
    for name, network in networks:
        graph = network.lower()
        rate = Steps(graph, BATCH_SIZE).rate(device)
        assert rate is not None
        predicted, measured = calibration.seconds(graph), IMAGES / rate
        rows.append((name, predicted, measured, 100 * (predicted / measured - 1)))
    errors = [abs(row[3]) for row in rows]
    rank = spearmanr([row[1] for row in rows], [row[2] for row in rows]).statistic
    sys.stdout.write(
        f"{calibration}\n\n{render(('network', 'predicted', 'measured', 'error in %'), rows)}\n\n"
        f"error: median {median(errors):.0f} %, largest {max(errors):.0f} %; rank correlation {rank:.2f}\n"
    )


if __name__ == "__main__":
    main()
