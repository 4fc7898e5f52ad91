"""Each sentence of a grammar is read in one way, however many derivations lead to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from examples.grammars import GRAMMARS, networks, random_spaces
from hypothesis import given, settings

from archsearch.census.automaton import Automaton
from archsearch.census.lattice import network
from archsearch.census.places import ACCEPTED, CLOSE, END, Open, Token
from archsearch.space.space import Space


def automaton(space: Space) -> Automaton:
    return Automaton(space)


def read(machine: Automaton, state: int = Automaton.start) -> Iterator[tuple[Token, ...]]:
    """Yield the tokens of every path from a state to the end, in the order of the moves."""
    if state == ACCEPTED:
        yield ()
    for token, after in machine.moves(state):
        for rest in read(machine, after):
            yield (token, *rest)


@pytest.mark.parametrize("rules", GRAMMARS.values(), ids=GRAMMARS)
def test_each_sentence_is_read_once(rules: str) -> None:
    space = Space.of(rules)
    machine = automaton(space)
    texts = [str(network(tokens)) for tokens in read(machine)]
    assert sorted(texts) == sorted(networks(space))
    assert machine.size == len(texts)


# rules, derivations, sentences, worked out by hand
COUNTED = [
    ("network = conv(8) | conv(8, kernel=3)", 2, 1),
    ("network = (relu*1..2)*2..2", 4, 3),
    ("network = (relu*0..1)*0..2 conv(8)", 7, 3),
    ("network = (relu | relu relu)*1..3", 14, 6),
    # 1 to 100 times one of 2, which is 2^101 - 2, and with each of them 1 to 200 times relu
    ("network = conv(4|8)*1..100 (relu | relu relu)*1..100", (2**101 - 2) ** 2, (2**101 - 2) * 200),
]


@pytest.mark.parametrize(("rules", "derivations", "sentences"), COUNTED)
def test_size_by_hand(rules: str, derivations: int, sentences: int) -> None:
    space = Space.of(rules)
    assert (space.size, automaton(space).size) == (derivations, sentences)


@given(random_spaces(300))
@settings(max_examples=50)
def test_each_sentence_of_a_random_space_is_read_once(space: Space) -> None:
    machine = automaton(space)
    texts = [str(network(tokens)) for tokens in read(machine)]
    assert sorted(texts) == sorted(networks(space))
    assert machine.size == len(texts)


# rules, their sentences in the order in which they are read
ORDERED = [
    ("network = relu | conv(8|4) | same", ["relu", "conv(8)", "conv(4)", "same"]),
    ("network = relu*1..3", ["relu", "relu relu", "relu relu relu"]),
    ("network = same*0..1 relu", ["relu", "same relu"]),
    ("network = conv(8|4, stride=2|1)", ["conv(8, stride=2)", "conv(8)", "conv(4, stride=2)", "conv(4)"]),
    ("network = a(8|4) head(pool=max|avg)\na(w) = conv(w) relu*0..1", [
        f"conv({w}){r} head({p})" for w in (8, 4) for r in ("", " relu") for p in ("pool=max", "")
    ]),
    ("network = split(relu | same, conv(8|4)) same", [
        f"split({first}, conv({w})) same" for first in ("relu", "same") for w in (8, 4)
    ]),
    # of several derivations, the first decides
    ("network = relu same | conv(4) | relu act(silu)", ["relu same", "relu act(kind=silu)", "conv(4)"]),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "sentences"), ORDERED)
def test_sentences_are_read_in_the_order_of_the_rules(rules: str, sentences: list[str]) -> None:
    assert [str(network(tokens)) for tokens in read(automaton(Space.of(rules)))] == sentences


@pytest.mark.parametrize("rules", GRAMMARS.values(), ids=GRAMMARS)
def test_no_token_is_read_in_two_ways(rules: str) -> None:
    machine = automaton(Space.of(rules))
    states, ahead = {machine.start}, [machine.start]
    while ahead:
        here = ahead.pop()
        tokens = [token for token, _after in machine.moves(here)]
        assert len(tokens) == len(set(tokens))
        assert (here == ACCEPTED) == (not tokens)
        new = {after for _token, after in machine.moves(here)} - states
        states |= new
        ahead += new


def test_what_is_read_of_a_word_with_sentences() -> None:
    (tokens,) = read(automaton(Space.of("network = conv(4) split(relu, residual(same)) head()")))
    shown = [str(token.call) if isinstance(token, Open) else token.text for token in tokens]
    assert shown == ["conv(4)", "split", "relu", ")", "residual()", "same", ")", ")", "head()", "end"]
    assert [token.sentences for token in tokens if isinstance(token, Open)] == [0, 2, 0, 1, 0, 0]
    assert tokens.count(CLOSE) == 3
    assert tokens[-1] is END


def test_states_are_shared() -> None:
    # A grammar of 10^30 sentences has a state for each place in it.
    machine = automaton(Space.of("network = conv(4|8)*100 head()"))
    assert machine.size == 2**100
    states, state = set[int](), machine.start
    while state != ACCEPTED:
        states.add(state)
        ((_token, state), *_others) = machine.moves(state)
    assert len(states) == 102
