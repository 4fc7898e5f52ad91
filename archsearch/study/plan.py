"""The rungs of a search: many networks trained shortly, and the best of each rung longer on the next.

Each rung trains from the start, by a schedule of its own that is annealed to its end: what a network has reached
in the middle of a long schedule ranks it badly. That is why it is not Optuna's Hyperband, which prunes in the
middle of one training; and a network that goes on is a trial of its own, so that what comes next follows from the
rows alone.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from archsearch.study.budget import Budget

RUNGS = (2, 7, 15)
"""Epochs of the rungs, where nothing else is said."""

REDUCTION = 3
"""Of so many networks on a rung, one goes on to the next."""

_TIME = "the time is up"


def epochs_text(number: int) -> str:
    """Write so many epochs.

    >>> epochs_text(1), epochs_text(7)
    ('1 epoch', '7 epochs')
    """
    return f"{number} epoch{'s' if number > 1 else ''}"


def networks_text(number: int) -> str:
    """Write so many networks, as `epochs_text` does epochs."""
    return f"{number} network{'s' if number != 1 else ''}"


@dataclass(frozen=True)
class Plan:
    """How a budget is spent on rungs of so many epochs each.

    Of `trials` networks on the first rung, a third goes on to each further one, at least one. Of `hours`, a rung
    may use up the share that such thirds would need, and what the rungs before it have left. Where several runs
    train one study, their times add up.

    >>> Plan((2, 7, 15), Budget(trials=20)).networks
    (20, 7, 2)
    >>> print(*Plan((2, 7, 15), Budget(hours=1)).shares)
    1/3 13/18 1
    """

    epochs: tuple[int, ...]
    budget: Budget

    @property
    def networks(self) -> tuple[int, ...] | None:
        """How many networks each rung trains; None where only the time says it."""
        trials = self.budget.trials
        if trials is None:
            return None
        return tuple(max(1, round(trials / REDUCTION**rung)) for rung in range(len(self.epochs)))

    @property
    def shares(self) -> tuple[Fraction, ...]:
        """The part of the hours after which each rung begins no further network."""
        costs = [Fraction(epochs, REDUCTION**rung) for rung, epochs in enumerate(self.epochs)]
        return tuple(cost / sum(costs) for cost in accumulate(costs))

    def is_open(self, rung: int, begun: int, seconds: float, clock: float, later: float = 0.0) -> bool:
        """Whether a rung on which so many networks were begun may begin another, of so many `seconds`.

        `clock` are the seconds that the study has taken, `later` those of them that went into later rungs, when
        there was less time. The first of a rung may take longer than what is left of its share.
        """
        if not self.has_room(rung, begun, clock):
            return False
        if self.budget.hours is None or begun == 0:
            return True
        whole = 3600 * Fraction(self.budget.hours)
        return clock + seconds <= whole and clock - later + seconds <= self.shares[rung] * whole

    def has_room(self, rung: int, begun: int, clock: float) -> bool:
        """Whether a rung with so many networks has room for another after `clock` seconds, however long it is."""
        if self.networks is not None and begun >= self.networks[rung]:
            return False
        return self.budget.hours is None or clock < 3600 * self.budget.hours

    def stated(self, seconds_an_epoch: float) -> tuple[int, ...]:
        """Return how many networks each rung will train, if an epoch takes so long for each.

        >>> Plan((2, 7, 15), Budget(hours=2)).stated(seconds_an_epoch=70)
        (17, 5, 2)
        """
        clock, trained = 0.0, list[int]()
        for rung, epochs in enumerate(self.epochs):
            before, number, seconds = trained[-1:], 0, epochs * seconds_an_epoch
            while [number] != before and self.is_open(rung, number, seconds, clock):
                number, clock = number + 1, clock + seconds
            trained.append(number)
        return tuple(trained)

    def __str__(self) -> str:
        """Say what each rung trains.

        >>> print(Plan((2, 7, 15), Budget(trials=20)))
        20 networks for 2 epochs, the best 7 of them for 7, the best 2 for 15
        >>> print(Plan((2, 7), Budget(trials=20, hours=2)))
        20 networks for 2 epochs until 55 min, the best 7 of them for 7 until 120 min
        >>> print(Plan((1, 7), Budget(hours=2)))
        networks for 1 epoch until 36 min, the best of them for 7 until 120 min
        """
        parts = []
        for rung, epochs in enumerate(self.epochs):
            number = None if self.networks is None else self.networks[rung]
            if rung == 0:
                text = f"{'networks' if number is None else networks_text(number)} for {epochs_text(epochs)}"
            else:
                which = "the best" if number is None else f"the best {number}"
                text = f"{which}{' of them' if rung == 1 else ''} for {epochs}"
            if self.budget.hours is not None:
                text += f" until {60 * self.budget.hours * float(self.shares[rung]):.0f} min"
            parts.append(text)
        return ", ".join(parts)

    def ended(self, trained: Sequence[int]) -> str:
        """Say why no further network begins, after so many were trained on each rung.

        >>> Plan((2, 7, 15), Budget(trials=9)).ended([9, 3, 1])
        'the plan is done: 9 networks were trained for 2 epochs, 3 for 7, 1 for 15'
        >>> Plan((8,), Budget(trials=3)).ended([3])
        '3 of 3 networks are trained'
        >>> Plan((8,), Budget(hours=1)).ended([1])
        'the time is up: 1 network is trained'
        """
        first, *others = trained
        done = self.networks is not None and all(map(operator.ge, trained, self.networks))
        if done and not others:
            return f"{first} of {self.budget.trials} networks are trained"
        why = "the plan is done" if done else "no network is left to go on" if self.budget.hours is None else _TIME
        if not others:
            return f"{why}: {networks_text(first)} {'is' if first == 1 else 'are'} trained"
        were = f"{networks_text(first)} {'was' if first == 1 else 'were'}"
        texts = [f"{were} trained for {epochs_text(self.epochs[0])}"]
        texts += [f"{number} for {epochs}" for number, epochs in zip(others, self.epochs[1:], strict=True)]
        return f"{why}: {', '.join(texts)}"
