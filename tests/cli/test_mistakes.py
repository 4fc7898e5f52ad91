"""Mistakes in what a user writes - sentences, limits, inputs - and every message, whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples.mistakes import (
    CONDITION,
    LAST,
    ONCE,
    SPLIT,
    WORD,
    WORDS,
    Capture,
    message,
    place_of,
    refused,
    unmarked,
)

pytestmark = pytest.mark.usefixtures("folder")


ONE_SHAPE = "bring both to one shape; padding=dilation*(kernel-1)/2 keeps a map's size at stride 1"
LARGER = "reduce the kernel, or the strides before it, or add padding"
DIVISOR = "write a divisor of both, such as groups={}"
CONV = (
    "write conv(channels, kernel=3, stride=1, dilation=1, padding=dilation*(kernel-1)/2, groups=1, bias=on, "
    "norm=batch, activation=relu)"
)
WHOLE = "numbers are whole"
NEVER_NEGATIVE = "numbers are whole and never negative"
SENTENCE = "a sentence reads like: conv(24, stride=2) residual(conv(24) sep(24)) head()"
RESIDUAL = "write residual(sentence, scale=none, shortcut=conv)"
FIGURES = (
    "known here: activation_bytes, activation_ops, arithmetic_ops, bias_ops, depth, depthwise, dilated, flops, "
    "macs, maxpool, norm_ops, params, pooling_ops, rf, rf_inside, seconds, trainable, weight_bytes"
)

# The sentence with an @ before the place that is named, what is wrong with it, and what to do.
SENTENCES = [
    ("@convv(24) head()", "there is no word `convv`", "did you mean `conv`?"),
    ("conv(24) @layer", "there is no word `layer`", f"known here: {WORDS}"),
    ("conv(24, @kernal=5)", "`conv` has no argument `kernal`", "did you mean `kernel`?"),
    ("conv(24, kernel=3, @kernel=5)", "`kernel` is given twice", ONCE),
    ("conv(24, @channels=32)", "`channels` is given twice", ONCE),
    ("conv(24, @5)", "only the first argument of `conv` may be given without its name", CONV),
    ("relu(@3)", "`relu` takes no arguments", "write relu"),
    ("@conv(kernel=3) head()", "`conv` needs `channels`", CONV),
    ("@maxpool()", "`maxpool` needs `kernel`", "write maxpool(kernel, stride=kernel, padding=0)"),
    ("@conv(0)", "channels of `conv` is 0; it must be a whole number of at least 1", None),
    ("relu @conv(24, kernel=0)", "kernel of `conv` is 0; it must be a whole number of at least 1", None),
    ("@conv(24, kernel=max)", "kernel of `conv` is max; it must be a whole number of at least 1", None),
    (
        "@conv(24, kernel=2)",
        "with kernel=2, `conv` needs `padding`",
        "an even kernel has no padding that keeps the size; write padding=0, for instance",
    ),
    ("conv(@-3)", f"unexpected `-`; expected `)`, {WORD} or a whole number", NEVER_NEGATIVE),
    ("conv(24, stride=@-1)", "unexpected `-`; expected a name or a whole number", NEVER_NEGATIVE),
    ("conv(24@.5)", "unexpected `.`; expected `)` or `,`", WHOLE),
    ("conv(24, kernel=3@", "the sentence ends too early; expected `)` or `,`", SENTENCE),
    ("conv(24)@)", f"unexpected `)`; expected {WORD} or the end", SENTENCE),
    ("conv(24)@; head()", f"unexpected `;`; expected {WORD} or the end", SENTENCE),
    (
        "conv @(24)",
        f"unexpected `(`; expected {WORD} or the end",
        "a bracket directly follows a word, without a blank: conv(24)",
    ),
    (
        "conv(16@|24)",
        "unexpected `|`; expected `)` or `,`",
        "a sentence has no choices; they belong in a .space file",
    ),
    (
        "conv(16)@*2",
        f"unexpected `*`; expected {WORD} or the end",
        "a sentence has no repeats; write the word again, or use a .space file",
    ),
    ("@", "the sentence ends too early; expected a name or a name with its bracket", SENTENCE),
    ("@head() conv(24)", "`head` may only end a sentence", LAST),
    ("residual(conv(3) @head())", "`head` may only end a sentence", LAST),
    ("conv(24) @residual()", "`residual` has nothing in its brackets", RESIDUAL),
    ("conv(24) residual(relu, @conv(24))", "`residual` takes one sentence, not 2", RESIDUAL),
    ("residual(relu, @pool)", "`residual` takes one sentence, not 2", RESIDUAL),
    ("residual(shortcut=pool, @relu)", "the sentences of `residual` come before its named values", RESIDUAL),
    ("residual(relu, @short=pool)", "`residual` has no argument `short`", "did you mean `shortcut`?"),
    ("@residual(relu, shortcut=max)", "shortcut of `residual` is max; it must be one of conv, pool", None),
    ("@split()", "`split` has nothing in its brackets", SPLIT),
    ("@split(relu relu)", "`split` takes at least two sentences, with a comma between, not 1", SPLIT),
    ("relu(@times=3)", "`relu` has no argument `times`", "write relu"),
    (
        "conv(10) residual(@split(same, relu, relu))",
        "10 channels cannot be split into 3 equal groups",
        "make their number a multiple of 3 before it, as in conv(12)",
    ),
    (
        "@concat(same, conv(8, stride=2))",
        "3x32x32, 8x16x16 cannot be concatenated: only dim 1 may differ",
        "bring the other dims to one size",
    ),
    (
        "again(relu @conv(8))",
        "the kernels of the first time do not fit: convolution 3x3 with 224 parameters there, "
        "convolution 3x3 with 584 parameters here",
        "let what is repeated end with as many channels as it begins with",
    ),
    (
        "again(@again(relu relu, times=6000))",
        "6000 times 2 operations are more than the 10,000 that a network may have",
        "repeat it fewer times",
    ),
    ("residual(@24)", "words are expected here, not a number", "as in conv(24)"),
    ("conv(@conv(24))", "`conv` takes values, not words", CONV),
    ("conv(8) @residual(conv(8, kernel=5, padding=0))", "8x28x28 and 8x32x32 cannot be added", ONE_SHAPE),
    ("@conv(8, kernel=33, padding=0)", "a window of 33 does not fit on a map of 32 with padding 0", LARGER),
    ("@maxpool(64)", "a window of 64 does not fit on a map of 32 with padding 0", LARGER),
    ("@maxpool(2, padding=2)", "pool padding is 2; torch allows half of kernel 2", "write padding=1 or less"),
    ("@conv(24, groups=7)", "groups is 7, which does not divide the 3 input channels", DIVISOR.format(3)),
    ("@conv(25, groups=3)", "groups is 3, which does not divide the 25 output channels", DIVISOR.format(1)),
    ("conv(@12345678901)", "the number has 11 digits; at most 9 are allowed", "write a smaller number"),
    ("@conv(24, norm=group)", "norm of `conv` is group; it must be one of batch, layer, none", None),
    ("@conv(24, activation=tanh)", "activation of `conv` is tanh; it must be one of relu, silu, gelu, none", None),
    ("@conv(24, bias=no)", "bias of `conv` is no; it must be one of on, off", None),
    ("conv(24)\n@head(pool=mean)", "pool of `head` is mean; it must be one of avg, max", None),
]

LIMITS = [
    ("rf > 44, @parms < 200k", "there is no figure `parms`", "did you mean `params`?"),
    ("@state = 'complete'", "there is no figure `state`", FIGURES),
    ("@val_accuracy > 80", "there is no figure `val_accuracy`", FIGURES),
    ("@Params < 3", "there is no figure `Params`", "did you mean `params`?"),
    ("@44 < rf", "unexpected `44`; expected `(`, `not` or a name", "write the name first: rf > 44"),
    ("@rf is none", "figure `rf` is never missing", "compare it with a value"),
    ("@rf in (1, 'a')", "`rf` is a number, but `a` is a word", "write a number, without quotes"),
    ("rf > @nan", "unexpected `nan`; expected a number or a quoted word", "a bound is a finite number"),
    (f"rf > @{'9' * 25}", "the number has 25 digits; at most 24 are allowed", "write a smaller number"),
    (f"rf > @0.{'9' * 24}", "the number has 25 digits; at most 24 are allowed", "write a smaller number"),
    ("@rf > 'wide'", "`rf` is a number, but `wide` is a word", "write a number, without quotes"),
    ("rf > @wide", "unexpected `wide`; expected a number or a quoted word", "write a number"),
    ("rf >@", "the condition ends too early; expected a number or a quoted word", CONDITION),
    ("rf >@> 44", "unexpected `>`; expected a number or a quoted word", CONDITION),
    (
        "rf > 44 @& params < 200k",
        "unexpected `&`; expected `,`, `and`, `or` or the end",
        "write `and`, or a comma",
    ),
    (
        "params < 200@K",
        "unexpected `K`; expected `,`, `and`, `or` or the end",
        "k is a thousand, M a million: write 200k",
    ),
    ("rf > 44@)", "unexpected `)`; expected the end", CONDITION),
    ("(rf > 44, params < 200k)@)", "unexpected `)`; expected the end", CONDITION),
    ("rf > @-1", "unexpected `-`; expected a number or a quoted word", "numbers are never negative here"),
]


@pytest.mark.parametrize(("marked", "rule", "remedy"), SENTENCES)
def test_a_mistake_in_a_sentence(capsys: Capture, marked: str, rule: str, remedy: str | None) -> None:
    expected = message(rule, remedy, place_of(marked, "sentence"))
    assert refused(capsys, "analyze", unmarked(marked)) == expected


@pytest.mark.parametrize("command", ["check", "train"])
def test_every_command_refuses_a_sentence_with_the_same_words(capsys: Capture, command: str) -> None:
    marked, rule, remedy = SENTENCES[0]
    assert refused(capsys, command, unmarked(marked)) == message(rule, remedy, place_of(marked, "sentence"))


def test_a_mistake_in_a_file_names_the_file(capsys: Capture, folder: Path) -> None:
    marked = "# Two lines.\nconv(24)\n@conv(0) head()\n"
    (folder / "my.net").write_text(unmarked(marked))
    rule = "channels of `conv` is 0; it must be a whole number of at least 1"
    assert refused(capsys, "analyze", "my.net") == message(rule, None, place_of(marked, "my.net"))


@pytest.mark.parametrize(("marked", "rule", "remedy"), LIMITS)
def test_a_mistake_in_limits(capsys: Capture, marked: str, rule: str, remedy: str) -> None:
    expected = message(rule, remedy, place_of(marked, "--limits"))
    assert refused(capsys, "check", "conv(3) head()", "--limits", unmarked(marked)) == expected


@pytest.mark.parametrize("shape", ["3xnanx3", "3x32x1234567890", "٣x32x32", "3x0x32", "3x4x5x6x7", "rgb"])
def test_an_input_that_is_no_shape(capsys: Capture, shape: str) -> None:
    expected = message(
        f"`{shape}` is not an input shape", "write channels x height x width, as in 3x32x32", "--input"
    )
    assert refused(capsys, "analyze", "conv(3)", "--input", shape) == expected
    row = message("input is 3; it must be channels x height x width", "as in 3x32x32")
    assert refused(capsys, "analyze", "conv(3)", "--input", "3") == row


def test_a_sentence_is_of_images(capsys: Capture) -> None:
    expected = message("input is 3x32; it must be channels x height x width", "as in 3x32x32")
    assert refused(capsys, "analyze", "conv(3)", "--input", "3x32") == expected
