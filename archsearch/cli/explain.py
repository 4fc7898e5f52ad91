"""The verb that counts the networks of a space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archsearch.cli.calibration import calibrated, calibration_option
from archsearch.cli.numbers import Number
from archsearch.cli.options import examples, limits_option, words_option
from archsearch.cli.output import Output, output_options
from archsearch.cli.streams import write
from archsearch.cli.usage import Verb
from archsearch.notation.clauses import number_text
from archsearch.space.space import Space
from archsearch.table import render

if TYPE_CHECKING:
    from archsearch.analysis.cost import Calibration
    from archsearch.analysis.limits import Limits
    from archsearch.notation.word import Vocabulary
    from archsearch.space.explanation import Count, Explanation

_MIB = 2**20


@click.command(cls=Verb)
@click.argument("space")
@limits_option("those of the space")
@calibration_option
@click.option(
    "--memory",
    metavar="MIB",
    type=Number(1, 2**20),
    default=1024,
    show_default=True,
    help="MiB that counting may take; what does not fit is rounded, and an interval is given.",
)
@words_option
@output_options
@examples("explain era_s9 --limits 'rf > 44, params < 20k'", "explain cpu200k --json")
def explain(
    space: str,
    limits: Limits | None,
    calibration: Calibration | None,
    memory: int,
    vocabulary: Vocabulary,
    output: Output,
) -> None:
    """Count the networks of SPACE, and those that keep its limits.

    SPACE is a .space file or the name of a shipped space. Nothing is drawn: each sentence is counted once, however
    many derivations lead to it. Exit status: 0 if a network fits, 1 if none does.
    """
    from archsearch.space import explanation

    found = Space.find(space, vocabulary)
    found = found.with_limits(calibrated(found.limits if limits is None else limits, calibration))
    explained = explanation.explain(found, memory * _MIB)
    if output.is_text:
        write(_text(found, explained))
    else:
        output.values(_values(found, explained))
    click.get_current_context().exit(0 if explained.feasible.most else 1)


def _text(space: Space, found: Explanation) -> str:
    lines = [f"{space.name}: {found.sentences:,} sentences, by {found.derivations:,} derivations"]
    if found.shaped < found.sentences:
        lines.append(f"shapes fit in {found.shaped:,} of them ({_share(found.shaped, found.sentences)})")
    lines.append(f"limits: {str(space.limits) or 'none'}")
    share = _share(found.feasible.most, found.sentences)
    lines.append(f"{found.feasible} fit ({share}){_rounded(found.feasible)}")
    if len(found.alone) > 1:
        rows = [(limit, str(count), _share(count.most, found.sentences)) for limit, count in found.alone.items()]
        lines += ["", render(("limit", "kept alone by", "share"), rows)]
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    """Write a share of sentences: in percent, or where that is little, as one in so many."""
    if part * 1_000 >= whole:
        return f"{100 * part / whole:.2f} %"
    return f"1 in {whole // part:,}" if part else "none"


def _rounded(count: Count) -> str:
    """Say why it is no number, but an interval."""
    if count.is_exact:
        return ""
    units = (
        f"{name} to multiples of {f'{unit:,}' if isinstance(unit, int) else number_text(unit)}"
        for name, unit in count.units.items()
    )
    reasons = [f"rounded to save memory: {', '.join(units)}"] if count.units else []
    reasons += [f"{name} is not known from word to word" for name in count.unknown]
    return "; " + "; ".join(reasons or ["the receptive field of some is only known to be at most so large"])


def _values(space: Space, found: Explanation) -> dict[str, object]:
    return {
        "space": space.name,
        "limits": str(space.limits),
        "derivations": found.derivations,
        "sentences": found.sentences,
        "shaped": found.shaped,
        "feasible": found.feasible.least if found.feasible.is_exact else None,
        "feasible_least": found.feasible.least,
        "feasible_most": found.feasible.most,
        "rounded": dict(found.feasible.units),
        "unknown": list(found.feasible.unknown),
        "alone_least": {limit: count.least for limit, count in found.alone.items()},
        "alone_most": {limit: count.most for limit, count in found.alone.items()},
    }
