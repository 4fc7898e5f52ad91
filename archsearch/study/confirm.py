"""The chosen few of a study trained anew on all training images, over several seeds, and tested once each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial

from archsearch.analysis.limits import Verdict, check
from archsearch.data.dataset import Dataset
from archsearch.errors import ArchsearchError, StudyError
from archsearch.notation.network import Network, parse
from archsearch.notation.vocabulary import VOCABULARY
from archsearch.storage.database import opened, reading
from archsearch.storage.trials import TRAINED, candidates, state_of
from archsearch.storage.url import DEFAULT
from archsearch.study.budget import SEEDS, TOP
from archsearch.study.confirmation import Confirmation, Confirmed, Run
from archsearch.study.named import numbered
from archsearch.study.ranking import distinct, ranked
from archsearch.study.results import rows
from archsearch.study.single import Single
from archsearch.study.studies import SINGLE, confirmed, no_study, read_study, trials_by_study
from archsearch.study.study import Measurement, is_held_out
from archsearch.study.watch import Watch
from archsearch.training.batches import warn_of_few_steps
from archsearch.training.probe import kind_of
from archsearch.training.recipe import Recipe
from archsearch.training.train import check_trainable
from archsearch.training.wanted import Wanted

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from archsearch.data.dataset import Split
    from archsearch.notation.word import Vocabulary


@dataclass(frozen=True, eq=False)
class Chosen:
    """A network of a study, `name` as STUDY#NUMBER."""

    name: str
    network: Network
    verdict: Verdict


def confirm(
    study: str,
    dataset: Dataset,
    *,
    numbers: Sequence[int] = (),
    top: int = TOP,
    seeds: int = SEEDS,
    recipe: Recipe | None = None,
    wanted: Wanted | None = None,
    storage: str = DEFAULT,
    vocabulary: Vocabulary | None = None,
    watch: Watch | None = None,
) -> Confirmation:
    """Test the best `top` networks of a study, or those of the `numbers`, each trained on all training images.

    Each is trained once with each of the seeds 0 to `seeds` - 1, by a recipe (the shipped `long` by default), and
    measured on the test images after its last epoch only. Its rows belong to the study `STUDY confirmed`, which no
    search learns from; weights and predictions (.npz: `labels`, `logits`) are kept beside the storage. What
    has its row, be it a failure, is not trained again, and what was interrupted goes on from its last epoch. Each
    of two runs at once leaves out what the other has finished; what both are training then is trained twice.
    `dataset` has the images of the search; test images may have been added since. `vocabulary` is by default that
    of the study. Accuracies are in percent.

    Raises StudyError for a study or a row that is not there, has no result to confirm, or was measured on other
    images; DataError for a dataset without test images; TrainingError for images too small for the recipe,
    and where there is no such device as wanted.
    """
    for name, value in (("top", top), ("seeds", seeds)):
        if value < 1:
            raise ArchsearchError(f"{name} is {value}; it must be at least 1")
    recipe, wanted, watch = recipe or Recipe.find("long"), wanted or Wanted(), watch or Watch()
    with reading(storage) as engine:
        chosen = _chosen(engine, study, dataset, numbers, top, vocabulary)
    split = dataset.split("test")
    _check_possible(chosen, split, recipe, wanted)
    with opened(storage) as database:
        going = _Confirming(database, storage, study, dataset, split, recipe, wanted, watch)
        return going.go(chosen, range(seeds))


def _chosen(
    engine: Engine,
    study: str,
    dataset: Dataset,
    numbers: Sequence[int],
    top: int,
    vocabulary: Vocabulary | None,
) -> list[Chosen]:
    """Return what is to be confirmed, the best first, or in the order of the numbers."""
    by_study = trials_by_study(engine)
    if study not in by_study:
        raise no_study(study, by_study)
    found = candidates(by_study[study])
    trials = [numbered(study, found, number) for number in numbers] or found
    complete = [one for one in trials if _is_result(one)]
    if numbers and len(complete) < len(trials):
        raise _no_result(study, next(one for one in trials if one not in complete))
    digests = _digests(dataset, complete)
    on_data = [one for one in complete if one.user_attrs["data_digest"] in digests]
    if complete and (not on_data or (numbers and len(on_data) < len(complete))):
        raise _other_data(study, next(one for one in complete if one not in on_data), dataset)
    best = distinct(on_data) if numbers else distinct(ranked(on_data))[:top]
    if not best:
        message = f"study `{study}` has no network that was trained to the end on validation images"
        raise StudyError(message, remedy="let `archsearch search` train some first")
    if vocabulary is None:
        vocabulary = VOCABULARY if study == SINGLE else read_study(engine, study).space.vocabulary
    return [_read(study, trial, dataset, vocabulary) for trial in best]


