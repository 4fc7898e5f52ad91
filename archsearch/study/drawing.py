"""Networks drawn for a study before its sampler has learnt, and where it finds none that fits or is new."""

from __future__ import annotations

from dataclasses import dataclass, field

from archsearch.errors import ArchsearchError
from archsearch.storage.kept import KeptStudy
from archsearch.study.draws import Draws, FairDraws, draws
from archsearch.study.fitting import Fitting
from archsearch.study.rungs import Rungs
from archsearch.study.study import Study
from archsearch.study.watch import Watch

_ENOUGH = 100_000
"""Where no time ends the search, it draws no more after so many networks of which none is new and fits."""

_PORTION, _SAID = 500, 5_000
"""So many networks are drawn between two looks at the clock, and between two words on it."""


@dataclass
class Drawing:
    """Draws for the first rung of a study, as long as that is open: only what fits, where that was counted.

    Then the `first` networks are drawn in any case. `ended` says why no network is left to draw, and `remedy` what
    to do.
    """

    study: Study
    kept: KeptStudy
    rungs: Rungs
    watch: Watch
    fitting: Fitting | None = None
    first: float = 0
    ended: str = ""
    remedy: str | None = None
    draws: Draws | FairDraws = field(init=False)
    _ahead: dict[str, str] | None = None

    def __post_init__(self) -> None:
        self.draws = draws(self.study.space, self.study.measurement.seed, self.fitting)

    @property
    def comes_first(self) -> bool:
        """Whether the next network is drawn because too few are trained to learn from."""
        return self.fitting is not None and self.rungs.trained[0] < self.first

    def begin(self) -> None:
        """Look for the first network to draw; raises ArchsearchError if no network of the space fits."""
        self._ahead = self.next()

    def next(self) -> dict[str, str] | None:
        """Return the choices of a network that fits and was not tried, or None where the rung ends.

        Raises ArchsearchError if no network of the space fits.
        """
        if self._ahead is not None:
            found, self._ahead = self._ahead, None
            return found
        begun = self.draws.looked_at
        while self.rungs.may_propose:
            choices = self.draws.find(self.kept, _PORTION)
            if choices is not None:
                return choices
            looked_at = self.draws.looked_at - begun
            has_time = self.rungs.plan.budget.hours is not None
            if self.draws.is_exhausted or (not has_time and looked_at >= _ENOUGH):
                self._give_up(looked_at)
            elif looked_at % _SAID == 0:
                self.watch.drawing(looked_at)
        return None

    def _give_up(self, looked_at: int) -> None:
        drawn, name = self.draws, self.study.space.name
        remedy = "loosen the limits, or let the space derive other networks"
        if drawn.is_exhausted and not drawn.fitted:
            raise ArchsearchError(f"no network of `{name}` fits: {drawn}", remedy=remedy)
        self.rungs.is_exhausted = True
        if drawn.is_exhausted:
            self.ended = f"every network of `{name}` that fits was tried"
        elif drawn.fitted:
            self.ended = f"no further network was found: none of the {looked_at:,} drawn is new and fits"
        else:
            self.ended = f"no network of `{name}` was found that fits: {drawn}"
            self.remedy = f"{remedy}; with --hours, the search draws on"
