"""Arguments and options that several commands share, and the output forms behind them."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Any, TypeVar

import click

from archsearch.analysis.limits import ASSIGNMENT, Condition
from archsearch.errors import ArchsearchError, suggest
from archsearch.files import shipped
from archsearch.graph.shapes import Shape
from archsearch.notation.network import CLASSES, INPUT, Network, parse, read
from archsearch.notation.user_words import read_words
from archsearch.notation.vocabulary import VOCABULARY
from archsearch.notation.word import Vocabulary
from archsearch.space.grammar import parse_shape
from archsearch.table import render

Command = TypeVar("Command", bound=Callable[..., Any])


class _Shape(click.ParamType[Shape]):
    name = "CxHxW"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Shape:
        return value if isinstance(value, tuple) else parse_shape(str(value), "--input")


class _Limits(click.ParamType[Condition]):
    name = "condition"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Condition:
        return value if isinstance(value, Condition) else Condition.of(str(value), source="--limits")


input_option = click.option(
    "--input",
    "input_shape",
    type=_Shape(),
    default=INPUT,
    help="Shape of an image: channels, then its sizes. [3x32x32]",
)
classes_option = click.option(
    "--classes", type=click.IntRange(min=1), default=CLASSES, show_default=True, help="Number of classes."
)
limits_option = click.option(
    "--limits",
    type=_Limits(),
    help=f"What a network must hold. [those of the space; for a sentence: {ASSIGNMENT}]",
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


def network_at(target: str, vocabulary: Vocabulary) -> Network:
    """Return the network of a sentence, of a file with one, or of a shipped name such as `era_s9.net`."""
    path = Path(target)
    if is_space(target):
        remedy = "`archsearch sample` draws networks from a space"
        raise ArchsearchError(f"`{target}` is a space; one network is asked for", remedy=remedy)
    if "(" not in target and (path.suffix or len(path.parts) > 1):
        if not path.exists():
            found = shipped(".net")
            if target not in found:
                remedy = f"give a sentence, the path of a .net file or a shipped name; {suggest(target, found)}"
                raise ArchsearchError(f"there is no file `{target}`", remedy=remedy)
            path = found[target]
        return read(path, vocabulary)
    return parse(target, vocabulary=vocabulary)


def is_space(target: str) -> bool:
    """Whether a target is a space: a file of one, or the name of a shipped one."""
    return target.endswith(".space") or f"{target}.space" in shipped(".space")


def write_rows(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, as_json: bool, as_csv: bool, shown: Sequence[str]
) -> None:
    """Write rows with all `columns` for programs, with those `shown` as a table for people."""
    if as_json and as_csv:
        raise ArchsearchError("--json and --csv exclude each other", remedy="give one of them")
    if as_json:
        write_json([{name: row[name] for name in columns} for row in rows])
    elif as_csv:
        writer = csv.DictWriter(sys.stdout, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        filled = [name for name in shown if any(row[name] is not None for row in rows)]
        lines = render(filled or shown, [[row[name] for name in filled] for row in rows]).split("\n")
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        click.echo("\n".join(line[:width] for line in lines))


def write_json(value: object) -> None:
    """Write a value as JSON for programs."""
    click.echo(json.dumps(value, indent=2))
