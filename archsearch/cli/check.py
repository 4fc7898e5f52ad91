"""The verb that says whether a network fits its limits, without training it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from archsearch.analysis.figures import is_upper_bound
from archsearch.analysis.limits import ASSIGNMENT, Limits, Verdict
from archsearch.cli.calibration import calibrated, calibration_option
from archsearch.cli.options import examples, limits_option, seed_option, subject_options
from archsearch.cli.output import Output, output_options, verdict_values
from archsearch.cli.streams import say, write
from archsearch.cli.targets import Subject, for_output, resolve
from archsearch.cli.usage import Verb, refuse_without_effect
from archsearch.space.space import Space

if TYPE_CHECKING:
    from archsearch.analysis.cost import Calibration
    from archsearch.analysis.profile import Profile
    from archsearch.graph.inputs import GivenInputs
    from archsearch.notation.word import Vocabulary

_DRAWS = 1_000


@click.command(cls=Verb)
@click.argument("target")
@limits_option(f"those of the space, else {ASSIGNMENT}")
@calibration_option
@subject_options
@seed_option
@output_options
@examples(
    "check search_spaces/era_s9.net",
    "check 'conv(24) conv(44, stride=2) head()' --limits 'rf > 44, params < 200k'",
    "check my_net.py:Net --limits 'rf > 44, params < 200k'",
    "check era_s9",
)
def check(
    target: str,
    limits: Limits | None,
    calibration: Calibration | None,
    input_shape: GivenInputs | None,
    output_name: str | None,
    classes: int | None,
    vocabulary: Vocabulary,
    storage: str,
    seed: int,
    output: Output,
) -> None:
    """Check a network, or the networks of a space, against limits.

    TARGET is a sentence, a .net file, a row of the results as STUDY#NUMBER, a torch module named as
    package.module:name or file.py:name, a .space file, or the name of a shipped space. A space fits if any of
    its networks does: 1,000 are drawn with the seed, or all are checked if there are no more. Exit status: 0 it
    fits, 1 it does not, 2 it cannot be read, or a figure of a network is only an upper bound and leaves it open.
    """
    subject = resolve(target, input_shape, classes, vocabulary, storage)
    if isinstance(subject, Space):
        refuse_without_effect("a sentence has one output", "--output")
        wanted = subject.limits if limits is None else limits
        status = 0 if _check_space(subject.with_limits(calibrated(wanted, calibration)), seed, output) else 1
    else:
        refuse_without_effect("one network is checked, and nothing is drawn", "--seed")
        wanted = ASSIGNMENT if limits is None else limits
        subject = for_output(subject, output_name)
        verdict = _check_network(subject, calibrated(wanted, calibration), output)
        status = 2 if verdict.is_open else 0 if verdict.fits else 1
    click.get_current_context().exit(status)


def _check_network(subject: Subject, limits: Limits, output: Output) -> Verdict:
    verdict = subject.check(limits)
    if verdict.profile is not None:
        _say_what_rf_is(verdict.profile)
    if output.is_text:
        write(str(verdict))
    else:
        output.values({**verdict_values(subject.name, verdict), "limits": str(limits)})
    return verdict


def _say_what_rf_is(found: Profile) -> None:
    """Say on standard error where `rf` is a bound, of one output among several, or could be read otherwise."""
    if is_upper_bound(found, "rf"):
        say("archsearch: the receptive field of this module is an upper bound")
    if len(found.outputs) > 1:
        others = ", ".join(f"{one.name} {one.rf:,}" for one in found.outputs if one.name != found.main)
        say(f"archsearch: rf is that of the output `{found.main}`; of the others: {others}")
    if found.other_reading:
        say(f"archsearch: {found.other_reading}")


def _check_space(space: Space, seed: int, output: Output) -> bool:
    drawn = [space.check(space.at(index)) for index in space.random_indices(seed, _DRAWS)]
    fitting = sum(verdict.fits for verdict in drawn)
    broken = Counter(violation.limit for verdict in drawn for violation in verdict.violations)
    if output.is_text:
        every = "all " if space.size <= _DRAWS else ""
        lines = [
            f"{space.name}: {space.size:,} derivations",
            f"limits: {str(space.limits) or 'none'}",
            f"{fitting:,} of {every}{len(drawn):,} drawn with seed {seed} fit",
            *(f"  broken by {count:,}: {limit}" for limit, count in broken.most_common()),
        ]
        write("\n".join(lines))
    else:
        output.values(
            {
                "space": space.name,
                "fits": fitting > 0,
                "derivations": space.size,
                "drawn": len(drawn),
                "seed": seed,
                "fitting": fitting,
                "broken": dict(broken.most_common()),
                "limits": str(space.limits),
            }
        )
    return fitting > 0
