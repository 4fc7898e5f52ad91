"""The command line: a verb each for the things people do. Heavy imports stand inside the commands."""

from __future__ import annotations

import os
import sys

import click

from archsearch.cli import analyze, check, quickstart, results, sample, search, train
from archsearch.errors import ArchsearchError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="archsearch")
def archsearch() -> None:
    """Find the most accurate convolutional network that fits a hard budget.

    Exit status: 0 done (check: fits), 1 does not fit, 2 a mistake in what was asked, 130 interrupted.
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
    """Run a command; write what went wrong as one message and end with its exit status."""
    try:
        status = archsearch.main(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
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
    sys.exit(status)
