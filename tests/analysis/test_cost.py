"""Seconds of training, predicted from what a network is made of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from examples.modules import Of
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from archsearch import ArchsearchError, Limits, Space, check, parse
from archsearch.analysis.cost import Calibration, Work, work
from archsearch.analysis.limits import NO_LIMITS
from archsearch.analysis.profile import profile
from archsearch.pytorch.trace import trace

CALIBRATION = Calibration(1e-11, 4e-11, 2e-11, 8e-11, 2e-9, 3e-9, 1e-9, 1e-6, device="a table")

# sentence, its work on an image of 3 x 8 x 8 by hand
WORKED = [
    ("conv(4)", Work(3 * 4 * 9 * 64, 0, 0, 0, 256, 256, 256, 3)),
    ("conv(4, dilation=2)", Work(0, 0, 3 * 4 * 9 * 64, 0, 256, 256, 256, 3)),
    ("conv(4, kernel=1, dilation=2, norm=none, activation=none)", Work(3 * 4 * 64, 0, 0, 0, 256, 0, 0, 1)),
    ("conv(6, stride=2, groups=3, norm=none)", Work(0, 6 * 9 * 16, 0, 0, 96, 0, 96, 2)),
    ("sep(4, multiplier=2)", Work(6 * 4 * 64, 6 * 9 * 64, 0, 0, 384 + 256, 256, 256, 4)),
    ("sep(4, dilation=2)", Work(3 * 4 * 64, 0, 0, 3 * 9 * 64, 192 + 256, 256, 256, 4)),
    ("residual(relu)", Work(0, 0, 0, 0, 0, 0, 192 + 192, 2)),
    ("maxpool(2)", Work(0, 0, 0, 0, 0, 0, 192, 1)),
]


@pytest.mark.parametrize(("sentence", "done"), WORKED)
def test_what_a_network_is_made_of(sentence: str, done: Work) -> None:
    assert work(parse(sentence).lower((3, 8, 8))) == done


def test_what_is_computed_of_weights_alone_is_no_work_on_an_image() -> None:
    layer = nn.Linear(8, 4)
    plain = Of(lambda image, linear: linear(image), layer)
    beside = Of(lambda image, linear: linear(image) + linear(linear.weight).sum(), layer)
    [alone, with_weights] = (work(trace(module, (5, 8)).graph) for module in (plain, beside))
    # 5 rows of 8 features to 4; the sum of the two is 20 elements, and an operation.
    assert alone == Work(dense_macs=5 * 8 * 4, operations=1)
    assert with_weights == alone._replace(elements=20, operations=2)


def test_seconds_by_hand() -> None:
    done = Work(1_000_000, 100_000, 100_000, 100_000, 1_000, 2_000, 4_000, 5)
    # 1e-5 + 4e-6 + 2e-6 + 8e-6 + 2e-6 + 6e-6 + 4e-6 + 5e-6
    assert CALIBRATION.image_seconds(done) == pytest.approx(41e-6)


DILATED = ["conv(8, dilation=2)", "sep(8, dilation=2)"]
WORDS = st.sampled_from(["conv(8)", "sep(8)", "residual(conv(8))", "relu", "conv(8, norm=none)", *DILATED])
PARTS = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)


@given(PARTS, PARTS)
def test_seconds_of_a_sentence_are_the_sum_of_its_parts(first: str, second: str) -> None:
    seconds = [
        CALIBRATION.image_seconds(work(parse(sentence).lower((8, 8, 8))))
        for sentence in (first, second, f"{first} {second}")
    ]
    assert seconds[2] == pytest.approx(seconds[0] + seconds[1])
    assert seconds[2] > seconds[0]


@given(st.sampled_from([*Work._fields]), st.integers(1, 10**9))
def test_more_work_takes_longer(part: str, more: int) -> None:
    before = Work(*[1_000] * len(Work._fields))
    after = before._replace(**{part: 1_000 + more})
    assert CALIBRATION.image_seconds(after) > CALIBRATION.image_seconds(before)


def test_there_are_seconds_only_with_a_calibration() -> None:
    graph = parse("conv(8) head()").lower()
    assert "seconds" not in profile(graph).figures
    figures = profile(graph, CALIBRATION).figures
    assert figures["seconds"] == CALIBRATION.seconds(graph) == dict(figures)["seconds"]
    assert len(figures) == len([*figures])


def test_a_limit_on_seconds_needs_a_calibration() -> None:
    with pytest.raises(ArchsearchError, match="bounds seconds") as raised:
        check("conv(8) head()", "rf > 2, seconds < 40")
    assert "Limits.calibrated" in (raised.value.remedy or "")
    assert not NO_LIMITS.name_seconds


def test_a_space_is_held_against_seconds() -> None:
    space = Space.of("limits seconds < 4\nnetwork = conv(8|64) head()")
    space = space.with_limits(space.limits.calibrated(CALIBRATION))
    small, large = (space.check(space.at(index)) for index in range(2))
    assert small.fits
    assert small.figures["seconds"] < 4
    [reason] = large.reasons
    assert reason == f"seconds is {large.figures['seconds']:.2f}, not < 4"
    assert large.excess["seconds < 4"] == pytest.approx(large.figures["seconds"] - 4)


# condition, by how much 2.5 seconds break it
EXCESS = [
    ("seconds < 2", 0.5),
    ("seconds <= 2.5", 0),
    ("seconds > 4", 1.5),
    ("seconds = 2", 0.5),
    ("seconds != 2", 0),
]


@pytest.mark.parametrize(("text", "excess"), EXCESS)
def test_how_far_seconds_are_from_fitting(text: str, excess: float) -> None:
    assert list(Limits.of(text).excess({"seconds": 2.5}).values()) == [excess]


@pytest.mark.parametrize("comparator", ["<", ">", "<=", ">=", "=", "!="])
@given(st.floats(0, 100), st.integers(0, 100))
def test_seconds_fit_where_the_excess_is_not_above_0(comparator: str, seconds: float, bound: int) -> None:
    limits, figures = Limits.of(f"seconds {comparator} {bound}"), {"seconds": seconds}
    [excess] = limits.excess(figures).values()
    assert (excess <= 0) == (not limits.violations(figures))


def test_a_calibration_is_written_and_read(tmp_path: Path) -> None:
    file = tmp_path / "machine.json"
    file.write_text(json.dumps(CALIBRATION.written()), encoding="utf-8")
    assert Calibration.read(file) == CALIBRATION


def test_one_of_before_predicts_dilated_kernels_as_it_did() -> None:
    values = {name: value for name, value in CALIBRATION.written().items() if not name.startswith("dilated")}
    found = Calibration.of(values)
    assert (found.dilated_dense_mac, found.dilated_grouped_mac) == (found.dense_mac, found.grouped_mac)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not a calibration"),
        ("[]", "is not a calibration"),
        ("[" * 100_000, "is not a calibration"),
        ('{"dense_mac": 1}', "is not a calibration"),
        (json.dumps({**CALIBRATION.written(), "dense_mac": -1}), "dense_mac of a calibration is -1"),
        (json.dumps({**CALIBRATION.written(), "element": "1"}), "element of a calibration is '1'"),
        (json.dumps({**CALIBRATION.written(), "error": float("nan")}), "error of a calibration is nan"),
        (json.dumps({**CALIBRATION.written(), "element": 10**400}), "element of a calibration is 1000"),
    ],
)
def test_what_is_no_calibration_is_refused(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "machine.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ArchsearchError, match=message) as raised:
        Calibration.read(file)
    assert "archsearch calibrate --json" in (raised.value.remedy or "")
