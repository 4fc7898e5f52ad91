"""The files of weights of a study, beside its storage: those of the best are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.engine import make_url

from archsearch.study.url import sqlite_file

SUFFIX = ".safetensors"
_RESULTS = Path("results")


@dataclass(frozen=True)
class WeightFiles:
    """A file for each network of a study, in training or kept; no folder for a storage in memory."""

    folder: Path | None
    keep: int

    @staticmethod
    def of(storage: str, study: str, keep: int) -> WeightFiles:
        """Return where a study keeps its weights: beside a SQLite file; for a server, in the folder `results`.

        >>> print(WeightFiles.of("sqlite:///results/archsearch.db", "era_s9", 5).path(12))
        results/archsearch.weights/era_s9/12.safetensors
        """
        url = make_url(storage)
        file = sqlite_file(url) if url.get_backend_name() == "sqlite" else _RESULTS / (url.database or "")
        if file is None:
            return WeightFiles(None, keep)
        return WeightFiles(file.with_name(f"{file.stem}.weights") / quote(study, safe=" "), keep)

    def path(self, number: int) -> Path | None:
        """Return the file of a network."""
        return None if self.folder is None else self.folder / f"{number}{SUFFIX}"

    def tidy(self, trials: Iterable[FrozenTrial]) -> None:
        """Remove the files of networks that are finished and not among the best."""
        if self.folder is None:
            return
        finished = [trial for trial in trials if trial.state.is_finished()]
        complete = [trial for trial in finished if trial.state is TrialState.COMPLETE]
        best = sorted(complete, key=lambda trial: (-(trial.value or 0), trial.number))[: self.keep]
        kept = {trial.number for trial in best}
        for trial in finished:
            if trial.number not in kept:
                (self.folder / f"{trial.number}{SUFFIX}").unlink(missing_ok=True)

    def kept(self) -> list[Path]:
        """Return the files that there are."""
        return [] if self.folder is None else sorted(self.folder.glob(f"*{SUFFIX}"))
