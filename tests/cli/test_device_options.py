"""The options that say how the hardware is used, on a command of the test's own."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from archsearch.cli.device import device_options
from archsearch.cli.usage import Verb
from archsearch.errors import ArchsearchError
from archsearch.training.wanted import Wanted, cores


def wanted_of(*arguments: str) -> Wanted:
    received: list[Wanted] = []

    @click.command(cls=Verb)
    @click.option("--seed", type=int, default=0)
    @device_options
    def verb(seed: int, wanted: Wanted) -> None:
        received.append(wanted)

    verb.main([*arguments], prog_name="archsearch verb", standalone_mode=False)
    return received[0]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), Wanted()),
        (("--device", "cpu"), Wanted("cpu")),
        (("--precision", "bf16", "--threads", "1", "--seed", "3"), Wanted(None, "bf16", 1)),
        (("--device", "cuda"), Wanted("cuda")),
        (("--compile",), Wanted(compiled=True)),
        (("--no-compile",), Wanted(compiled=False)),
    ],
)
def test_they_arrive_as_one_value(arguments: tuple[str, ...], expected: Wanted) -> None:
    assert wanted_of(*arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--device", "gpu"), "`--device` is `?gpu`?; "),
        (("--precision", "fp16"), "`--precision` is `?fp16`?; "),
        (("--threads", "0"), "`--threads` is `?0`?; "),
        (("--threads", "two"), "`--threads` is `?two`?; "),
        (
            ("--threads", f"{cores() + 1}"),
            f"threads is {cores() + 1}; it must be a whole number from 1 to {cores()}",
        ),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(ArchsearchError, match=message):
        wanted_of(*arguments)


def test_torch_is_not_loaded_for_them() -> None:
    program = "import sys, archsearch.cli.device; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
