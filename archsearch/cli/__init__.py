"""The command line, a file for each verb; a verb imports what is slow to import when it runs."""

from __future__ import annotations

import os
import signal
import sys

import click

from archsearch.cli import analyze, check, quickstart, results, sample, search, signals, train
from archsearch.cli.usage import PROGRAM, in_our_words
from archsearch.errors import ArchsearchError
from archsearch.study.url import secrets_hidden


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="archsearch")
def archsearch() -> None:
    """Find the most accurate convolutional network that fits a hard budget.

    Exit status: 0 done (check: it fits), 1 it does not fit, or no network was trained, 2 wrong usage or input,
    130 interrupted by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP.
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
    signals.heed()
    try:
        status = archsearch.main(prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        status = 2
    except click.ClickException as error:
        context = click.Context(archsearch, info_name=PROGRAM)
        click.echo(f"archsearch: {secrets_hidden(str(in_our_words(error, context, sys.argv[1:])))}", err=True)
        status = 2
    except ArchsearchError as error:
        click.echo(f"archsearch: {secrets_hidden(str(error))}", err=True)
        status = 2
    except (KeyboardInterrupt, click.Abort) as error:
        # click raises Abort from what interrupted it.
        stopped = error if isinstance(error, signals.StoppedError) else error.__cause__
        how = stopped if isinstance(stopped, signals.StoppedError) else signals.StoppedError(signal.SIGINT)
        click.echo(f"archsearch: {how}", err=True)
        status = 128 + how.number
    except BrokenPipeError:
        # Whoever read our output has enough; Python must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status)
