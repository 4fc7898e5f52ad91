"""The verb that says whether a network fits its limits, without training it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from archsearch.analysis.candidate import Candidate, judge
from archsearch.analysis.limits import ASSIGNMENT, Condition
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
from archsearch.cli.targets import Subject, is_space, network_at
from archsearch.pytorch.find import is_model
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
    limits: Condition | None,
    input_shape: Shape,
    classes: int,
    vocabulary: Vocabulary,
    seed: int,
    as_json: bool,
) -> None:
    """Say whether TARGET fits its limits: a sentence, a file of one, a torch module, or a space.

    A torch module is named as package.module:name or file.py:name. Exit status: 0 it fits, 1 it does not, 2 it
    cannot be read. A space fits if some of its networks do; 1,000 are drawn with the seed, or all looked at where
    there are no more.
    """
    if is_space(target):
        given = map(click.get_current_context().get_parameter_source, ("input_shape", "classes"))
        if ParameterSource.COMMANDLINE in given:
            raise click.UsageError("A space states its own input and classes.")
        space = Space.find(target, vocabulary)
        fits = _check_space(space if limits is None else space.limited(limits), seed, as_json)
    elif is_model(target):
        limits = limits or Condition.of(ASSIGNMENT)
        fits = _check_model(Subject(target, input_shape, classes, vocabulary), limits, as_json)
    else:
        limits = limits or Condition.of(ASSIGNMENT)
        candidate = judge(network_at(target, vocabulary), input_shape, classes, limits)
        fits = _check_network(candidate, limits, as_json)
    click.get_current_context().exit(0 if fits else 1)


def _check_network(candidate: Candidate, limits: Condition, as_json: bool) -> bool:
    digest = candidate.digest or ""
    return _verdict(candidate.reasons, candidate.figures, str(candidate.network), digest, limits, as_json)


def _check_model(subject: Subject, limits: Condition, as_json: bool) -> bool:
    found = subject.profile.complete()
    if found.last_map.layout.bound:
        click.echo("archsearch: the receptive field of this module is an upper bound", err=True)
    reasons = tuple(map(str, limits.broken(found.figures)))
    return _verdict(reasons, found.figures, subject.name, found.graph.digest, limits, as_json)


def _verdict(
    reasons: Sequence[str],
    figures: Mapping[str, int],
    canonical: str,
    digest: str,
    limits: Condition,
    as_json: bool,
) -> bool:
    if as_json:
        plain = {
            "fits": not reasons,
            "reasons": list(reasons),
            "limits": str(limits),
            "figures": dict(figures),
            "canonical": canonical,
            "digest": digest or None,
        }
        write_json(plain)
    elif reasons:
        click.echo("\n  ".join(["refused", *reasons]))
    else:
        shown = ", ".join(f"{name} {figures[name]:,}" for name in ("rf", "params", "macs"))
        click.echo(f"fits {limits}\n  {shown}")
    return not reasons


def _check_space(space: Space, seed: int, as_json: bool) -> bool:
    grammar = space.grammar
    drawn = [
        judge(network, grammar.input, grammar.classes, grammar.limits)
        for network in map(space.at, space.indices(seed, _DRAWS))
    ]
    every = "all " if space.size <= _DRAWS else ""
    fitting = sum(candidate.fits for candidate in drawn)
    broken = Counter(rule for candidate in drawn for rule in candidate.rules_broken)
    if as_json:
        write_json(
            {
                "fits": fitting > 0,
                "derivations": space.size,
                "drawn": len(drawn),
                "fitting": fitting,
                "broken": dict(broken.most_common()),
                "limits": str(grammar.limits),
            }
        )
    else:
        lines = [
            f"{space.name}: {space.size:,} derivations",
            f"limits: {grammar.limits}",
            f"{fitting:,} of {every}{len(drawn):,} drawn with seed {seed} fit",
            *(f"  broken by {count:,}: {rule}" for rule, count in broken.most_common()),
        ]
        click.echo("\n".join(lines))
    return fitting > 0
