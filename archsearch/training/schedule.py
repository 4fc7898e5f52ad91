"""How the learning rate runs over a training, as a share of its peak."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping


def one_cycle(done: float, *, warmup: float) -> float:
    """Half a cosine up during the warm-up, then half a cosine down to 0.

    >>> [round(one_cycle(done, warmup=0.25), 3) for done in (0, 0.125, 0.25, 0.625, 1)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    phase = done / warmup if done < warmup else (1 - done) / (1 - warmup)
    return (1 - math.cos(math.pi * phase)) / 2


def cosine(done: float, *, warmup: float) -> float:
    """A straight line up during the warm-up, then half a cosine down to 0.

    >>> [round(cosine(done, warmup=0.5), 3) for done in (0, 0.25, 0.5, 0.75, 1)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    return done / warmup if done < warmup else one_cycle(done, warmup=warmup)


def constant(done: float, *, warmup: float, cooldown: float) -> float:
    """A straight line up during the warm-up, the peak, and a straight line down to 0 during the cool-down.

    Up to the cool-down the rates do not depend on how it goes on: with more epochs, the training only gets longer.

    >>> [round(constant(done, warmup=0.1, cooldown=0.2), 3) for done in (0, 0.05, 0.1, 0.8, 0.9, 1)]
    [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    """
    rise = done / warmup if done < warmup else 1.0
    return min(rise, (1 - done) / cooldown) if cooldown else rise


def steps(done: float, *, epochs: int, step_epochs: int, step_factor: float) -> float:
    """The peak, multiplied by a factor after every so many epochs.

    >>> [steps(done, epochs=25, step_epochs=8, step_factor=0.5) for done in (0.01, 0.32, 0.33, 0.99)]
    [1.0, 1.0, 0.5, 0.125]
    """
    # At the very end of an epoch it is still that epoch's.
    return float(step_factor ** max(0, math.ceil(round(done * epochs, 6) / step_epochs) - 1))


SCHEDULES: Mapping[str, tuple[Callable[..., float], tuple[str, ...]]] = {
    "one_cycle": (one_cycle, ("warmup",)),
    "cosine": (cosine, ("warmup",)),
    "constant": (constant, ("warmup", "cooldown")),
    "steps": (steps, ("epochs", "step_epochs", "step_factor")),
}
"""Each with the fields of a recipe that it takes."""
