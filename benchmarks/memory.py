"""The peak of memory of a training whose evaluation images are large and many.

Run it with `python benchmarks/memory.py`: the reference network, trained on 40 images of 3 x 224 x 224 in batches
of 4, then evaluated on 1,020. It takes some minutes.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import numpy as np

from archsearch.data.dataset import RGB, Split
from archsearch.data.images import Images
from archsearch.notation.network import parse
from archsearch.training.recipe import Recipe
from archsearch.training.train import train

SIDE, TRAINING, EVALUATION = 224, 40, 1_020
NETWORK = Path(__file__).resolve().parents[1] / "search_spaces" / "era_s9.net"


def main() -> None:
    """Train for an epoch, and print the peak before and after."""
    random = np.random.default_rng(0)
    train_images, evaluation = (
        Images(random.integers(0, 256, (count, SIDE, SIDE, 3), np.uint8), np.arange(count) % 10)
        for count in (TRAINING, EVALUATION)
    )
    grey = RGB(0.5, 0.5, 0.5)
    split = Split("noise", "validation", train_images, evaluation, tuple("0123456789"), grey, grey)
    graph = parse(NETWORK.read_text(encoding="utf-8")).lower((3, SIDE, SIDE))
    before = peak()
    train(graph, split, Recipe(epochs=1, batch_size=4))
    sys.stdout.write(
        f"peak with the images read: {before:.2f} GiB; after training and evaluation: {peak():.2f} GiB\n"
    )


def peak() -> float:
    """Return the most memory that this process has had, in GiB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


if __name__ == "__main__":
    main()
