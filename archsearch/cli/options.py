"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from pathlib import Path
from typing import Any, TypeVar

import click

from archsearch.analysis.limits import Limits
from archsearch.cli.data import data_options
from archsearch.cli.numbers import MOST, Number
from archsearch.cli.recipe import recipe_options
from archsearch.graph.shapes import Shape, parse_shape, shape_text
from archsearch.notation.network import CLASSES, INPUT
from archsearch.notation.user_words import read_words
from archsearch.notation.vocabulary import VOCABULARY
from archsearch.storage.url import DEFAULT
from archsearch.training.seed import LARGEST_SEED

Command = TypeVar("Command", bound=Callable[..., Any])


class _Shape(click.ParamType[Shape]):
    name = "shape"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Shape:
        return value if isinstance(value, tuple) else parse_shape(str(value), "--input")


class _Limits(click.ParamType[Limits]):
    name = "condition"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Limits:
        return value if isinstance(value, Limits) else Limits.of(str(value), source="--limits")


def limits_option(default: str) -> Callable[[Command], Command]:
    """Give a command the option --limits, whose help says what holds without it."""
    help_text = f"Limits on the figures of a network; '' for none. [{default}]"
    return click.option("--limits", type=_Limits(), metavar="CONDITION", help=help_text)


input_option = click.option(
    "--input",
    "input_shape",
    metavar="CxHxW",
    type=_Shape(),
    help=f"Shape of an image: channels, height, width. [{shape_text(INPUT)}]",
)
classes_option = click.option(
    "--classes", metavar="N", type=Number(1, MOST - 1), help=f"Number of classes. [{CLASSES}]"
)
words_option = click.option(
    "--words",
    "vocabulary",
    metavar="FILE",
    type=click.Path(path_type=Path),
    callback=lambda _context, _parameter, path: VOCABULARY if path is None else read_words(path),
    help="A Python file whose WORDS are added to the notation; its code runs.",
)
seed_option = click.option(
    "--seed", metavar="N", type=Number(0, LARGEST_SEED), default=0, show_default=True, help="Random seed."
)
storage_option = click.option(
    "--storage",
    metavar="URL",
    default=DEFAULT,
    show_default=True,
    help="Where results are kept, as an SQLAlchemy URL.",
)


def training_options(command: Callable[..., None], recipe: str = "fast") -> Callable[..., None]:
    """Give a command the options of data, recipe, words and storage; it takes the `recipe` as a value."""
    return data_options(recipe_options(words_option(storage_option(command)), recipe))


def examples(*lines: str) -> Callable[[Command], Command]:
    """Put examples at the end of a command's help."""

    def decorate(command: Command) -> Command:
        text = "\n".join(f"  archsearch {line}" for line in lines)
        command.__doc__ = f"{cleandoc(command.__doc__ or '')}\n\n\b\nExamples:\n{text}\n"
        return command

    return decorate
