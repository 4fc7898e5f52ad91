"""Grammars: how many networks, which ones, one choice at a time."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path

import pytest
from examples.spaces import SPACES
from hypothesis import given
from hypothesis import strategies as st

from archsearch.files import shipped
from archsearch.notation.network import read
from archsearch.space.choose import by_index, recording
from archsearch.space.space import Space

# rules, and every sentence they derive, worked out by hand
DERIVED = [
    ("network = conv(8)", ["conv(8)"]),
    ("network = conv(8|16)", ["conv(8)", "conv(16)"]),
    ("network = conv(8) | relu", ["conv(8)", "relu"]),
    ("network = relu*1..3", ["relu", "relu relu", "relu relu relu"]),
    ("network = relu*2", ["relu relu"]),
    # each time anew
    ("network = conv(4|8)*2", ["conv(4) conv(4)", "conv(4) conv(8)", "conv(8) conv(4)", "conv(8) conv(8)"]),
    # bound once, and the same throughout
    ("network = two(4|8)\ntwo(w) = conv(w) conv(w)", ["conv(4) conv(4)", "conv(8) conv(8)"]),
    ("network = conv(8, stride=1|2) (relu | maxpool(2))*0..1", [
        "conv(8)", "conv(8, stride=2)", "conv(8) relu", "conv(8, stride=2) relu", "conv(8) maxpool(2)",
        "conv(8, stride=2) maxpool(2)",
    ]),
    ("network = residual(conv(3|4) relu*0..1) head(pool=max|avg)", [
        f"residual(conv({w}){r}) head({p})" for w in (3, 4) for r in ("", " relu") for p in ("pool=max", "")
    ]),
    # of sentences and values each with each
    ("network = split(relu | same, conv(3|4))", [
        f"split({first}, conv({w}))" for first in ("relu", "same") for w in (3, 4)
    ]),
    ("network = two(4|8, conv|pool)\ntwo(w, s) = residual(conv(w|2), shortcut=s)", [
        f"residual(conv({w}){s})" for w in (4, 8, 2, 2) for s in ("", ", shortcut=pool")
    ]),
    ("network = residual(residual(relu, scale=none|skip), scale=none|skip)", [
        f"residual(residual(relu{a}){b})" for a in ("", ", scale=skip") for b in ("", ", scale=skip")
    ]),
    # a rule goes on over indented lines, comments and empty lines are nothing
    ("# a comment\nnetwork = first\n   # inside\n\n  relu\nfirst = conv(8)", ["conv(8) relu"]),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "sentences"), DERIVED)
def test_every_sentence_once(rules: str, sentences: list[str]) -> None:
    space = Space.of(rules)
    assert space.size == len(sentences)
    assert sorted(str(space.at(index)) for index in range(space.size)) == sorted(sentences)


def test_a_value_is_never_a_rule_of_its_name() -> None:
    space = Space.of("network = max head(pool=max)\nmax = conv(8|16)")
    assert [str(space.at(index)) for index in range(space.size)] == [
        "conv(8) head(pool=max)", "conv(16) head(pool=max)",
    ]  # fmt: skip


def test_a_choice_among_values_may_hold_another() -> None:
    space = Space.of("network = unit(4|8)\nunit(w) = conv((w|16)|32) conv(w)")
    assert {str(space.at(index)) for index in range(space.size)} == {
        f"conv({first}) conv({w})" for w in (4, 8) for first in (w, 16, 32)
    }


def test_headers() -> None:
    space = Space.of("input 1x28x30\nclasses 7\nlimits rf > 3,\n  params < 1k\nnetwork = conv(8) head()")
    assert (space.input, space.classes) == ((1, 28, 30), 7)
    assert str(space.limits) == "rf > 3, params < 1k"


def test_a_name_and_a_bracket_with_a_blank_between_are_two_things() -> None:
    space = Space.of("network = stem (relu | conv(8))\nstem = conv(4)")
    assert {str(space.at(index)) for index in range(space.size)} == {"conv(4) relu", "conv(4) conv(8)"}


@pytest.mark.parametrize("name", SPACES)
@given(seed=st.integers(min_value=0))
def test_a_slot_has_the_same_options_always_and_a_record_leads_back(name: str, seed: int) -> None:
    space, record = Space.find(name), dict[str, str]()
    network = space.derive(recording(by_index(random.Random(seed).randrange(space.size)), record))
    options_of: dict[str, tuple[str, ...]] = {}

    def again(slot: str, options: tuple[str, ...], counts: tuple[int, ...]) -> int:
        assert slot not in options_of
        assert len(set(options)) == len(options) == len(counts)
        options_of[slot] = options
        return options.index(record[slot])

    assert space.derive(again) == network
    for slot, options in options_of.items():
        assert OPTIONS.setdefault((name, slot), options) == options
        assert len(slot) < 100


OPTIONS: dict[tuple[str, str], tuple[str, ...]] = {}


def test_slots_of_sentences_and_of_values_beside_them() -> None:
    space, record = Space.of(
        "network = residual(conv(4|8)) residual(residual(conv(4|8), shortcut=conv|pool), shortcut=pool|conv)"
        " split(conv(4|8), same relu*0..1)"
    ), dict[str, str]()  # fmt: skip
    space.derive(recording(by_index(0), record))
    assert record == {
        "network.0.channels": "4", "network.1.shortcut": "pool", "network.1.0.shortcut": "conv",
        "network.1.0.0.channels": "4", "network.2.0.channels": "4", "network.2.1.1.count": "0",
    }  # fmt: skip


def test_a_space_with_sentences_is_written_in_one_way() -> None:
    rules = (
        "network = split( same, (conv(4|8) | relu)*1..1 )  residual(same(), shortcut = conv) again(relu,times=2|3)"
    )
    assert Space.of(rules).canonical.splitlines()[2] == (
        "network = split(same, conv(4|8) | relu) residual(same) again(relu, times=2|3)"
    )


# rules, and their canonical text: brackets that say which alternatives belong together stay
IN_ONE_WAY = [
    ("network = (conv(4) | relu)*1 head", "network = (conv(4) | relu) head()"),
    ("network = ((conv(4) | relu)*1)*1 head()", "network = (conv(4) | relu) head()"),
    ("network = ((conv(4) relu)*1)*2", "network = (conv(4) relu)*2"),
    ("network = (relu*1 conv(4))*1 relu*2..2", "network = relu conv(4) relu*2"),
    ("network = (relu*1..2)*1 head()", "network = relu*1..2 head()"),
]


@pytest.mark.parametrize(("rules", "canonical"), IN_ONE_WAY)
def test_what_stands_once_is_written_without_saying_so(rules: str, canonical: str) -> None:
    assert Space.of(rules).canonical.splitlines()[2:] == [canonical]
    assert Space.of(canonical).size == Space.of(rules).size


def test_a_draw_is_fair() -> None:
    # 1 + 2 + 4 derivations: each of the seven is drawn about 1,000 times of 7,000
    space = Space.of("network = conv(8|16)*0..2 relu")
    drawn = [str(network) for network in islice(space.sample(seed=0), 7_000)]
    counts = [drawn.count(str(space.at(index))) for index in range(space.size)]
    assert len(counts) == 7
    assert 900 < min(counts) <= max(counts) < 1_100


def test_sampling_repeats_by_its_seed() -> None:
    space = Space.find("first")
    first, again, other = (list(islice(space.sample(seed), 5)) for seed in (1, 1, 2))
    assert first == again != other


def test_the_assignment() -> None:
    space = Space.find("era_s9")
    assert space.size >= 10**9
    assert all("maxpool" not in str(network) for network in islice(space.sample(0), 200))

    def smallest(_slot: str, options: tuple[str, ...], _counts: tuple[int, ...]) -> int:
        return next((i for i, option in enumerate(options) if option.startswith(SMALL)), 0)

    candidate = space.check(space.derive(smallest))
    assert candidate.fits
    assert candidate.figures["params"] < 20_000


def test_the_reference_network_is_a_sentence_of_the_assignments_space() -> None:
    space, reference = Space.find("era_s9"), read(shipped(".net")["era_s9.net"])
    wanted = iter(REFERENCE)
    network = space.derive(lambda slot, options, counts: options.index(next(wanted)))
    assert network == reference
    assert space.check(network).fits
    assert list(wanted) == []


@pytest.mark.parametrize("name", SPACES)
def test_shipped_spaces_have_shapes_that_fit_and_a_tenth_keeps_the_limits(name: str) -> None:
    space = Space.find(name)
    verdicts = [space.check(network) for network in islice(space.sample(0), 200)]
    assert all(verdict.profile is not None for verdict in verdicts)
    assert 20 < sum(verdict.fits for verdict in verdicts) < 200


def test_a_space_is_found_by_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.space"
    path.write_text("network = relu")
    assert (Space.find(str(path)).name, Space.find(str(path)).size) == ("mine", 1)


SMALL = ("sep(w, dilation", "sep(w, stride", "spread", "conv(thin")
CONV, SEPARABLE = "conv(w, dilation=1|2)", "sep(w, multiplier=1|2)"
TWO_UNITS = "residual(unit(thin) unit(wide))"
REFERENCE = [
    *("24", "44", "64"),
    *("24", "44", TWO_UNITS, CONV, "1", CONV, "1", "64", "conv(w, stride=2)"),
    *("24", "44", TWO_UNITS, CONV, "1", CONV, "1"),
    *("spread(32|64|96|128)", "64", "conv(w, dilation=2, padding=1|2)", "1"),
    *("24", "44", TWO_UNITS, SEPARABLE, "2", SEPARABLE, "2", "64", SEPARABLE, "2"),
    "max",
]
