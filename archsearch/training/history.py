"""What training reached: sums over the images of an epoch, and the epoch itself."""

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


@dataclass(frozen=True)
class Tally:
    """Loss and correct answers, summed over a number of images.

    >>> both = Tally().plus(mean_loss=2.0, correct=1, images=2).plus(mean_loss=0.5, correct=4, images=4)
    >>> both.loss, round(both.accuracy, 1)
    (1.0, 83.3)
    """

    loss_sum: float = 0.0
    correct: int = 0
    images: int = 0

    @property
    def loss(self) -> float:
        """Mean loss of an image."""
        return self.loss_sum / self.images

    @property
    def accuracy(self) -> float:
        """Percent of the images that are classified correctly."""
        return 100 * self.correct / self.images

    def plus(self, mean_loss: float, correct: int, images: int) -> Tally:
        """Return the sums with those of another batch."""
        return Tally(self.loss_sum + mean_loss * images, self.correct + correct, self.images + images)
