"""A study is resumed with settings of the same meaning, however they are written, and with no others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from archsearch.errors import StudyError
from archsearch.space.space import Space
from archsearch.study.budget import Budget
from archsearch.study.job import Job
from archsearch.study.loop import run
from archsearch.study.results import load_results
from archsearch.study.settings import SETTINGS, STUDY, begun
from archsearch.study.study import Measurement, Study
from archsearch.training.history import Epoch
from archsearch.training.recipe import Recipe

TABLE = Measurement("a table", "0123456789abcdef", "validation", Recipe(epochs=1), seed=0)
LIMITS = "rf > 2, params < 200k"
TEXT = """
# A family.
network = conv( 4 |8 )*2..2 (unit(8,2) | conv(8, kernel = 3, stride=2)) head()
unit(w, s) = residual(sep(w, stride=s))
"""
SAME = [
    TEXT,
    "network = conv(4|8)*2 (unit(8, 2) | conv(8, stride=2)) head()\nunit(w, s) = residual(sep(w, stride=s))",
    "classes 10\nlimits rf > 90\ninput   3x32x32\n\nunit(w,s) = residual( sep(w, stride=s) )\n"
    "network = (conv(channels=4|8))*2..2\n  # or\n  (unit(8,2) | conv(8, stride=2, kernel=3)*1) head",
]
OTHER = [
    TEXT.replace("|8 )", "|16 )"),
    TEXT.replace("*2..2", "*1..2"),
    TEXT.replace("kernel = 3", "kernel=5"),
    f"classes 11\n{TEXT}",
    f"input 3x32x33\n{TEXT}",
]


def study(text: str = TEXT, limits: str = LIMITS, measurement: Measurement = TABLE) -> Study:
    return Study("tiny", Space.of(text, "tiny").with_limits(limits), measurement)


def kept(one: Study) -> dict[str, object]:
    return {SETTINGS: one.settings, STUDY: one.written()}


@pytest.mark.parametrize("text", SAME)
def test_spaces_of_one_meaning_are_written_alike(text: str) -> None:
    space, before = Space.of(text), Space.of(TEXT)
    assert space.canonical == before.canonical
    again = Space.of(space.canonical)
    assert again.canonical == space.canonical
    assert [again.at(index) for index in range(space.size)] == [before.at(index) for index in range(space.size)]


@pytest.mark.parametrize("text", SAME)
@pytest.mark.parametrize("limits", [LIMITS, "rf>2,params<200_000", "(params < 200k) and (rf > 2)"])
def test_the_same_meaning_resumes_a_study_as_it_was_begun(text: str, limits: str) -> None:
    renamed = replace(TABLE, data="the same table")
    resumed = begun(kept(study()), study(text, limits, renamed))
    assert (resumed.space.plain_text, str(resumed.space.limits)) == (Space.of(TEXT).plain_text, LIMITS)
    assert resumed.measurement == renamed


@pytest.mark.parametrize("text", OTHER)
def test_another_space_does_not(text: str) -> None:
    with pytest.raises(StudyError, match="space there"):
        begun(kept(study()), study(text))


@pytest.mark.parametrize("limits", ["rf > 3, params < 200k", "rf > 2", "rf > 2 or params < 200k", ""])
def test_other_limits_do_not(limits: str) -> None:
    with pytest.raises(StudyError, match="limits there"):
        begun(kept(study()), study(limits=limits))


@pytest.mark.parametrize("text", SAME)
def test_of_version_0_1_there_is_the_text_on_one_line(text: str) -> None:
    before = {SETTINGS: {name: text for name, text in study().settings.items() if name != "words"}}
    resumed = begun(before, study(text, limits="rf>2, params<0.2M"))
    assert resumed.space.plain_text == study().space.plain_text
    assert [resumed.space.at(index) for index in range(8)] == [study().space.at(index) for index in range(8)]
    with pytest.raises(StudyError, match="space there"):
        begun(before, study(OTHER[0]))


def measured(recipe: Recipe) -> Study:
    return study(measurement=replace(TABLE, recipe=recipe))


@pytest.mark.parametrize(
    ("before", "now", "lines"),
    [
        (
            Recipe(epochs=20, nesterov=False, learning_rate=0.1),
            Recipe(epochs=20, dropout=0.02),
            [
                "  recipe there: learning_rate 0.1, nesterov False, dropout 0",
                "  recipe asked: learning_rate 0.15, nesterov True, dropout 0.02",
                "  repeat its settings (--learning-rate 0.1 --no-nesterov --dropout 0), or begin "
                "another study with --study NAME",
            ],
        ),
        (
            Recipe(augmentation="assignment"),
            Recipe(epochs=3),
            [
                "  recipe there: epochs 8, augmentation assignment",
                "  recipe asked: epochs 3, augmentation flip_crop",
                "  the augmentation `assignment` is no more: begin another study with --study NAME",
            ],
        ),
    ],
)
def test_another_recipe_is_refused_with_the_fields_that_differ(
    before: Recipe, now: Recipe, lines: list[str]
) -> None:
    with pytest.raises(StudyError) as caught:
        begun(kept(measured(before)), measured(now))
    assert str(caught.value).splitlines()[1:] == lines


def test_a_recipe_that_cannot_be_read_is_shown_as_it_is() -> None:
    there = {SETTINGS: {**study().settings, "recipe": "8 epochs of something"}}
    with pytest.raises(StudyError) as caught:
        begun(there, study())
    assert str(caught.value).splitlines()[1:] == [
        "  recipe there: 8 epochs of something",
        "  recipe asked: 1 epoch, batch 128, lr 0.15, momentum 0.9, wd 0.0005, flip_crop",
        "  repeat its settings, or begin another study with --study NAME",
    ]


def test_other_limits_and_seed_are_refused_with_the_options_that_repeat_them() -> None:
    with pytest.raises(StudyError, match=r"settings \(--limits 'rf > 2, params < 200k' --seed 0\), or begin"):
        begun(kept(study()), study(limits="rf > 3", measurement=replace(TABLE, seed=7)))


def count(job: Job) -> None:
    job.report(Epoch(1, 0.0, 1.0, 50.0, 1.0, float(len(job.graph.nodes)), 0.0))


def test_a_study_that_is_written_in_another_way_goes_on(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 'studies.db'}"
    for trials, text in enumerate(SAME, start=2):
        run(study(text, "rf>2"), count, Budget(trials=trials), storage=storage)
    assert [row["state"] for row in load_results(storage)].count("complete") == 4


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", "''"),
        ("  ", "'  '"),
        ("a\nb", r"'a\nb'"),
        ("\x1b[31m", r"'\x1b[31m'"),
        ("\udcff", r"'\udcff'"),
        ("x" * 600, repr("x" * 200 + "...")),
    ],
)
def test_a_name_that_no_table_could_show_is_refused(name: str, shown: str) -> None:
    with pytest.raises(StudyError) as caught:
        replace(study(), name=name)
    remedy = "take up to 200 printable characters, with --study NAME"
    assert str(caught.value) == f"{shown} cannot be the name of a study\n  {remedy}"
