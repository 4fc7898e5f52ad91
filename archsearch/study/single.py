"""One network trained by itself, as `archsearch train` does, and its row in the study of such networks."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial

from archsearch.analysis.limits import Verdict
from archsearch.errors import TrainingError
from archsearch.notation.condition import ColumnValue
from archsearch.notation.network import Network
from archsearch.study import record
from archsearch.study.job import Job
from archsearch.study.kept import KeptStudy
from archsearch.study.studies import SINGLE, single_study
from archsearch.study.study import Measurement
from archsearch.study.training import training_score
from archsearch.study.watch import Watch
from archsearch.study.weights import SUFFIX, WeightFiles
from archsearch.training.history import Epoch

if TYPE_CHECKING:
    from archsearch.data.dataset import Split
    from archsearch.training.wanted import Wanted


@dataclass(frozen=True, eq=False)
class Single:
    """A network that fits, to be trained by itself; `url` is that of its storage."""

    storage: RDBStorage
    url: str
    network: Network
    verdict: Verdict
    measurement: Measurement

    @property
    def weights(self) -> Path | None:
        """The file for its checkpoint and weights; no two trainings share one."""
        folder = WeightFiles.of(self.url, SINGLE, keep=0).folder
        key = repr((self.verdict.digest, *self.measurement.key))
        return folder and folder / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}{SUFFIX}"

    def check(self, path: Path | None) -> None:
        """Raise an error where the checkpoint cannot be written, or the weights to a file of the user's."""
        WeightFiles.of(self.url, SINGLE, keep=0).check()
        if path is None:
            return
        try:
            TemporaryFile(dir=path.parent).close()
        except OSError as error:
            message = f"the weights cannot be written to `{path}`: {error.strerror}"
            raise TrainingError(message, remedy="name a file in a folder where you may write") from None

    def known(self) -> tuple[str, FrozenTrial] | None:
        """Return study and trial of what was measured in just this way, if there is one."""
        return record.known_results(self.storage.engine, self.measurement).get(self.verdict.digest or "")

    def train(self, split: Split, wanted: Wanted, watch: Watch) -> tuple[str, FrozenTrial]:
        """Train the network, or go on training it; return study and trial of its row, which is written if new.

        Raises what `archsearch.training.train.train` raises.
        """
        assert self.verdict.graph is not None
        history: list[Epoch] = []
        columns: dict[str, ColumnValue] = {}
        recipe, seed = self.measurement.recipe, self.measurement.seed

        def report(epoch: Epoch) -> None:
            history.append(epoch)
            watch.epoch(0, epoch)

        job = Job(
            self.network,
            self.verdict.graph,
            report=report,
            step=watch.step,
            note=columns.update,
            say=watch.said,
            remember=self._remember,
            weights=self.weights,
        )
        training_score(split, recipe, seed, wanted)(job)
        if known := self.known():
            return known
        return SINGLE, record.add(self.storage, self.network, self.verdict, self.measurement, history, columns)

    def hand_over(self, path: Path | None) -> None:
        """Move the weights to a file, or remove them; raises TrainingError where that file cannot be written."""
        if self.weights is None:
            return
        if path is None:
            self.weights.unlink(missing_ok=True)
            return
        try:
            shutil.move(self.weights, path)
        except OSError as error:
            remedy = f"they are in `{self.weights}`"
            raise TrainingError(f"the weights cannot be written to `{path}`: {error}", remedy=remedy) from None

    def _remember(self, key: str, make: Callable[[], dict[str, Any]]) -> Mapping[str, Any]:
        """Keep something for this network and recipe alone: the study has others."""
        own = f"{key}, {self.verdict.digest}, {self.measurement.recipe.digest}"
        return KeptStudy(self.storage.engine, single_study(self.storage)).remember(own, make)
