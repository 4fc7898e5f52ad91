"""One network trained by itself, as `archsearch train` and `confirm` do, and its row in a study of such."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from archsearch.analysis.limits import Verdict
from archsearch.errors import TrainingError
from archsearch.notation.network import Network
from archsearch.storage.kept import KeptStudy
from archsearch.study import record
from archsearch.study.job import Job
from archsearch.study.studies import SINGLE, single_study
from archsearch.study.study import Measurement
from archsearch.study.training import training
from archsearch.study.watch import Watch
from archsearch.study.weights import SUFFIX, WeightFiles, predictions_of
from archsearch.training.history import Epoch
from archsearch.training.predict import class_accuracy, predict, save_predictions

if TYPE_CHECKING:
    from archsearch.data.dataset import Split
    from archsearch.training.wanted import Wanted


@dataclass(frozen=True, eq=False)
class Single:
    """A network that fits, to be trained by itself; `url` is that of its storage.

    `study` keeps its row. Where it `confirms` the result of a search, that is a column of the row.
    """

    storage: RDBStorage
    url: str
    network: Network
    verdict: Verdict
    measurement: Measurement
    study: str = SINGLE
    confirms: str | None = None

    @property
    def files(self) -> WeightFiles:
        """Where its study keeps weights."""
        return WeightFiles.of(self.url, self.study, keep=0)

    @property
    def weights(self) -> Path | None:
        """The file for its checkpoint and weights; no two trainings share one."""
        folder = self.files.folder
        key = repr((self.verdict.digest, *self.measurement.key))
        return folder and folder / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}{SUFFIX}"

    def check(self, path: Path | None = None) -> None:
        """Raise an error where the checkpoint cannot be written, or the weights to a file of the user's."""
        self.files.check()
        if path is None:
            return
        try:
            TemporaryFile(dir=path.parent).close()
        except OSError as error:
            message = f"the weights cannot be written to `{path}`: {error.strerror}"
            raise TrainingError(message, remedy="name a file in a folder where you may write") from None

    def known(self) -> tuple[str, FrozenTrial] | None:
        """Return study and trial of what was measured in just this way, in any study, if there is one."""
        return record.known_results(self.storage.engine, self.measurement).get(self.verdict.digest or "")

    def finished(self) -> FrozenTrial | None:
        """Return the trial of its row in its study, if there is one: complete or failed."""
        return record.finished(self.storage.engine, self.study, self.verdict.digest, self.measurement)

    def train(self, split: Split, wanted: Wanted, watch: Watch) -> tuple[str, FrozenTrial]:
        """Train the network, or go on training it; return study and trial of its row, which is written if new.

        Raises what `archsearch.training.train.train` raises.
        """
        kept = self._described()
        self._train(split, wanted, watch, kept)
        return self.known() or (self.study, record.add(self.storage, self.study, kept))

    def attempt(self, split: Split, wanted: Wanted, watch: Watch) -> FrozenTrial:
        """Train the network, or go on training it; return its row, with the reason where it failed."""
        kept, state = self._described(), TrialState.COMPLETE
        try:
            self._train(split, wanted, watch, kept)
        except TrainingError as error:
            kept["reason"], state = error.message, TrialState.FAIL
        return self.finished() or record.add(self.storage, self.study, kept, state)

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

    def keep(self, trial: FrozenTrial) -> None:
        """Give weights and predictions the number of their row; what a network that failed has left is removed."""
        weights = self.weights
        if weights is None:
            return
        for file, kept in (
            (weights, self.files.path(trial.number)),
            (predictions_of(weights), self.files.predictions(trial.number)),
        ):
            if trial.state is TrialState.FAIL:
                file.unlink(missing_ok=True)
            elif kept is not None:
                with suppress(FileNotFoundError):  # kept before
                    file.replace(kept)

    def _described(self) -> dict[str, Any]:
        confirms = {} if self.confirms is None else {"confirms": self.confirms}
        return {**record.describe(self.network, self.verdict, self.measurement), **confirms, "history": []}

    def _train(self, split: Split, wanted: Wanted, watch: Watch, kept: dict[str, Any]) -> None:
        """Train the network, and write into `kept` what its row shall say of that as it becomes known."""
        assert self.verdict.graph is not None

        def report(epoch: Epoch) -> None:
            kept["history"].append(asdict(epoch))
            watch.epoch(0, epoch)

        job = Job(
            self.network,
            self.verdict.graph,
            self.measurement.recipe,
            report=report,
            step=watch.step,
            note=kept.update,
            say=watch.said,
            remember=self._remember,
            weights=self.weights,
        )
        trained = training(split, self.measurement.seed, wanted)(job)
        if self.confirms is None:
            return
        logits, labels = predict(trained, split), split.evaluation.labels
        kept["class_accuracy"] = class_accuracy(logits, labels, split.classes)
        if self.weights is not None:
            save_predictions(predictions_of(self.weights), logits, labels)

    def _remember(self, key: str, make: Callable[[], dict[str, Any]]) -> Mapping[str, Any]:
        """Keep something for this network and recipe alone: the study has others."""
        own = f"{key}, {self.verdict.digest}, {self.measurement.recipe.digest}"
        return KeptStudy(self.storage.engine, single_study(self.storage, self.study)).remember(own, make)
