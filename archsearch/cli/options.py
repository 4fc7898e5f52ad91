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
from archsearch.graph.inputs import GivenInputs, Inputs, InputTensor
from archsearch.graph.shapes import shape_text
from archsearch.notation.network import CLASSES, INPUT
from archsearch.notation.user_words import read_words
from archsearch.notation.vocabulary import VOCABULARY
from archsearch.storage.url import DEFAULT
from archsearch.training.seed import LARGEST_SEED

Command = TypeVar("Command", bound=Callable[..., Any])


class _Input(click.ParamType[InputTensor]):
    name = "shape"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> InputTensor:
        return value if isinstance(value, InputTensor) else InputTensor.of(str(value), "--input")


def _inputs(
    _context: click.Context, _parameter: click.Parameter, given: tuple[InputTensor, ...]
) -> GivenInputs | None:
    """Return nothing, a shape, or inputs by name; of several without a name the last one counts."""
    if not given or any(one.name for one in given):
        return Inputs.joined(given, "--input") if given else None
    return given[-1].shape if given[-1].dtype == "float" else Inputs(given[-1:])


class _Limits(click.ParamType[Limits]):
    name = "condition"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Limits:
        return value if isinstance(value, Limits) else Limits.of(str(value), source="--limits")


def limits_option(default: str) -> Callable[[Command], Command]:
    """Give a command the option --limits, whose help says what holds without it."""
    help_text = f"Limits on the figures of a network; '' for none. [{default}]"
    return click.option("--limits", type=_Limits(), metavar="CONDITION", help=help_text)


_input_option = click.option(
    "--input",
    "input_shape",
    metavar="CxHxW",
    type=_Input(),
    multiple=True,
    callback=_inputs,
    help=f"Shape of an image: channels, height, width. [{shape_text(INPUT)}] For a torch module with several"
    " inputs NAME=SHAPE for each, the image first; where it holds whole numbers, SHAPE:int.",
)
_output_name_option = click.option(
    "--output",
    "output_name",
    metavar="NAME",
    help="The output of a torch module which rf is for. [out, else the first]",
)
_classes_option = click.option(
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


def subject_options(command: Command) -> Command:
    """Give a command the options that `targets.resolve` and `targets.for_output` take, beside what is named."""
    return _input_option(_output_name_option(_classes_option(words_option(storage_option(command)))))


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
