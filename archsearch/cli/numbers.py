"""Numbers as options take them: finite, and none so large that it could only be a mistake."""

from __future__ import annotations

import click

MOST = 1_000_000_000
"""The largest number that an option takes: of trials, rows, networks, hours."""


class Number(click.ParamType[float]):
    """A finite number above 0 and of at most `most`; a whole one unless `whole` is false, which may be `least`."""

    name = "number"

    def __init__(self, least: int, most: int, *, whole: bool = True) -> None:
        self.least, self.most, self.whole = least, most, whole

    @property
    def meaning(self) -> str:
        """What it must be."""
        if self.whole:
            return f"a whole number from {self.least:,} to {self.most:,}"
        return f"a number above {self.least:,}, of at most {self.most:,}"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = int(str(value)) if self.whole else float(str(value))
        except ValueError:
            self.fail("", param, ctx)
        fits = self.least <= number if self.whole else self.least < number
        return number if fits and number <= self.most else self.fail("", param, ctx)
