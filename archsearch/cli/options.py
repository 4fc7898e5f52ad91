"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from pathlib import Path
from typing import Any, TypeVar

import click

from archsearch.analysis.limits import ASSIGNMENT, Limits
from archsearch.graph.shapes import Shape, parse_shape, shape_text
from archsearch.notation.network import CLASSES, INPUT
from archsearch.notation.user_words import read_words
from archsearch.notation.vocabulary import VOCABULARY
from archsearch.training.recipe import AUGMENTATIONS, Recipe

DATA_HELP = "A folder of images, or `digits`. [the variable ARCHSEARCH_DATA, else CIFAR-10, downloaded once]"


def training_options(command: Command) -> Command:
    """Give a command the options of data, recipe and storage."""
    for option in (
        storage_option,
        words_option,
        click.option(
            "--augmentation", type=click.Choice(AUGMENTATIONS), default=Recipe.augmentation, show_default=True
        ),
        click.option("--weight-decay", type=float, default=Recipe.weight_decay, show_default=True),
        click.option("--learning-rate", type=float, default=Recipe.learning_rate, show_default=True, help="Peak."),
        click.option("--batch-size", type=int, default=Recipe.batch_size, show_default=True),
        click.option("--epochs", type=int, default=Recipe.epochs, show_default=True),
        click.option("--data", metavar="PATH", help=DATA_HELP),
    ):
        command = option(command)
    return command


Command = TypeVar("Command", bound=Callable[..., Any])


class _Shape(click.ParamType[Shape]):
    name = "CxHxW"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Shape:
        return value if isinstance(value, tuple) else parse_shape(str(value), "--input")


class _Limits(click.ParamType[Limits]):
    name = "condition"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Limits:
        return value if isinstance(value, Limits) else Limits.of(str(value), source="--limits")


input_option = click.option(
    "--input",
    "input_shape",
    type=_Shape(),
    help=f"Shape of an image: channels, then its sizes. [{shape_text(INPUT)}]",
)
classes_option = click.option("--classes", type=click.IntRange(min=1), help=f"Number of classes. [{CLASSES}]")
limits_option = click.option(
    "--limits",
    type=_Limits(),
    help=f"What a network must hold; '' for nothing. [those of the space, else {ASSIGNMENT}]",
)
words_option = click.option(
    "--words",
    "vocabulary",
    metavar="FILE",
    type=click.Path(path_type=Path),
    callback=lambda _context, _parameter, path: VOCABULARY if path is None else read_words(path),
    help="A Python file whose WORDS are added to the notation; its code runs.",
)
seed_option = click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Random seed.")
storage_option = click.option(
    "--storage",
    metavar="URL",
    callback=lambda _context, _parameter, value: _default_storage() if value is None else value,
    help="Where studies are kept, as an SQLAlchemy URL. [sqlite:///results/archsearch.db]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON instead of text.")
csv_option = click.option("--csv", "as_csv", is_flag=True, help="Write CSV instead of text.")


def _default_storage() -> str:
    from archsearch.study.storage import DEFAULT

    return DEFAULT


def examples(*lines: str) -> Callable[[Command], Command]:
    """Put examples at the end of a command's help."""

    def decorate(command: Command) -> Command:
        text = "\n".join(f"  archsearch {line}" for line in lines)
        command.__doc__ = f"{cleandoc(command.__doc__ or '')}\n\n\b\nExamples:\n{text}\n"
        return command

    return decorate
