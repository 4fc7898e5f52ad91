"""The command line, a file for each verb; a verb imports what is slow to import when it runs."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Callable
from functools import partial

import click

from archsearch.cli import (
    analyze,
    calibrate,
    check,
    confirm,
    explain,
    quickstart,
    recipes,
    results,
    sample,
    search,
    signals,
    streams,
    train,
)
from archsearch.cli.usage import PROGRAM, in_our_words
from archsearch.errors import ArchsearchError
from archsearch.storage.url import secrets_hidden


class Program(click.Group):
    """All commands; the help is shown to a reader who may stop."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does, which writes the help and the version."""
        with streams.to_reader():
            return super().parse_args(ctx, args)
        raise click.exceptions.Exit(0)


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="archsearch")
def archsearch() -> None:
    """Find the most accurate convolutional network that fits a hard budget.

    Exit status: 0 done (check: it fits), 1 it does not fit, or no network was trained, 2 wrong usage or input,
    130 interrupted by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP.
    """


for _command in (
    analyze.analyze,
    check.check,
    explain.explain,
    sample.sample,
    train.train,
    search.search,
    confirm.confirm,
    results.results,
    recipes.recipes,
    calibrate.calibrate,
    quickstart.quickstart,
):
    archsearch.add_command(_command)


def main() -> None:
    """Run the command line; an error is written as one message, and the exit status says how it ended."""
    with warnings.catch_warnings():
        warnings.showwarning = partial(_show, warnings.showwarning)
        sys.exit(_run())


def _show(
    as_python_does: Callable[..., None], message: Warning | str, category: type[Warning], *place: object
) -> None:
    """Show a warning of ours as a message, and one of a library as Python does."""
    if category.__module__.startswith("archsearch."):
        streams.say(f"archsearch: warning: {message}")
    else:
        as_python_does(message, category, *place)


def _run() -> int:
    """Run the command line; return the exit status."""
    status = 2
    signals.heed()
    try:
        streams.prepare()
        with archsearch.make_context(PROGRAM, sys.argv[1:]) as context:
            archsearch.invoke(context)
        status = 0
    except click.exceptions.Exit as ended:
        status = ended.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        streams.say(error.format_message())
    except click.ClickException as error:
        context = click.Context(archsearch, info_name=PROGRAM)
        streams.say(f"archsearch: {secrets_hidden(str(in_our_words(error, context, sys.argv[1:])))}")
    except ArchsearchError as error:
        streams.say(f"archsearch: {secrets_hidden(str(error))}")
    except OSError as error:
        # A file that the system refuses, as behind a folder that may not be entered.
        if error.filename is None:
            raise
        streams.say(f"archsearch: cannot use `{error.filename}`: {error.strerror}")
    except (KeyboardInterrupt, click.Abort) as error:
        # click raises Abort from what interrupted it.
        stopped = error if isinstance(error, signals.StoppedError) else error.__cause__
        how = stopped if isinstance(stopped, signals.StoppedError) else signals.StoppedError(signal.SIGINT)
        streams.say(f"archsearch: {how}")
        status = 128 + how.number
    return status
