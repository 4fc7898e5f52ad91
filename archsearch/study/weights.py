"""The files of weights of a study, beside its storage: those of the best are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import quote

from optuna.trial import FrozenTrial
from sqlalchemy.engine import make_url

from archsearch.errors import StudyError
from archsearch.storage.url import sqlite_file
from archsearch.study.ranking import distinct, ranked

SUFFIX, PREDICTIONS = ".safetensors", ".npz"
_RESULTS = Path("results")
_LONGEST = 100


@dataclass(frozen=True)
class WeightFiles:
    """A file for each network of a study, in training or kept; no folder for a storage in memory."""

    folder: Path | None
    keep: int

    def __post_init__(self) -> None:
        if self.keep < 0:
            raise StudyError(f"keep is {self.keep}; it must be at least 0", remedy="0 keeps the weights of none")

    @staticmethod
    def of(storage: str, study: str, keep: int) -> WeightFiles:
        """Return where a study keeps its weights: beside a SQLite file; for a server, in the folder `results`.

        `x.db` has the folder `x.weights`, and `x.sqlite` has `x.sqlite.weights`. Earlier versions made `x.weights`
        for both: `x.sqlite` keeps it where there is no `x.db`.

        >>> print(WeightFiles.of("sqlite:///results/archsearch.db", "era_s9", 5).path(12))
        results/archsearch.weights/era_s9/12.safetensors
        """
        url = make_url(storage)
        file = sqlite_file(url) if url.get_backend_name() == "sqlite" else _RESULTS / (url.database or "")
        if file is None:
            return WeightFiles(None, keep)
        names = file.name.removesuffix(".db"), file.stem
        folder, earlier = (file.with_name(f"{name}.weights") for name in names)
        if earlier.is_dir() and not file.with_suffix(".db").exists():
            folder = earlier
        return WeightFiles(folder / _folder_name(study), keep)

    def path(self, number: int) -> Path | None:
        """Return the file of a network."""
        return None if self.folder is None else self.folder / f"{number}{SUFFIX}"

    def predictions(self, number: int) -> Path | None:
        """Return the file of what a network says of the test images, beside its weights."""
        path = self.path(number)
        return path and predictions_of(path)

    def check(self) -> None:
        """Raise StudyError where no file can be made in the folder; it is made only for its first file."""
        if self.folder is None:
            return
        try:
            there = next(folder for folder in self.folder.absolute().parents if folder.exists())
            TemporaryFile(dir=self.folder if self.folder.exists() else there).close()
        except OSError as error:
            message = f"weights cannot be kept in `{self.folder}`: {error.strerror}"
            raise StudyError(message, remedy="fix that, or name another storage with --storage URL") from None

    def tidy(self, trials: Iterable[FrozenTrial]) -> None:
        """Remove the files of networks that are finished and not among the best, and what a killed run left."""
        if self.folder is None:
            return
        finished = [trial for trial in trials if trial.state.is_finished()]
        best = distinct(ranked(finished))[: self.keep]
        removed = {str(trial.number) for trial in finished} - {str(trial.number) for trial in best}
        for file in self.folder.glob(f"*{SUFFIX}*"):
            _, is_unfinished, number = file.name.partition(SUFFIX)[0].rpartition(".")
            if number in removed or (is_unfinished and number in {str(trial.number) for trial in finished}):
                file.unlink(missing_ok=True)

    def kept(self) -> list[Path]:
        """Return the files that there are."""
        return [] if self.folder is None else sorted(self.folder.glob(f"*{SUFFIX}"))


def predictions_of(weights: Path) -> Path:
    """Return the file for the predictions of the network whose weights are in another.

    >>> print(predictions_of(Path("3.safetensors")))
    3.npz
    """
    return weights.with_suffix(PREDICTIONS)


def _folder_name(study: str) -> str:
    """Return the name of a study as a folder can bear it: with a digest where it is too long, or is `..`.

    >>> _folder_name("a/b"), _folder_name("..")
    ('a%2Fb', '-5ec1f7e7')
    """
    name = quote(study, safe=" ")
    # Windows drops spaces and dots at the end of a name.
    if len(name) <= _LONGEST and name == name.strip(" ."):
        return name
    return f"{name[:_LONGEST].strip(' .')}-{hashlib.sha256(study.encode()).hexdigest()[:8]}"
