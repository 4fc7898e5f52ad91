"""The verb that says whether a network fits its limits, without training it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from archsearch.analysis.limits import ASSIGNMENT, Limits
from archsearch.cli.options import (
    classes_option,
    examples,
    input_option,
    json_option,
    limits_option,
    seed_option,
    words_option,
)
from archsearch.cli.output import write_json
from archsearch.cli.targets import Subject, resolve
from archsearch.space.space import Space

if TYPE_CHECKING:
    from archsearch.graph.shapes import Shape
    from archsearch.notation.word import Vocabulary


_DRAWS = 1_000


@click.command()
@click.argument("target")
@limits_option
@input_option
@classes_option
@words_option
@seed_option
@json_option
@examples(
    "check search_spaces/era_s9.net",
    "check 'conv(24) conv(44, stride=2) head()' --limits 'rf > 44, params < 200k'",
    "check my_net.py:Net --limits 'rf > 44, params < 200k'",
    "check era_s9",
)
def check(
    target: str,
    limits: Limits | None,
    input_shape: Shape | None,
    classes: int | None,
    vocabulary: Vocabulary,
    seed: int,
    as_json: bool,
) -> None:
    """Say whether TARGET fits its limits: a sentence, a file of one, a torch module, or a space.

    A torch module is named as package.module:name or file.py:name. Exit status: 0 it fits, 1 it does not, 2 it
    cannot be read. A space fits if some of its networks do; 1,000 are drawn with the seed, or all looked at where
    there are no more.
    """
    subject = resolve(target, input_shape, classes, vocabulary)
    if isinstance(subject, Space):
        fits = _check_space(subject if limits is None else subject.with_limits(limits), seed, as_json)
    else:
        fits = _check_network(subject, ASSIGNMENT if limits is None else limits, as_json)
    click.get_current_context().exit(0 if fits else 1)


def _check_network(subject: Subject, limits: Limits, as_json: bool) -> bool:
    verdict = subject.check(limits)
    if verdict.profile is not None and verdict.profile.last_map.field.bound:
        click.echo("archsearch: the receptive field of this module is an upper bound", err=True)
    if as_json:
        plain = {
            "fits": verdict.fits,
            "reasons": list(verdict.reasons),
            "limits": str(limits),
            "figures": dict(verdict.figures),
            "canonical": subject.name,
            "digest": verdict.digest,
        }
        write_json(plain)
    else:
        click.echo(verdict)
    return verdict.fits


def _check_space(space: Space, seed: int, as_json: bool) -> bool:
    drawn = [space.check(space.at(index)) for index in space.random_indices(seed, _DRAWS)]
    every = "all " if space.size <= _DRAWS else ""
    fitting = sum(verdict.fits for verdict in drawn)
    broken = Counter(violation.limit for verdict in drawn for violation in verdict.violations)
    if as_json:
        write_json(
            {
                "fits": fitting > 0,
                "derivations": space.size,
                "drawn": len(drawn),
                "fitting": fitting,
                "broken": dict(broken.most_common()),
                "limits": str(space.limits),
            }
        )
    else:
        lines = [
            f"{space.name}: {space.size:,} derivations",
            f"limits: {str(space.limits) or 'none'}",
            f"{fitting:,} of {every}{len(drawn):,} drawn with seed {seed} fit",
            *(f"  broken by {count:,}: {limit}" for limit, count in broken.most_common()),
        ]
        click.echo("\n".join(lines))
    return fitting > 0
