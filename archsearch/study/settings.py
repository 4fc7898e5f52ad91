"""What may not change while a study goes on, compared by what it means and not by how it is written."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from archsearch.analysis.limits import Limits
from archsearch.errors import ArchsearchError, StudyError
from archsearch.space.space import Space
from archsearch.study.study import Study
from archsearch.training.fields import WITHDRAWN, option
from archsearch.training.recipe import Recipe

SETTINGS, STUDY = "goal", "study"
"""Attributes of a study: its settings, under the name that version 0.1 gave them, and all of it."""

_SHOWN = 100

# A header line, or the name of a rule before a body; after the name of a figure, = has a number.
_BEGINNING = re.compile(
    r"\b(?:input|classes)(?=\s+\d)|\blimits\b|\b[a-z_]\w*(?:\([\w\s,]*\))?\s*=(?=\s*[^\s\d'\"=])", re.IGNORECASE
)


def begun(kept: Mapping[str, Any], study: Study) -> Study:
    """Return a study with space and limits as they were written when it was begun: its trials name their parts.

    `kept` are the attributes of the study. Raises StudyError, which lists each difference, where the settings mean
    something else, and for a study that no search has begun.
    """
    there, asked = kept.get(SETTINGS), study.settings
    if there is None:
        raise StudyError(
            f"study `{study.name}` was not begun with `archsearch search`",
            remedy="begin another with --study NAME",
        )
    # Version 0.1 kept no words, and there was one rung before there were several.
    there = {"rungs": _only_rung(there), **there}
    changed = [name for name in sorted(asked.keys() & there.keys()) if there[name] != asked[name]]
    if others := [name for name in changed if not _means_the_same(name, kept, study)]:
        raise _begun_otherwise(others, there, study)
    space = _kept_space(kept, study) if "space" in changed else study.space
    limits = replace(Limits.of(there["limits"]), calibration=study.space.limits.calibration)
    return replace(study, space=space.with_limits(limits))


def _only_rung(there: Mapping[str, str]) -> str:
    recipe = _kept_recipe(there["recipe"])
    return str(recipe.epochs) if recipe else ""


def _means_the_same(name: str, kept: Mapping[str, Any], study: Study) -> bool:
    """Whether a setting that is written in another way has the meaning of the one that is kept."""
    there = kept[SETTINGS]
    try:
        match name:
            case "limits":
                return Limits.of(there[name]).condition.canonical == study.space.limits.condition.canonical
            case "space":
                return _kept_space(kept, study).canonical == study.space.canonical
            case "recipe":
                return Recipe.read(there[name]).digest == study.measurement.recipe.digest
            case "data":
                return bool(there["data_digest"] == study.measurement.data_digest)
            case _:
                return False
    except ArchsearchError:
        return False


def _kept_space(kept: Mapping[str, Any], study: Study) -> Space:
    """Read the space that is kept with the words of now; version 0.1 kept its text on one line alone."""
    text = kept[STUDY]["space"] if STUDY in kept else _on_lines(kept[SETTINGS]["space"])
    return Space.of(text, study.space.name, study.space.vocabulary)


def _on_lines(text: str) -> str:
    """Put each statement of a space that is written on one line on a line of its own.

    >>> print(_on_lines("classes 10 limits depth = 3 network = a(norm=none) head() a(n) = conv(8, norm=n)"))
    classes 10
    limits depth = 3
    network = a(norm=none) head()
    a(n) = conv(8, norm=n)
    """
    starts = [
        match.start()
        for match in _BEGINNING.finditer(text)
        if text.count("(", 0, match.start()) == text.count(")", 0, match.start())
    ]
    return "\n".join(
        text[start:end].strip() for start, end in zip([0, *starts], [*starts, len(text)], strict=True)
    ).strip()


def _begun_otherwise(names: Sequence[str], there: Mapping[str, str], study: Study) -> StudyError:
    """Return the error that shows the settings that differ, and how to repeat those that options give."""
    lines, options, withdrawn = [], [], ""
    # The last rung has the epochs of the recipe: they are said once.
    by_rungs = not (there["rungs"] + study.settings["rungs"]).isdigit()
    for name in names:
        values = there[name] or "none", study.settings[name] or "none"
        match name:
            case "recipe" if (recipe := _kept_recipe(there[name])) is not None:
                asked = study.measurement.recipe
                if by_rungs:
                    asked = replace(asked, epochs=recipe.epochs)
                other = recipe.differing(asked)
                values = _listed(other), _listed(asked.differing(recipe))
                options += [option(field, text) for field, text in other.items()]
                if other.get("augmentation") in WITHDRAWN:
                    withdrawn = f"the augmentation `{recipe.augmentation}` is no more: "
            case "limits":
                options.append(f"--limits {shlex.quote(there[name])}")
            case "rungs" if by_rungs:
                is_one = there[name].isdigit()
                options.append(f"--epochs {there[name]}" if is_one else f"--rungs {there[name].replace(' ', '')}")
            case "seed":
                options.append(f"--seed {there[name]}")
        if any(values) and (by_rungs or name != "rungs"):
            lines += _difference(name, *values)
    message = "\n".join([f"study `{study.name}` was begun with other settings:", *lines])
    with_options = f" ({' '.join(options)})" if options else ""
    remedy = withdrawn or f"repeat its settings{with_options}, or "
    return StudyError(message, remedy=f"{remedy}begin another study with --study NAME")


def _kept_recipe(text: str) -> Recipe | None:
    try:
        return Recipe.read(text)
    except ArchsearchError:
        return None


def _listed(fields: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {text}" for name, text in fields.items())


def _difference(setting: str, there: str, asked: str) -> list[str]:
    """Show two values from shortly before they differ."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(there, asked, strict=False)))
    start = max(0, same - _SHOWN // 4)
    end = start + _SHOWN
    return [
        f"  {setting} {where}: {'... ' if start else ''}{text[start:end]}{' ...' if len(text) > end else ''}"
        for where, text in (("there", there), ("asked", asked))
    ]
