"""The command line, a file for each verb; a verb imports what is slow to import when it runs."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from functools import partial

import click

from archsearch.cli import analyze, check, quickstart, results, sample, search, train
from archsearch.cli.usage import PROGRAM, in_our_words
from archsearch.errors import ArchsearchError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="archsearch")
def archsearch() -> None:
    """Find the most accurate convolutional network that fits a hard budget.

    Exit status: 0 done (check: it fits), 1 it does not fit, 2 wrong usage or input, 130 interrupted.
    """


for _command in (
    analyze.analyze,
    check.check,
    sample.sample,
    train.train,
    search.search,
    results.results,
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
        click.echo(f"archsearch: warning: {message}", err=True)
    else:
        as_python_does(message, category, *place)


def _run() -> int:
    """Run the command line; return the exit status."""
    try:
        status: int = archsearch.main(prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        status = 2
    except click.ClickException as error:
        context = click.Context(archsearch, info_name=PROGRAM)
        click.echo(f"archsearch: {in_our_words(error, context, sys.argv[1:])}", err=True)
        status = 2
    except ArchsearchError as error:
        click.echo(f"archsearch: {error}", err=True)
        status = 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("archsearch: interrupted", err=True)
        status = 130
    except BrokenPipeError:
        # Whoever read our output has enough; Python must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    return status
