"""A command line that click refuses, refused in our words: the rule with the value, then the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import click

from archsearch.cli.recipe import FieldOption
from archsearch.cli.streams import to_reader
from archsearch.errors import UsageError, suggest

PROGRAM = "archsearch"

_RECIPE = "Recipe, over --recipe (as in the recipe where not given)"


class Verb(click.Command):
    """A command whose refusals are ours; used as `click.command(cls=Verb)`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does; raises UsageError where click refuses."""
        try:
            with to_reader():
                _check_given_once(self, ctx, args)
                return super().parse_args(ctx, [*args])
        except click.UsageError as error:
            raise in_our_words(error, ctx, args) from None
        # Whoever read the help had enough of it.
        raise click.exceptions.Exit(0)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, those for the fields of a recipe in a section of their own."""
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        for of_recipe, title in ((False, "Options"), (True, _RECIPE)):
            shown = [one.get_help_record(ctx) for one in options if isinstance(one, FieldOption) is of_recipe]
            if records := [record for record in shown if record is not None]:
                with formatter.section(title):
                    formatter.write_dl(records)


def refuse_without_effect(reason: str, *names: str) -> None:
    """Raise UsageError, with a reason, if an option of the running command was given that has no effect here.

    `--compile` stands for `--no-compile` too.
    """
    context = click.get_current_context()
    for parameter in context.command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if given and parameter.opts[-1] in names:
            is_off = parameter.secondary_opts and context.params.get(name) is False
            option = (parameter.secondary_opts if is_off else parameter.opts)[-1]
            raise UsageError(f"`{option}` has no effect here: {reason}", remedy=f"leave out {option}")


def in_our_words(error: click.ClickException, context: click.Context, arguments: Sequence[str]) -> UsageError:
    """Return click's refusal of the arguments of a command as our error, whose remedy names the command's help.

    >>> command = click.Command("search", params=[click.Option(["--trials"])])
    >>> context = click.Context(command, info_name="archsearch search")
    >>> print(in_our_words(click.NoSuchOption("--trails"), context, ["--trails", "3"]))
    there is no option `--trails`
      did you mean `--trials`? See `archsearch search --help`
    """
    message, remedy = _explained(error, context, arguments)
    parting = "" if not remedy else " See " if remedy.endswith("?") else "; see "
    return UsageError(message, remedy=f"{remedy}{parting or 'see '}`{context.command_path} --help`")


def _check_given_once(command: click.Command, context: click.Context, arguments: Sequence[str]) -> None:
    """Raise UsageError for a condition that is given twice: both seem to hold, and the first would not.

    Of other options the last one counts, as everywhere.
    """
    _values, _rest, order = command.make_parser(context).parse_args([*arguments])
    for number, parameter in enumerate(order):
        if parameter.opts[-1] in {"--limits", "--where"} and parameter in order[:number]:
            message = f"`{parameter.opts[-1]}` is given twice"
            raise UsageError(message, remedy="join the conditions with a comma")


def _explained(error: click.ClickException, context: click.Context, arguments: Sequence[str]) -> tuple[str, str]:
    """Return what is wrong, and what to do if that can be said."""
    command = context.command
    match error:
        case click.NoSuchCommand(command_name=name) if isinstance(command, click.Group):
            return f"there is no command `{name}`", suggest(name, command.commands)
        case click.NoSuchOption(option_name=name):
            return _no_such_option(name, context, arguments)
        case click.BadOptionUsage(option_name=name):
            option = next(one for one in command.get_params(context) if name in _names(one))
            if isinstance(option, click.Option) and option.is_flag:
                return f"`{name}` takes no value", f"write {name} alone"
            return f"`{name}` needs a value", f"write {name} {option.make_metavar(context)}"
        case click.MissingParameter(param=click.Argument() as argument):
            return f"`{context.command_path}` needs a {argument.make_metavar(context)}", ""
        case click.BadParameter(param=click.Parameter() as parameter):
            values, _rest, _order = command.make_parser(context).parse_args([*arguments])
            value = values.get(parameter.name or "", "")
            return f"`{parameter.opts[-1]}` is {value or 'empty'}; it must be {_wanted(parameter.type)}", ""
        case _ if isinstance(command, click.Group):
            return f"`{context.command_path}` needs a COMMAND", ""
        case _:
            _values, rest, _order = command.make_parser(context).parse_args([*arguments])
            if rest:
                takes_one = any(isinstance(parameter, click.Argument) for parameter in command.params)
                remedy = "a sentence is one argument, in quotes" if takes_one else "it takes options only"
                return f"unexpected argument `{rest[0]}`", remedy
            return error.format_message().rstrip("."), ""


def _no_such_option(name: str, context: click.Context, arguments: Sequence[str]) -> tuple[str, str]:
    # Of `-trials`, click names no more than `-t`.
    written = next((one.partition("=")[0] for one in arguments if one.startswith(name)), name)
    message = f"there is no option `{written}`"
    if isinstance(context.command, click.Group):
        return message, "the options of a command come after it, as in archsearch check era_s9 --json"
    known = [option for parameter in context.command.get_params(context) for option in _names(parameter)]
    return message, suggest(written, [option for option in known if option.startswith("--")])


def _names(parameter: click.Parameter) -> list[str]:
    """Return all names of a parameter, `--no-` ones too."""
    return [*parameter.opts, *parameter.secondary_opts]


@runtime_checkable
class _Explained(Protocol):
    """A type of option that says what it takes."""

    @property
    def meaning(self) -> str: ...


def _wanted(kind: click.ParamType[object]) -> str:
    """Say what an option takes.

    >>> from archsearch.cli.numbers import Number
    >>> _wanted(Number(1, 100)), _wanted(Number(0, 1_000, whole=False))
    ('a whole number from 1 to 100', 'a number above 0, of at most 1,000')
    >>> _wanted(click.Choice(["validation", "test"])), _wanted(click.INT)
    ('one of validation, test', 'a whole number')
    """
    match kind:
        case click.Choice():
            return f"one of {', '.join(map(str, kind.choices))}"
        case _Explained():
            return kind.meaning
        case click.Path():
            return "a file that can be written"
        case _:
            return {"integer": "a whole number", "float": "a number"}.get(kind.name, f"a {kind.name}")
