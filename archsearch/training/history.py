"""What training reached, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """What one epoch did: `epoch` counts from 1, accuracies are in percent.

    `learning_rate` is the one at its end. `train_loss` and `train_accuracy` are means over the augmented
    images of the epoch, while the network changed; `loss` and `accuracy` are those of the evaluation images
    after it, None before the last epoch where these are the test images; `seconds` is the time that both took.
    """

    epoch: int
    learning_rate: float
    train_loss: float
    train_accuracy: float
    loss: float | None
    accuracy: float | None
    seconds: float
