"""The search that trains: networks of a space, on the validation split of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from archsearch.errors import ArchsearchError
from archsearch.graph.shapes import shape_text
from archsearch.notation.network import Network
from archsearch.space.checks import START
from archsearch.space.space import Space
from archsearch.storage.url import DEFAULT
from archsearch.study.budget import KEEP, Budget
from archsearch.study.loop import run
from archsearch.study.outcome import Outcome
from archsearch.study.plan import RUNGS
from archsearch.study.propose import PROPOSALS, SAMPLERS
from archsearch.study.study import Measurement, Study
from archsearch.study.training import training_score
from archsearch.study.watch import Watch
from archsearch.training.augmentation import check_size
from archsearch.training.batches import warn_of_few_steps
from archsearch.training.calibration import calibrate
from archsearch.training.recipe import Recipe

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

    from archsearch.data.dataset import Dataset, Split
    from archsearch.training.wanted import Wanted


def search(
    space: Space,
    dataset: Dataset,
    *,
    recipe: Recipe | None = None,
    rungs: Sequence[int] | None = None,
    trials: int | None = None,
    hours: float | None = None,
    minutes_each: float | None = None,
    keep: int = KEEP,
    wanted: Wanted | None = None,
    storage: str = DEFAULT,
    study: str | None = None,
    seed: int = 0,
    watch: Watch | None = None,
    start: Network | Sequence[Network] = (),
    sampler: BaseSampler | str = SAMPLERS[0],
    proposals: str = PROPOSALS[0],
    pruner: BasePruner | None = None,
) -> Outcome:
    """Train networks of a space that fit its limits; return the rows of the study and why it ended.

    Networks are measured on a part of the training images held out, never on the test images. `rungs` are epochs:
    many networks are trained for the first, the best third of them anew for the next, and so on; without rungs,
    all are trained for those of the recipe. `trials` is the number of networks that the study shall have trained
    on the first rung, earlier runs included; `hours` is the time that the study shall take, earlier runs included,
    and `minutes_each` that after which a network is given up. The weights of the best `keep` are kept beside the
    storage. `wanted` says which device, precision and threads; what it leaves open is measured with the first
    network of the study on this machine. `recipe` is the shipped `fast` by default. `start` is a network, or
    several, to be trained first, unless the study has it already. If a limit names seconds, the machine is
    calibrated when the study begins. `sampler` is `tpe`, `random`, `gp`, `nsga2`, `evolution` or one of Optuna's,
    and `pruner` is Optuna's. By `proposals`, only what can still fit is proposed (`fitting`), or whatever the
    sampler says, of which the unfit is refused (`plain`). Accuracy is in percent.

    Raises what `run` raises, and ArchsearchError for a space whose networks are not made for the data, and for
    images too small for the recipe's augmentation.
    """
    split = dataset.split("validation")
    begun = study_of(space, dataset, split, recipe, rungs, seed, study)
    batch_size = begun.measurement.recipe.batch_size
    warn_of_few_steps(len(split.train), batch_size)
    return run(
        begun,
        training_score(split, seed, wanted),
        Budget(trials, hours, minutes_each),
        storage=storage,
        keep=keep,
        watch=watch,
        start=[start] if isinstance(start, Network) else start,
        sampler=sampler,
        proposals=proposals,
        pruner=pruner,
        calibrate=lambda: calibrate(wanted, batch_size),
    )


def study_of(
    space: Space,
    dataset: Dataset,
    split: Split,
    recipe: Recipe | None,
    rungs: Sequence[int] | None,
    seed: int,
    name: str | None = None,
) -> Study:
    """Return the study that `search` begins, and raise what it raises for space and images."""
    space = made_for(dataset, space)
    recipe, rungs = recipe_and_rungs(recipe, rungs)
    check_size(recipe.augmentation, dataset.shape[1:], recipe.cutout)
    return Study(space.name if name is None else name, space, Measurement.on(dataset, split, recipe, seed), rungs)


def recipe_and_rungs(recipe: Recipe | None, rungs: Sequence[int] | None) -> tuple[Recipe, tuple[int, ...]]:
    """Return the recipe of the last rung, and the epochs of all: `fast` on RUNGS by default.

    >>> recipe_and_rungs(Recipe(epochs=8), None)[1], recipe_and_rungs(None, None)[1]
    ((8,), (2, 7, 15))
    """
    if rungs is None:
        rungs = RUNGS if recipe is None else (recipe.epochs,)
    recipe = recipe or Recipe.find("fast")
    return (replace(recipe, epochs=rungs[-1]) if rungs else recipe), tuple(rungs)


def made_for(dataset: Dataset, space: Space) -> Space:
    """Return a space whose input and classes are those of a dataset.

    Raises ArchsearchError for a space whose networks do not classify, or that states other input or classes.
    """
    if not space.classifies:
        message = f"not every network of `{space.name}` classifies"
        raise ArchsearchError(message, remedy=f"let the rule `{START}` end with head()")
    space = space.made_for(dataset.shape, len(dataset.classes))
    for name, stated, found in (
        ("input", shape_text(space.input), shape_text(dataset.shape)),
        ("classes", str(space.classes), str(len(dataset.classes))),
    ):
        if stated != found:
            message = f"the space `{space.name}` states {name} {stated}; the data `{dataset.name}` has {found}"
            raise ArchsearchError(message, remedy=f"remove the line `{name}` from the space: it follows the data")
    return space
