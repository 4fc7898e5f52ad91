"""The verb that shows what a network costs and sees, and verifies it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archsearch.cli.calibration import calibration_option
from archsearch.cli.options import examples, subject_options
from archsearch.cli.output import Output, network_values, output_options
from archsearch.cli.streams import say, write
from archsearch.cli.targets import Subject, for_output, not_one_network, resolve
from archsearch.cli.usage import Verb
from archsearch.space.space import Space

if TYPE_CHECKING:
    from archsearch.analysis.cost import Calibration
    from archsearch.graph.inputs import GivenInputs
    from archsearch.notation.word import Vocabulary
    from archsearch.proof.compare import Comparison
    from archsearch.proof.prove import Proof
    from archsearch.pytorch.trace import Traced

_READ = ("rf", "maxpool")
"""The figures that depend on whether a window that covers its whole map is global."""


@click.command(cls=Verb)
@click.argument("target")
@calibration_option
@subject_options
@click.option("--strict", is_flag=True, help="Fail if an operation is unknown.")
@click.option("--verify", is_flag=True, help="Verify the receptive field with gradients and NaNs; takes a while.")
@click.option("--compare", is_flag=True, help="Show the counts of fvcore and torch beside ours.")
@click.option(
    "--picture",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Draw the receptive fields to a .png, .svg or .pdf file.",
)
@output_options
@examples(
    "analyze search_spaces/era_s9.net --picture era_s9.png",
    "analyze 'conv(24) sep(44, stride=2) head()' --json",
    "analyze torchvision.models:resnet50 --input 3x224x224 --verify",
    "analyze my_net.py:Net --input 1x28x28 --compare",
)
def analyze(
    target: str,
    calibration: Calibration | None,
    input_shape: GivenInputs | None,
    output_name: str | None,
    classes: int | None,
    vocabulary: Vocabulary,
    storage: str,
    strict: bool,
    verify: bool,
    compare: bool,
    picture: Path | None,
    output: Output,
) -> None:
    """Show what each operation of a network costs and sees.

    TARGET is a sentence, a .net file, a row of the results as STUDY#NUMBER, or a torch module named as
    package.module:name or file.py:name. Exit status: 0 done, 1 --verify contradicts the analysis, 2 the network
    cannot be analysed, or --verify cannot prove all of it.
    """
    subject = resolve(target, input_shape, classes, vocabulary, storage)
    if isinstance(subject, Space):
        raise not_one_network(target)
    subject = replace(for_output(subject, output_name), calibration=calibration)
    if strict:
        subject.profile.complete()
    if picture is not None:
        from archsearch.report.picture import draw

        draw(subject.profile, picture)
    compared = _compared(subject) if compare else None
    proof = _proved(subject.traced, output_name) if verify else None
    if output.is_text:
        write(_text(subject, compared, proof, output.width))
    else:
        output.values(_values(subject, compared, proof), table="ops")
        if output.form == "csv":
            for found in _checks(compared, proof, None):
                say(found)
    click.get_current_context().exit(0 if proof is None or proof.is_complete else 2 if proof.holds else 1)


def _text(subject: Subject, compared: Comparison | None, proof: Proof | None, width: int | None) -> str:
    parts = [subject.name, subject.profile.text(width), f"digest {subject.profile.graph.digest}"]
    return "\n\n".join([*parts, *_checks(compared, proof, width)])


def _checks(compared: Comparison | None, proof: Proof | None, width: int | None) -> list[str]:
    """Write what --compare and --verify found."""
    compared_text = [] if compared is None else [compared.text(width)]
    return compared_text if proof is None else [*compared_text, str(proof)]


def _values(subject: Subject, compared: Comparison | None, proof: Proof | None) -> dict[str, object]:
    found = subject.profile
    values = {
        **network_values(subject.name, found),
        "input": found.graph.input,
        "classes": found.graph.classes,
        "unknown": found.unknown,
        "weight_macs": found.weight_macs,
        "output": found.main,
        "outputs": [one.figures for one in found.outputs],
        "read_as_global": found.read_as_global and {name: found.read_as_global.figures[name] for name in _READ},
        "ops": [row.figures for row in found.rows],
    }
    if compared is not None:
        values["compared"] = asdict(compared)
    if proof is not None:
        # Within an upper bound nothing is known to be equal.
        equal = None if proof.is_complete and proof.bound else proof.is_complete
        values["verified"] = {"equal": equal, **asdict(proof)}
    return values


def _compared(subject: Subject) -> Comparison:
    from archsearch.proof.compare import compare

    return compare(subject.module, subject.input_shape, subject.profile)


def _proved(traced: Traced, output: str | None) -> Proof:
    """Verify the last map, counting the runs of the module on standard error."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from archsearch.proof.prove import prove

    columns = (SpinnerColumn(), TextColumn("verifying: {task.completed} runs of the module"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_interactive) as bars:
        task = bars.add_task("", total=None)
        return prove(traced, tick=lambda: bars.advance(task), output=output)
