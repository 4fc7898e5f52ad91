"""The options that name a dataset, and how it is loaded: what was read, and what is odd about it, is said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from archsearch.cli import streams

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from archsearch.data.dataset import Dataset

    Command = TypeVar("Command", bound=Callable[..., Any])


class _Size(click.ParamType[tuple[int, int]]):
    """Width x height as people write it, to (height, width)."""

    name = "size in pixels, as in 64 or 64x48 (width x height)"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        written = re.fullmatch(r"([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?", str(value), re.ASCII)
        if written is None:
            self.fail("no size", param, ctx)
        return int(written[2] or written[1]), int(written[1])


def data_options(command: Command) -> Command:
    """Give a command the options `data` and `size`, which `load` takes."""
    size = click.option(
        "--size",
        metavar="N|WxH",
        type=_Size(),
        help="Bring the images to N x N or W x H pixels: scaled to cover it, then cropped. [all of one size]",
    )
    data = click.option(
        "--data",
        metavar="PATH",
        help="A folder of images, or `digits`. [the variable ARCHSEARCH_DATA, else CIFAR-10, downloaded once]",
    )
    return data(size(command))


def load(data: str | None, size: tuple[int, int] | None) -> Dataset:
    """Load a dataset, and say on stderr what was read."""
    from archsearch.data.load import load_data

    dataset = load_data(data, size)
    streams.say(dataset)
    return dataset
