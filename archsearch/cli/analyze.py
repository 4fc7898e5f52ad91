"""The verb that shows what a network costs and sees, and proves it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archsearch.cli.options import classes_option, csv_option, examples, input_option, json_option, words_option
from archsearch.cli.output import write_json, write_rows
from archsearch.cli.targets import Subject, not_one_network, resolve
from archsearch.graph.shapes import shape_text
from archsearch.space.space import Space

if TYPE_CHECKING:
    from archsearch.graph.shapes import Shape
    from archsearch.notation.word import Vocabulary
    from archsearch.proof.prove import Proof
    from archsearch.pytorch.trace import Traced


@click.command()
@click.argument("target")
@input_option
@classes_option
@words_option
@click.option("--strict", is_flag=True, help="Fail if an operation is not known.")
@click.option("--verify", is_flag=True, help="Prove the receptive field by gradients and NaNs. Takes a while.")
@click.option("--compare", is_flag=True, help="Show fvcore's and torch's counts beside ours.")
@click.option(
    "--picture", type=click.Path(path_type=Path), help="Draw the receptive sets: a .png, .svg or .pdf file."
)
@json_option
@csv_option
@examples(
    "analyze search_spaces/era_s9.net --picture era_s9.png",
    "analyze 'conv(24) sep(44, stride=2) head()' --json",
    "analyze torchvision.models:resnet50 --input 3x224x224 --verify",
    "analyze my_net.py:Net --input 1x28x28 --compare",
)
def analyze(
    target: str,
    input_shape: Shape | None,
    classes: int | None,
    vocabulary: Vocabulary,
    strict: bool,
    verify: bool,
    compare: bool,
    picture: Path | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Show shape, receptive field, params and MACs of each operation of TARGET.

    TARGET is a sentence, a file of one, or a torch module named as package.module:name or file.py:name. Exit
    status: 0 done, 1 the oracles contradict the analysis, 2 it cannot be analysed.
    """
    subject = resolve(target, input_shape, classes, vocabulary)
    if isinstance(subject, Space):
        raise not_one_network(target)
    found = subject.profile
    if strict:
        found.complete()
    if picture is not None:
        from archsearch.report.picture import draw

        draw(found, picture)
    compared = None
    if compare:
        from archsearch.proof.compare import compare as compare_counts

        compared = compare_counts(subject.module, subject.input_shape, found)
    proof = _proved(subject.traced) if verify else None
    if as_csv:
        rows = [{**row.figures, "shape": shape_text(row.shape)} for row in found.rows]
        write_rows(list(rows[0]), rows, as_json=as_json, as_csv=as_csv, shown=())
    elif as_json:
        write_json(_plain(subject, compared, proof))
    else:
        parts = [subject.name, found, f"digest {found.graph.digest}", compared, proof]
        click.echo("\n\n".join(str(part) for part in parts if part is not None))
    click.get_current_context().exit(1 if proof is not None and not proof.holds else 0)


def _plain(subject: Subject, compared: object, proof: Proof | None) -> dict[str, object]:
    found = subject.profile
    plain: dict[str, object] = {
        "canonical": subject.name,
        "digest": found.graph.digest,
        "input": list(subject.input_shape),
        "classes": found.graph.classes,
        **found.figures,
        "unknown": list(found.unknown),
        "ops": [row.figures for row in found.rows],
    }
    if compared is not None:
        plain["compared"] = str(compared)
    if proof is not None:
        plain["verified"] = {
            "equal": proof.holds,
            "tensor": proof.tensor,
            "units": proof.units,
            "differences": list(proof.differences),
            "unsure": list(proof.unsure),
        }
    return plain


def _proved(traced: Traced) -> Proof:
    """Prove the last map, with a count of the runs of the module on the error stream."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from archsearch.proof.prove import prove

    columns = (SpinnerColumn(), TextColumn("proving: {task.completed} runs of the module"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_interactive) as bars:
        task = bars.add_task("", total=None)
        return prove(traced, tick=lambda: bars.advance(task))
