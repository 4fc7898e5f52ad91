"""The picture of a profile: its pixels, its texts, which must fit, and the files it is written to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from examples.console import ROOT
from examples.pictures import badly_placed, shown
from torch import nn

from archsearch import ArchsearchError, Profile, analyze
from archsearch.notation.network import read
from archsearch.report.panels import Grid, grid, steps
from archsearch.report.picture import draw, figure

REFERENCE = read(ROOT / "search_spaces" / "era_s9.net")


def holes(count: int) -> Profile:
    """Convolutions with dilation 2 on an image of 5x5."""
    return analyze(" ".join(["conv(4, dilation=2)"] * count), (3, 5, 5))


def deep(count: int, side: int) -> Profile:
    """Convolutions with names too long for a panel."""
    names = [f"backbone_with_a_long_name_{number}" for number in range(count)]
    layers = [nn.Conv2d(3, 3, 3, dilation=3, padding=3, groups=3) for _name in names]
    return analyze(nn.Sequential(OrderedDict(zip(names, layers, strict=True))), (3, side, side))


def signal() -> Profile:
    return analyze(nn.Sequential(nn.Conv1d(1, 4, 3), nn.Conv1d(4, 4, 3, dilation=4)), (1, 64))


def volume() -> Profile:
    return analyze(nn.Conv3d(1, 4, (1, 3, 5), padding=1), (1, 8, 16, 24))


def drawn(panels: Grid, number: int) -> list[str]:
    return ["".join(".#o"[pixel] for pixel in line) for line in panels.pixels[number]]


# Worked out by hand: of 5 positions the unit in the middle sees 0, 2 and 4; in the second map it sees what the
# units there do, which is the same, and -2 and 6 on the padding.
def test_holes_and_what_lies_beyond_the_border() -> None:
    panels = grid(holes(2), paper=10)
    assert (panels.width, list(panels.heights)) == (range(-2, 7), [range(-2, 7)])
    assert drawn(panels, 0) == [
        ".........",
        ".........",
        "..#.#.#..",
        ".........",
        "..#.#.#..",
        ".........",
        "..#.#.#..",
        ".........",
        ".........",
    ]
    assert drawn(panels, 1) == [
        "o.o.o.o.o",
        ".........",
        "o.#.#.#.o",
        ".........",
        "o.#.#.#.o",
        ".........",
        "o.#.#.#.o",
        ".........",
        "o.o.o.o.o",
    ]


def test_a_signal_is_one_pixel_high() -> None:
    panels = grid(signal(), paper=10)
    assert drawn(panels, 1) == ["." * 27 + "###.###.###" + "." * 26]


def test_what_lies_further_away_than_an_image_is_cut_off() -> None:
    panels = grid(holes(4), paper=10)
    assert (panels.width, panels.is_cut, panels.is_padded) == (range(-5, 10), True, True)
    assert not grid(holes(2), paper=10).is_cut
    assert not grid(holes(1), paper=10).is_padded


def test_steps_are_the_maps_that_see_more() -> None:
    # The shortcut of the residual sees no more than its input, and its sum no more than its body.
    found = steps(analyze("conv(4) residual(conv(4) relu conv(8)) head()"))
    assert [(row.path, row.op, row.rf) for row in found] == [
        ("1", "convolution 3x3", 3),
        ("2.1", "convolution 3x3", 5),
        ("2.3", "convolution 3x3", 7),
    ]
    assert [row.op for row in steps(analyze("relu"))] == ["input"]


def test_of_many_steps_some_are_chosen() -> None:
    panels = grid(deep(40, 32), paper=10)
    chosen = [panel.row.rf or 0 for panel in panels.panels]
    assert (panels.steps, len(chosen), chosen[0], chosen[-1]) == (40, 12, 7, 241)
    assert {after - before for before, after in pairwise(chosen)} == {18, 24}


PICTURES: dict[str, Callable[[], Profile]] = {
    "reference": lambda: analyze(REFERENCE),
    "deep": lambda: deep(40, 32),
    "signal": signal,
    "volume": volume,
    "wide": lambda: analyze("conv(4) conv(4, dilation=2) head()", (3, 8, 90)),
    "almost square": lambda: analyze("conv(4) head()", (3, 60, 56)),
    "tall": lambda: analyze("conv(4) conv(4, dilation=2) head()", (3, 90, 8)),
    "blind": lambda: analyze(nn.Conv2d(3, 4, 3, dilation=90_000, padding=90_000), (3, 8, 8)),
    "nothing": lambda: analyze("relu"),
    "row": lambda: analyze(nn.Linear(10, 3), (10,)),
}


@pytest.mark.parametrize("name", PICTURES)
def test_words_are_whole_and_apart(name: str) -> None:
    picture = figure(PICTURES[name]())
    assert len(shown(picture)) > 8
    assert badly_placed(picture) == []


def test_the_words(tmp_path: Path) -> None:
    path = tmp_path / "era.svg"
    draw(analyze(REFERENCE), path)
    words = {text.text for text in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")}  # noqa: S314
    assert words >= {
        "What the middle unit of a map sees of the 32x32 image",
        "falls on padding",
        "4.2",
        "conv 3x3, dilation 2",
        "rf 75",
        "image",
        "first to see the whole image: convolution 3x3 (6.2), rf 35",
        "first global operation: max global pool (10), after rf 75",
    }


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (deep(40, 32), "What the middle unit of a map sees of the 32x32 image, 12 of 40 steps"),
        (volume(), "What the middle unit of a map sees of the 8x16x24 image, height and width only"),
        (signal(), "What the middle unit of a map sees of the 64 input positions"),
    ],
)
def test_the_heading(profile: Profile, said: str) -> None:
    assert figure(profile).texts[0].get_text() == said


@pytest.mark.parametrize(
    ("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89PNG")]
)
def test_the_same_bytes_twice(tmp_path: Path, suffix: str, start: bytes) -> None:
    first, second = tmp_path / f"first.{suffix}", tmp_path / f"second.{suffix}"
    draw(holes(2), first)
    draw(holes(2), second)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(start)
    assert first.stat().st_size > 5_000


@pytest.mark.parametrize(
    ("name", "reason"),
    [("net.gif", "`.gif` is not a known kind of picture"), ("net", "its name has no suffix")],
)
def test_a_suffix_that_is_not_known(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(ArchsearchError) as caught:
        draw(holes(1), tmp_path / name)
    assert str(caught.value) == f"cannot draw `{tmp_path / name}`: {reason}\n  end it in .pdf, .png or .svg"
    assert not [*tmp_path.iterdir()]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "absent" / "net.png"
    with pytest.raises(ArchsearchError) as caught:
        draw(holes(1), path)
    assert str(caught.value) == f"cannot write `{path}`: No such file or directory"
