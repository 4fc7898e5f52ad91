"""From a network back to the choices that lead to it."""

from __future__ import annotations

import random
import time

import pytest
from examples import spaces
from examples.grammars import networks, random_spaces
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archsearch.errors import ArchsearchError
from archsearch.files import shipped
from archsearch.notation.network import Network, parse, read
from archsearch.space.choose import by_option, recording
from archsearch.space.space import Space

SPACES = {
    "words": "network = conv(8|16) (relu | maxpool(2|3))*0..2 head(pool=max|avg)",
    "defaults": "network = conv(8, kernel=3|5) conv(8, padding=1|2) maxpool(3, stride=2|3)",
    "bound once": "network = two(4|8, 8|16)*1..2\ntwo(a, b) = conv(a) conv(b) | conv(b) residual(conv(a) conv(b))",
    "passed on": "network = outer(4|8|16)\n"
    "outer(w) = inner(w, w|32) | inner(16|w, w)\ninner(a, b) = conv(b) conv(a) relu*0..1",
    "chosen among what is passed on": "network = (outer(4) | outer(8|16)) relu*0..1\n"
    "outer(w) = inner(w|32) | inner((w|2)|64) conv(w)\ninner(v) = conv(v)",
    "values within values": "network = unit(4|8)\nunit(w) = conv((w|16)|32) conv(w)",
    "not always used": "network = unit(4|8, 3|5)\nunit(w, k) = conv(w) | conv(w, kernel=k)",
    "ambiguous": "network = (a | b)*1..2 a*0..1\na = conv(8|16) relu*0..1\nb = relu*0..2 conv(16)",
    "nested": "network = residual(residual(conv(4|8)*1..2) relu*0..1 | conv(4)) head()",
    "sentences": "network = split(same, relu*1..2 | w(4), split(same, conv(4|8))) concat(w(8), same)\n"
    "w(c) = conv(c|16) relu*0..1",
    "values beside": "network = unit(4|8, conv|pool) again(relu | conv(4), times=1|3)\n"
    "unit(w, s) = residual(conv(w), shortcut=s) | residual(residual(relu, shortcut=conv|pool), scale=none|skip)",
    "in one another": "network = concat(split(relu | same, relu), relu)*1..2 split(relu, relu, same)*0..1",
    "names": "network = conv(4, norm=batch|none, activation=relu|none) head",
}  # fmt: skip


def derived(space: Space, choices: dict[str, str]) -> tuple[Network, dict[str, str]]:
    """Return what choices lead to, and all that was chosen on the way."""
    record: dict[str, str] = {}
    network = space.derive(recording(by_option(choices), record))
    return network, record


@pytest.mark.parametrize("rules", SPACES.values(), ids=SPACES)
def test_every_sentence_of_a_small_space_leads_back_and_no_other_does(rules: str) -> None:
    space = Space.of(rules)
    sentences = {space.at(index) for index in range(space.size)}
    for network in sentences:
        choices = space.derivation(network)
        assert derived(space, choices) == (network, choices)
    for other in (Space.of(text) for text in SPACES.values()):
        for network in {other.at(index) for index in range(other.size)} - sentences:
            with pytest.raises(ArchsearchError, match="no sentence of the space `space`"):
                space.derivation(network)


