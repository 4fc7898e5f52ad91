"""Every command and every option is documented."""

from __future__ import annotations

import re

import click
import pytest
from examples.console import ROOT

from archsearch.cli import archsearch

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(archsearch.commands)
OPTIONS = [
    (name, parameter)
    for name in COMMANDS
    for parameter in archsearch.commands[name].params
    if isinstance(parameter, click.Option)
]


def help_of(name: str) -> str:
    command = archsearch.commands[name]
    return command.get_help(click.Context(command, info_name=f"archsearch {name}", terminal_width=200))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_documented(name: str) -> None:
    command = archsearch.commands[name]
    assert f"archsearch {name}" in README
    assert f"\n    archsearch {name}" in help_of(name).partition("Examples:")[2]
    for argument in command.params:
        if isinstance(argument, click.Argument):
            assert re.search(rf"\b{argument.human_readable_name} is ", command.help or "")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_of_a_command_is_not_cut(name: str) -> None:
    lines = archsearch.get_help(click.Context(archsearch, terminal_width=80)).splitlines()
    [summary] = [line for line in lines if line.startswith(f"  {name} ")]
    assert summary.endswith(".")
    assert not summary.endswith("...")


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_an_option_is_documented(name: str, option: click.Option) -> None:
    assert option.help
    assert not option.hidden
    assert re.search(rf"^  (-\w, )?{option.opts[-1]} .*\S", help_of(name), re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_writes_json_and_csv(name: str) -> None:
    options = {option for owner, parameter in OPTIONS if owner == name for option in parameter.opts}
    assert {"--json", "--csv"} <= options
