"""The verb that counts the networks of a space, and says what they are like, and how one is among them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archsearch.cli.calibration import calibrated, calibration_option
from archsearch.cli.explanation_text import explanation_text
from archsearch.cli.explanation_values import explanation_values, flat
from archsearch.cli.numbers import Number
from archsearch.cli.options import examples, limits_option, storage_option, words_option
from archsearch.cli.output import Output, output_options, verdict_values
from archsearch.cli.streams import write
from archsearch.cli.targets import network_at
from archsearch.cli.usage import Verb, refuse_without_effect
from archsearch.errors import ArchsearchError
from archsearch.space.space import Space
from archsearch.table import render

if TYPE_CHECKING:
    from archsearch.analysis.cost import Calibration
    from archsearch.analysis.limits import Limits
    from archsearch.notation.network import Network
    from archsearch.notation.word import Vocabulary

_MIB = 2**20


@click.command(cls=Verb)
@click.argument("space")
@limits_option("those of the space")
@calibration_option
@click.option(
    "--contains",
    metavar="NETWORK",
    help="Show by which derivation a network is in the space, or where it leaves it; nothing is counted.",
)
@click.option(
    "--memory",
    metavar="MIB",
    type=Number(1, 2**20),
    default=1024,
    show_default=True,
    help="MiB that counting may take; what does not fit is rounded, and an interval is given.",
)
@click.option(
    "--picture",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Draw the counts and the distributions to a .png, .svg or .pdf file.",
)
@words_option
@storage_option
@output_options
@examples(
    "explain era_s9 --limits 'rf > 44, params < 20k'",
    "explain cpu200k --json",
    "explain small60k --picture small60k.png",
    "explain era_s9 --contains era_s9.net",
)
def explain(
    space: str,
    limits: Limits | None,
    calibration: Calibration | None,
    contains: str | None,
    memory: int,
    picture: Path | None,
    vocabulary: Vocabulary,
    storage: str,
    output: Output,
) -> None:
    """Count the networks of SPACE and of those that fit.

    SPACE is a .space file or the name of a shipped space. Each sentence is counted once, however many derivations
    lead to it; only distributions are drawn, from more than 1,000 networks. --contains takes a sentence, a .net
    file, or a row of the results as STUDY#NUMBER. Exit status: 0 if a network fits, 1 if none does; with
    --contains, 0 if it is a sentence of the space, 1 if it is none.
    """
    found = Space.find(space, vocabulary)
    found = found.with_limits(calibrated(found.limits if limits is None else limits, calibration))
    if contains is None:
        refuse_without_effect("only STUDY#NUMBER is read from a storage", "--storage")
        is_found = _explain(found, memory, picture, output)
    else:
        refuse_without_effect("with --contains, nothing is counted", "--memory", "--picture")
        is_found = _contains(found, network_at(contains, vocabulary, storage), output)
    click.get_current_context().exit(0 if is_found else 1)


def _explain(space: Space, memory: int, picture: Path | None, output: Output) -> bool:
    from archsearch.census import explanation

    if picture is not None:
        from archsearch.report.picture import kind_of

        kind_of(picture)
    found = explanation.explain(space, memory * _MIB)
    if picture is not None:
        from archsearch.report.funnel import draw

        draw(space.name, found, picture)
    if output.is_text:
        write(explanation_text(space, found, output.width))
    else:
        values = explanation_values(space, found)
        output.values(values if output.form == "json" else flat(values))
    return found.feasible.most > 0


def _contains(space: Space, network: Network, output: Output) -> bool:
    """Write by which derivation a network is in the space, or where it leaves it; return whether it is in it."""
    from archsearch.census.places import Places
    from archsearch.census.routes import Routes

    values: dict[str, object] = {"space": space.name, "sentence": str(network)}
    try:
        derivation = space.derivation(network)
    except ArchsearchError as error:
        if output.is_text:
            write(str(error))
        else:
            place = error.place and str(error.place)
            why = {"reason": error.message, "place": place, "remedy": error.remedy}
            output.values({**values, "contained": False, **why})
        return False
    count = Routes(Places(space), network).count
    verdict = space.check(network)
    if output.is_text:
        derivations = f"one of {count:,} derivations" if count > 1 else "one derivation"
        head = f"{space.name} has {network}\nby {derivations}\n{verdict}"
        write("\n\n".join([head, render(("slot", "option"), [*derivation.items()], output.width)]))
    else:
        values |= {"contained": True, "derivations": count, "derivation": derivation}
        values |= {"limits": str(space.limits), **verdict_values(str(network), verdict)}
        output.values(values if output.form == "json" else flat(values) | {"derivation": derivation})
    return True
