"""What training reached: sums over the images of an epoch, and the epoch itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """What one epoch did: `epoch` counts from 1, accuracies are in percent.

    `learning_rate` is the one at its end. `train_loss` and `train_accuracy` are means over the augmented
    images of the epoch, while the network changed, with labels as the recipe smooths and mixes them; `loss` and
    `accuracy` are those of the evaluation images after it, None before the last epoch where these are the test
    images; `seconds` is the time that both took.
    `images_per_second` is of the training alone; None in results of version 0.1.
    """

    epoch: int
    learning_rate: float
    train_loss: float
    train_accuracy: float
    loss: float | None
    accuracy: float | None
    seconds: float
    images_per_second: float | None = None


@dataclass(frozen=True)
class Tally:
    """Loss and correct answers, summed over a number of images.

    >>> tally = Tally(loss_sum=6.0, correct=5, images=6)
    >>> tally.loss, round(tally.accuracy, 1)
    (1.0, 83.3)
    """

    loss_sum: float
    correct: float
    images: int

    @property
    def loss(self) -> float:
        """Mean loss of an image."""
        return self.loss_sum / self.images

    @property
    def accuracy(self) -> float:
        """Percent of the images that are classified correctly."""
        return 100 * self.correct / self.images
