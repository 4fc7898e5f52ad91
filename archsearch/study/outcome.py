"""What a search has come to: its table and why it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archsearch.storage.trials import TRAINED
from archsearch.study.columns import ResultRow
from archsearch.study.correlation import Correlation
from archsearch.study.results import frame

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Outcome:
    """The rows of the study, why the search ended, and what to do where that was neither budget nor space.

    `correlations` say how well each rung ranks the networks that went on to the next.
    """

    rows: tuple[ResultRow, ...]
    ended: str
    remedy: str | None = None
    correlations: tuple[Correlation, ...] = ()

    @property
    def has_trained(self) -> bool:
        """Whether a network of the study was trained to a result, in this run or an earlier one."""
        return any(row["state"] in TRAINED for row in self.rows)

    def frame(self) -> pd.DataFrame:
        """Return the rows as a pandas DataFrame, a column for each of COLUMNS."""
        return frame(self.rows)