@pytest.mark.parametrize("count", [25, pytest.param(2_000, marks=pytest.mark.slow)])
def test_every_sentence_of_a_random_space_leads_back_and_none_of_another_does(count: int) -> None:
    @settings(max_examples=count, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
    @given(random_spaces(200), random_spaces(50))
    def holds(space: Space, other: Space) -> None:
        own = networks(space)
        for text, network in {**networks(other), **own}.items():
            if text in own:
                assert str(derived(space, space.derivation(network))[0]) == text
            else:
                with pytest.raises(ArchsearchError, match="no sentence of the space `space`"):
                    space.derivation(network)

    holds()


@pytest.mark.parametrize("name", spaces.SPACES)
@settings(max_examples=25)
@given(seed=st.integers(min_value=0))
def test_a_network_of_a_shipped_space_leads_back(name: str, seed: int) -> None:
    space = Space.find(name)
    network = space.at(random.Random(seed).randrange(space.size))
    choices = space.derivation(network)
    assert derived(space, choices) == (network, choices)


@pytest.mark.parametrize("name", spaces.STARTS)
def test_a_shipped_network_is_a_sentence_of_the_space_of_its_name_and_fits(name: str) -> None:
    space, network = Space.find(name), read(shipped(".net")[f"{name}.net"])
    assert derived(space, space.derivation(network))[0] == network
    assert space.check(network).fits


def test_of_several_derivations_it_is_the_first() -> None:
    space = Space.of("network = one | two\none = relu*2..3\ntwo = relu*1..2 relu*1..2")
    assert space.derivation(parse("relu relu")) == {"network": "one", "network[0].one.count": "2"}
    assert space.derivation(parse("relu relu relu relu")) == {
        "network": "two", "network[1].two.0.count": "2", "network[1].two.1.count": "2",
    }  # fmt: skip


@pytest.mark.parametrize(
    "rules",
    [
        "network = (a | b)*1..60 head()\na = conv(8|16)\nb = conv(16|8)",
        "network = (conv(8)*1..9)*1..9 (conv(8)*0..9)*1..9 head()",
        "network = r0 head()\nr40 = relu\n"
        + "\n".join(f"r{n} = conv(8) r{n + 1} | conv(16|8) r{n + 1}" for n in range(40)),
        "network = all(" + ", ".join(["|".join(map(str, range(1, 33)))] * 8) + ") head()\n"
        "all(a, b, c, d, e, f, g, h) = " + " ".join(f"conv({x}) conv({x})" for x in "abcdefgh"),
    ],
    ids=["alternatives", "repeats", "tails", "parameters"],
)  # fmt: skip
def test_it_takes_no_time_in_a_large_space_with_many_ways(rules: str) -> None:
    space = Space.of(rules)
    assert space.size > 10**9
    network = space.at(space.size // 2)
    begun = time.process_time()
    assert derived(space, space.derivation(network))[0] == network
    # No derivation of this one is found, in whatever way.
    with pytest.raises(ArchsearchError):
        space.derivation(Network((*network.calls[:-1], *parse("maxpool(2) head()").calls)))
    assert time.process_time() - begun < 2


RULES = """
network = unit(8|16, 3|5)*1..2 head(pool=max|avg)
unit(w, k) = conv(w, kernel=k) residual(conv(w) | relu*1..2)
"""
WRONG = [
    ("relu", 1, "`relu` cannot stand here", "write conv(8|16, kernel=3|5)"),
    ("conv(9) relu", 1, "`conv(9)` cannot stand here", "write conv(8|16, kernel=3|5)"),
    ("conv(8, stride=2)", 1, "`conv(8, stride=2)` cannot stand here", "write conv(8|16, kernel=3|5)"),
    ("conv(8) residual(conv(16))", 18, "`conv(16)` cannot stand here", "write conv(8) or relu"),
    (
        "conv(8) residual(conv(8) relu) head()", 26, "`relu` cannot stand here",
        "end the sentence before it",
    ),
    (
        "conv(8) residual(relu) relu", 24, "`relu` cannot stand here",
        "write head(pool=max|avg) or conv(8|16, kernel=3|5)",
    ),
    (
        "conv(8) residual(relu)", None, "the sentence ends too early",
        "write head(pool=max|avg) or conv(8|16, kernel=3|5)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "column", "problem", "remedy"), WRONG)
def test_what_is_no_sentence_of_the_space(sentence: str, column: int | None, problem: str, remedy: str) -> None:
    with pytest.raises(ArchsearchError) as caught:
        Space.of(RULES, "tiny").derivation(parse(sentence))
    assert caught.value.message == f"the network is no sentence of the space `tiny`: {problem}"
    assert (str(caught.value.place).split("\n")[0] if caught.value.place else None) == (
        column and f"sentence, line 1, column {column}"
    )
    assert caught.value.remedy == remedy
