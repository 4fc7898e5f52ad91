"""The options that say how a search spends its budget: rungs, and the plan without the search."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

import click

from archsearch.cli.usage import refuse_without_effect
from archsearch.study.plan import RUNGS
from archsearch.training.fields import LARGEST


class Rungs(click.ParamType[tuple[int, ...]]):
    """Epochs of rungs, rising, with commas between."""

    name = "epochs"
    meaning = f"whole numbers from 1 to {LARGEST:,} that rise, as in {','.join(map(str, RUNGS))}"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if not re.fullmatch(r"[0-9]{1,7}(\s*,\s*[0-9]{1,7})*", str(value), re.ASCII):
            self.fail("", param, ctx)
        epochs = tuple(map(int, str(value).split(",")))
        rise = [*epochs] == sorted({*epochs}) and epochs[0] >= 1 and epochs[-1] <= LARGEST
        return epochs if rise else self.fail("", param, ctx)


def rungs_option(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --rungs, and hand it the epochs of the `rungs`: one where --recipe or --epochs says them."""

    @click.option(
        "--rungs",
        metavar="N,N,...",
        type=Rungs(),
        help="Train networks for the first N epochs, the best third of them anew for the next N, and so on. "
        f"[{','.join(map(str, RUNGS))}; with --recipe or --epochs, only theirs]",
    )
    @functools.wraps(command)
    def with_rungs(*arguments: object, rungs: tuple[int, ...] | None, **options: object) -> None:
        context = click.get_current_context()
        if rungs is not None:
            refuse_without_effect("the last of the rungs says it", "--epochs")
        says_epochs = _is_given(context, "epochs") or _is_given(context, "recipe")
        command(*arguments, rungs=rungs or (None if says_epochs else RUNGS), **options)

    return with_rungs


def _is_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) not in {None, click.core.ParameterSource.DEFAULT}