def _check_possible(chosen: Iterable[Chosen], split: Split, recipe: Recipe, wanted: Wanted) -> None:
    """Raise TrainingError for images or a device with which nothing could be trained; warn of few steps."""
    for one in chosen:
        assert one.verdict.graph is not None
        check_trainable(one.verdict.graph, split, recipe)
    kind_of(wanted)
    warn_of_few_steps(len(split.train), recipe.batch_size)


def _is_result(trial: FrozenTrial) -> bool:
    """Whether a trial was trained, and measured on held-out images: the test images choose nothing."""
    return state_of(trial) in TRAINED and is_held_out(trial.user_attrs.get("split", ""))


def _no_result(study: str, trial: FrozenTrial) -> StudyError:
    state = "measured on test images" if state_of(trial) in TRAINED else state_of(trial)
    which = f"study = '{study}' and state = 'complete' and test_accuracy is none"
    return StudyError(
        f"row `{study}#{trial.number}` is {state}; what is confirmed was trained on validation images",
        remedy=f'choose one of: archsearch results --where "{which}"',
    )


def _digests(dataset: Dataset, trials: Iterable[FrozenTrial]) -> set[str]:
    """Return the digest of a dataset; where no trial has it, that of its images without the test images too."""
    if dataset.test is None or any(one.user_attrs["data_digest"] == dataset.digest for one in trials):
        return {dataset.digest}
    without = Dataset.of(dataset.name, dataset.classes, dataset.train, dataset.validation)
    return {dataset.digest, without.digest}


def _other_data(study: str, trial: FrozenTrial, dataset: Dataset) -> StudyError:
    kept = trial.user_attrs
    return StudyError(
        f"`{study}#{trial.number}` was measured on other images: those of `{kept['data']}` have the digest "
        f"{kept['data_digest']}, those of `{dataset.name}` {dataset.digest}",
        remedy="give the images of the search, with its --data and --size",
    )


def _read(study: str, trial: FrozenTrial, dataset: Dataset, vocabulary: Vocabulary) -> Chosen:
    name, kept = f"{study}#{trial.number}", trial.user_attrs
    remedy = "give the words that it was trained with, as --words FILE"
    try:
        network = parse(kept["sentence"], vocabulary=vocabulary)
    except ArchsearchError as error:
        raise StudyError(f"`{name}` cannot be read: {error.message}", remedy=remedy) from None
    verdict = check(network, input_shape=dataset.shape, classes=len(dataset.classes))
    if verdict.digest != kept["digest"]:
        message = f"`{name}` cannot be read: the words of its sentence stand for another network now"
        raise StudyError(message, remedy=remedy)
    return Chosen(name, network, verdict)


@dataclass(frozen=True, eq=False)
class _Confirming:
    """How the chosen networks are trained."""

    database: RDBStorage
    storage: str
    study: str
    dataset: Dataset
    split: Split
    recipe: Recipe
    wanted: Wanted
    watch: Watch

    def go(self, chosen: Sequence[Chosen], seeds: Sequence[int]) -> Confirmation:
        """Train what has no row yet: all networks with one seed, then with the next."""
        pairs = [(seed, one, self._single(one, seed)) for seed, one in product(seeds, chosen)]
        trials = {(seed, one.name): single.finished() for seed, one, single in pairs}
        done = sum(trial is not None for trial in trials.values())
        pairs[0][2].check()
        self.watch.started(confirmed(self.study), done, len(pairs))
        for number, (seed, one, single) in enumerate(pairs, 1):
            # Another run may have trained it by now.
            trial = trials[seed, one.name] or single.finished()
            if trial is None:
                self.watch.confirming(one.name, seed, number, len(pairs))
                self.watch.training(0, one.network, one.verdict, self.recipe.epochs)
                trial = single.attempt(self.split, self.wanted, self.watch)
                for row in rows(confirmed(self.study), [trial]):
                    self.watch.finished(row)
            # Also of an earlier run, which may have been killed between its row and this.
            single.keep(trial)
            trials[seed, one.name] = trial
        return Confirmation(
            tuple(_confirmed(one, {seed: self._run(trials[seed, one.name]) for seed in seeds}) for one in chosen)
        )

    def _single(self, one: Chosen, seed: int) -> Single:
        measurement = Measurement.on(self.dataset, self.split, self.recipe, seed)
        study = confirmed(self.study)
        return Single(self.database, self.storage, one.network, one.verdict, measurement, study, one.name)

    def _run(self, trial: FrozenTrial | None) -> Run:
        assert trial is not None
        [row] = rows(confirmed(self.study), [trial])
        return Run(row, trial.user_attrs.get("class_accuracy", {}))


def _confirmed(one: Chosen, runs: dict[int, Run]) -> Confirmed:
    return Confirmed(one.name, str(one.network), one.verdict.digest or "", one.verdict.figures, runs)
