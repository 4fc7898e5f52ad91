"""Sentences: reading, canonical form, lowering, digest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from examples.sentences import random_network
from examples.words import own
from hypothesis import given
from hypothesis import strategies as st

from archsearch import Network, parse
from archsearch.errors import NotationError, Place
from archsearch.graph.ops.maps import Convolution, Pool
from archsearch.graph.ops.mixing import Elementwise
from archsearch.graph.ops.moving import Take
from archsearch.notation.network import WordCall
from archsearch.notation.vocabulary import VOCABULARY
from archsearch.pytorch.build import build

CANONICAL = [
    ("conv( 24 )", "conv(24)"),
    ("conv(channels=24)", "conv(24)"),
    ("conv(24, kernel=3, stride=1, dilation=1, padding=1, groups=1)", "conv(24)"),
    ("conv(24, stride=2, kernel=5)", "conv(24, kernel=5, stride=2)"),
    ("conv(24, dilation=2, padding=2)", "conv(24, dilation=2)"),
    ("conv(24, dilation=2, padding=1)", "conv(24, dilation=2, padding=1)"),
    ("conv(24, kernel=2, padding=0)", "conv(24, kernel=2, padding=0)"),
    ("conv(8, bias=on, norm=batch, activation=relu)", "conv(8)"),
    ("conv(8, norm=none, activation=none, bias=off)", "conv(8, bias=off, norm=none, activation=none)"),
    ("sep(8,multiplier=1)\n  sep(8, multiplier=2)  # the second", "sep(8) sep(8, multiplier=2)"),
    ("residual( conv(3)relu ) head(pool=avg)", "residual(conv(3) relu) head()"),
    ("dw(5) dw(kernel=3, stride=2)", "dw(kernel=5) dw(stride=2)"),
    ("gated(8, hidden=8) gated(8, hidden=4, activation=gelu)", "gated(8) gated(8, hidden=4, activation=gelu)"),
    (
        "norm(layer) norm(kind=batch) act(silu) act() se(8)",
        "norm(kind=layer) norm() act(kind=silu) act() se(reduction=8)",
    ),
    ("conv(8, norm=layer, activation=gelu)", "conv(8, norm=layer, activation=gelu)"),
    ("maxpool(2, stride=2) avgpool(3, stride=2, padding=0)", "maxpool(2) avgpool(3, stride=2)"),
    ("residual( conv(3)relu ,shortcut = conv,scale=none)", "residual(conv(3) relu)"),
    ("residual(residual(relu, shortcut=pool), shortcut=pool)",) * 2,
    ("residual(relu, shortcut=pool, scale=skip)", "residual(relu, scale=skip, shortcut=pool)"),
    ("split(same,relu\n conv(8),  concat(same(), relu) )", "split(same, relu conv(8), concat(same, relu))"),
    ("again(relu, times=2) again(relu, times=3)", "again(relu) again(relu, times=3)"),
]


@pytest.mark.parametrize(("text", "canonical"), CANONICAL)
def test_canonical_form(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical


@given(st.integers(min_value=0, max_value=10**6))
def test_what_is_written_is_read_back(seed: int) -> None:
    network = random_network(seed, 24)
    again = parse(str(network))
    assert again == network
    assert hash(again) == hash(network)
    assert again.lower((3, 24, 24)).digest == network.lower((3, 24, 24)).digest


@given(st.integers(min_value=0, max_value=10**6))
def test_another_argument_is_another_digest(seed: int) -> None:
    network = random_network(seed, 24)
    digest = network.lower((3, 24, 24)).digest
    longer = Network((*network.calls[:-1], *parse("conv(5, kernel=1)").calls, network.calls[-1]))
    assert longer.lower((3, 24, 24)).digest != digest
    assert network.lower((3, 24, 24), classes=11).digest != digest
    assert network.lower((1, 24, 24)).digest != digest


@given(st.integers(min_value=0, max_value=10**6), st.sampled_from([" ", "", "  ", "\n\t"]))
def test_calls_that_were_read_before_stand_in_places_of_their_own(seed: int, blank: str) -> None:
    text = str(random_network(seed, 24, head=False)).replace(" ", blank or " ")
    text = text.replace(",", f"{blank},").replace("(", f"({blank}")
    for repeated in (text, f"{blank}relu {text} {text} head(){blank}"):
        # A text with a comment is read by the parser as a whole.
        whole = f"{repeated} # whole"
        calls, expected = parse(repeated, "a.net").calls, parse(whole, "a.net").calls
        assert calls == expected
        found = [replace(place, text=whole) for place in places(calls)]
        assert found == places(expected)
        assert {place.text for place in places(calls)} == {repeated}


def places(calls: tuple[WordCall, ...]) -> list[Place]:
    """Return where each word was read from, those in brackets too, with and without what is in them."""
    found = []
    for call in calls:
        assert call.place is not None
        assert call.opening.place == call.place
        found += [call.place, *(place for body in call.bodies for place in places(body))]
    return found


def test_a_mistake_behind_calls_that_were_read_before_is_shown_in_its_place() -> None:
    known = "conv(8) residual(conv(8) relu)"
    parse(known)
    for mistake, column in (("conv(0)", 32), ("residual(relu conv(8, kernel=0))", 46), ("relux", 32), ("8", 32)):
        with pytest.raises(NotationError) as caught:
            parse(f"{known} {mistake}")
        assert isinstance(caught.value.place, Place)
        assert (caught.value.place.column, caught.value.place.text) == (column, f"{known} {mistake}")


def test_words_of_one_name_are_told_apart_in_what_was_read_before(tmp_path: Path) -> None:
    text = 'WORDS = [Word("mine", (), lambda build: build.then(Elementwise("{}")))]'
    words = [own(tmp_path, text.format(name), f"{name}.py") for name in ("relu", "sigmoid")]
    digests = [parse("conv(8) mine", vocabulary=vocabulary).lower().digest for vocabulary in words * 2]
    assert digests[0] != digests[1]
    assert digests[:2] == digests[2:]


def test_a_word_that_ends_stands_once_even_where_it_is_the_same_value() -> None:
    (head,) = parse("head()").calls
    with pytest.raises(NotationError, match="may only end a sentence"):
        Network((head, head))


def test_brackets_nest_50_deep_and_no_deeper() -> None:
    assert str(parse("residual(" * 50 + "relu" + ")" * 50)).count("residual") == 50
    with pytest.raises(NotationError, match="nested more than 50 deep"):
        parse("residual(" * 51 + "relu" + ")" * 51)


# A change here gives every stored result another key: raise graph.FORMAT only for a change of meaning.
DIGESTS = [
    ("conv(24) conv(44, stride=2) head()", "54701c75d1031de9"),
    ("residual(sep(24, multiplier=2)) maxpool(2) head(pool=max)", "f82bc2eed54aca2f"),
    ("conv(24) se() head()", "04059ea31fad9c5f"),  # that of the word `se` of the earlier docs/own_word.py
]


@pytest.mark.parametrize(("sentence", "digest"), DIGESTS)
def test_digests_stay(sentence: str, digest: str) -> None:
    assert parse(sentence).lower().digest == digest


def test_equal_operations_have_one_digest_however_they_are_written() -> None:
    separable = parse("sep(8, norm=none, activation=none)").lower()
    plain = "norm=none, activation=none"
    by_hand = parse(f"conv(3, groups=3, {plain}) conv(8, kernel=1, {plain})").lower()
    assert separable.digest == by_hand.digest


# sentence, and the kinds of its operations in order
LOWERED = [
    ("conv(8)", ["convolution", "batch_norm", "relu"]),
    ("conv(8, norm=none, activation=none)", ["convolution"]),
    ("sep(8)", ["convolution", "convolution", "batch_norm", "relu"]),
    ("conv(8, norm=layer, activation=gelu)", ["convolution", "layer_norm", "gelu"]),
    ("sep(8, norm=layer, activation=silu)", ["convolution", "convolution", "layer_norm", "silu"]),
    ("dw()", ["convolution", "batch_norm", "relu"]),
    ("gated(8)", ["convolution", "take", "silu", "take", "mul", "convolution"]),
    ("se()", ["global_pool", "convolution", "relu", "convolution", "sigmoid", "mul"]),
    ("norm() norm(layer)", ["batch_norm", "layer_norm"]),
    ("act() act(silu) act(gelu) relu", ["relu", "silu", "gelu", "relu"]),
    ("residual(conv(3, norm=none))", ["convolution", "relu", "add"]),
    ("residual(conv(8, norm=none))", ["convolution", "relu", "convolution", "add"]),
    ("residual(relu maxpool(1, stride=2))", ["relu", "pool", "convolution", "add"]),
    ("residual(conv(3, norm=none), shortcut=pool)", ["convolution", "relu", "add"]),
    ("residual(conv(3, norm=none), scale=skip)", ["convolution", "relu", "scale", "add"]),
    ("residual(maxpool(2), shortcut=pool, scale=skip)", ["pool", "pool", "scale", "add"]),
    (
        "residual(conv(8, stride=2, norm=none), shortcut=pool)",
        ["convolution", "relu", "pool", "convolution", "add"],
    ),
    ("residual(conv(8, norm=none), shortcut=pool)", ["convolution", "relu", "convolution", "add"]),
    ("same", []),
    ("residual(same)", ["add"]),
    ("split(same, relu, relu relu)", ["take", "take", "relu", "take", "relu", "relu", "concatenate"]),
    ("concat(relu, same, maxpool(1))", ["relu", "pool", "concatenate"]),
    ("again(relu, times=3)", ["relu"] * 3),
    ("head()", ["global_pool", "flatten", "linear"]),
]


@pytest.mark.parametrize(("sentence", "kinds"), LOWERED)
def test_lowering(sentence: str, kinds: list[str]) -> None:
    assert [node.op.identity[0] for node in parse(sentence).lower().nodes[1:]] == kinds


def test_a_depthwise_convolution_alone_is_the_first_half_of_a_separable_one() -> None:
    plain = "norm=none, activation=none"
    apart = parse(f"dw(5, dilation=2, multiplier=2, {plain}) conv(8, kernel=1)").lower()
    assert apart.digest == parse("sep(8, kernel=5, dilation=2, multiplier=2)").lower().digest


def test_the_shortcut_takes_the_stride_of_the_body_and_has_a_bias() -> None:
    nodes = parse("residual(conv(8, stride=2) residual(conv(16, stride=3)))").lower().nodes
    assert nodes[-1].op == Elementwise("add")
    shortcut = nodes[nodes[-1].inputs[1]]
    assert shortcut.op == Convolution(16, (1, 1), (6, 6), bias=True)
    assert shortcut.inputs == (0,)


def test_the_pool_of_a_shortcut_has_the_stride_of_the_body_and_rounds_up() -> None:
    nodes = parse("residual(conv(8, stride=2) conv(8, stride=2), shortcut=pool)").lower((3, 31, 29)).nodes
    shortcut = nodes[nodes[-1].inputs[1]]
    assert shortcut.op == Convolution(8, (1, 1), bias=True)
    assert nodes[shortcut.inputs[0]].op == Pool("avg", (4, 4), (4, 4), ceil_mode=True)
    assert nodes[shortcut.inputs[0]].inputs == (0,)


def test_what_each_sentence_of_a_word_reads_and_where_it_stands() -> None:
    split = parse("conv(4) split(relu, same relu maxpool(1))").lower().nodes[4:]
    assert [(node.inputs, node.path) for node in split] == [
        ((3,), "2"), ((4,), "2.1.1"), ((3,), "2"), ((6,), "2.2.2"), ((7,), "2.2.3"), ((5, 8), "2"),
    ]  # fmt: skip
    assert [split[0].op, split[2].op] == [Take(1, 0, 2), Take(1, 2, 2)]
    concat = parse("relu concat(relu, same, residual(maxpool(1)))").lower().nodes[2:]
    assert [(node.inputs, node.path) for node in concat] == [
        ((1,), "2.1.1"), ((1,), "2.3.1.1"), ((3, 1), "2.3.1"), ((2, 1, 4), "2"),
    ]  # fmt: skip


def test_the_module_splits_and_concatenates_in_the_order_of_the_sentences() -> None:
    image = torch.tensor([-1.0, -2.0, -3.0]).view(1, 3, 1, 1)
    module = build(parse("concat(same, split(relu, same, residual(same)))").lower((3, 1, 1)))
    assert module(image).flatten().tolist() == [-1, -2, -3, 0, -2, -6]


def test_what_is_repeated_has_one_set_of_kernels_and_norms_of_its_own() -> None:
    nodes = parse("again(conv(3) again(conv(3, kernel=1, norm=none)))").lower().nodes
    shares = {number: node.shares for number, node in enumerate(nodes) if isinstance(node.op, Convolution)}
    assert shares == {1: None, 4: None, 6: 4, 8: 1, 11: 4, 13: 4}
    assert all(node.weights == nodes[node.shares].weights for node in nodes if node.shares is not None)
    names = {weight.name for node in nodes for weight in node.weights}
    assert names == {"1.0", "1.1", "4.0", "4.1", "2.0", "2.1", "9.0", "9.1"}


def test_one_set_of_kernels_is_another_digest() -> None:
    texts = ["again(conv(3), times=1)", "again(conv(3))", "conv(3) conv(3)"]
    once, twice, written = (parse(text).lower().digest for text in texts)
    assert len({once, twice, written}) == 3
    assert once == parse("conv(3)").lower().digest
    assert parse("again(relu)").lower().digest == parse("relu relu").lower().digest


def test_the_module_computes_the_sum_of_body_and_input() -> None:
    module = build(parse("residual(relu)").lower((1, 1, 2)))
    assert module(torch.tensor([[[[-1.0, 2.0]]]])).tolist() == [[[[-1.0, 4.0]]]]


def test_the_vocabulary_says_its_defaults() -> None:
    window = "channels, kernel=3, stride=1, dilation=1, padding=dilation*(kernel-1)/2"
    around = "bias=on, norm=batch, activation=relu"
    assert [word.signature for word in VOCABULARY.values()] == [
        f"conv({window}, groups=1, {around})",
        f"sep({window}, multiplier=1, {around})",
        f"dw({window.removeprefix('channels, ')}, multiplier=1, {around})",
        "gated(channels, hidden=channels, activation=silu)",
        "se(reduction=4)",
        "residual(sentence, scale=none, shortcut=conv)",
        "split(sentence, sentence, ...)",
        "concat(sentence, sentence, ...)",
        "again(sentence, times=2)",
        "same",
        "maxpool(kernel, stride=kernel, padding=0)",
        "avgpool(kernel, stride=kernel, padding=0)",
        "norm(kind=batch)",
        "act(kind=relu)",
        "relu",
        "head(pool=avg)",
    ]
