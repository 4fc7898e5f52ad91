"""Mistakes in what a user writes - sentences, spaces, limits, arguments - and every message, whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples.mistakes import CONDITION, Capture, message, place_of, refused, unmarked

pytestmark = pytest.mark.usefixtures("folder")


ONE_SHAPE = "bring both to one shape; padding=dilation*(kernel-1)/2 keeps a map's size at stride 1"
LARGER = "reduce the kernel, or the strides before it, or add padding"
DIVISOR = "write a divisor of both, such as groups={}"
CONV = (
    "write conv(channels, kernel=3, stride=1, dilation=1, padding=dilation*(kernel-1)/2, groups=1, bias=on, "
    "norm=batch, activation=relu)"
)
WORDS = "act, again, avgpool, concat, conv, dw, gated, head, maxpool, norm, relu, residual, same, se, sep, split"
WORD = "a name, a name with its bracket"
WHOLE = "numbers are whole"
NEVER_NEGATIVE = "numbers are whole and never negative"
SENTENCE = "a sentence reads like: conv(24, stride=2) residual(conv(24) sep(24)) head()"
RULE = "a rule reads like: part(w) = conv(w) sep(16|24)*1..3; its other lines are indented"
LAST = "write it once, as the last word"
ONCE = "remove one of them"
RESIDUAL = "write residual(sentence, scale=none, shortcut=conv)"
SPLIT = "write split(sentence, sentence, ...)"
NEVER_EMPTY = "put a word in it that is always there"
OTHER_NAME = "give it another name"
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

SPACE_TEXTS = [
    (
        "network = @trunk(24) head()",
        "there is no word or rule `trunk`",
        f"known here: {WORDS.replace('norm', 'network, norm')}",
    ),
    ("network = conv(3) @stage\nstages = conv(4)", "there is no word or rule `stage`", "did you mean `stages`?"),
    (
        "network = conv(3)\n@other = conv(4)",
        "rule `other` is never used",
        "use it in a rule that `network` leads to, or remove it",
    ),
    (
        "network = part(3)\n@part(part) = conv(part)",
        "parameter `part` of `part` is named like a word or a rule",
        OTHER_NAME,
    ),
    (
        "network = residual(part)\npart = @part relu",
        "rule `part` is recursive: part > part",
        "every space is finite: write how often, as in *1..3",
    ),
    (
        "network = part\npart = conv(3) unit\nunit = @part | conv(4)",
        "rule `part` is recursive: part > unit > part",
        "every space is finite: write how often, as in *1..3",
    ),
    ("network = conv(16|24|@16)", "alternative `16` appears twice", ONCE),
    ("network = conv(3)\n\n@network = conv(4)", "there is already a rule `network`, on line 1", OTHER_NAME),
    ("network = a(1, 2)\n@a(w, w) = conv(w)", "two parameters of `a` are named `w`", OTHER_NAME),
    ("network = a(3)\n@a(w) = conv(3)", "parameter `w` of `a` is never used", "use it or remove it"),
    (
        "network = @a(1, 2)\na(w) = conv(w)",
        "rule `a` takes 1 argument, not 2",
        "write a(w), without a blank before the bracket",
    ),
    (
        "network = @stem (16|24)\nstem(w) = conv(w)",
        "rule `stem` takes 1 argument, not 0",
        "write stem(w), without a blank before the bracket",
    ),
    ("network = @a(1)\na = conv(3)", "rule `a` takes 0 arguments, not 1", "write a"),
    (
        "network = a(@w=3)\na(w) = conv(w)",
        "a rule's arguments have no names, but this one is named `w`",
        "write only the value",
    ),
    (
        "network = a(@conv(3))\na(w) = conv(w)",
        "a value is expected here, not words",
        "a number, a name such as max, a parameter, or a choice such as 16|24",
    ),
    ("network = a(3)\na(w) = conv(w) @w", "`w` is a value; words are expected here", "as in conv(w)"),
    ("@network(w) = conv(w)", "`network` takes no parameters: nothing calls it", "write network = ..."),
    ("network = a\na = conv(3)\n@head = relu", "a rule cannot be named `head`: it is a word", OTHER_NAME),
    ("network = conv(@16*2)", "`*` repeats words, not a value", "as in conv(16)*2"),
    (
        "network = relu @conv(3)*3..1",
        "this is repeated from 3 to 1 times",
        "the second number must be at least 1, and no less than the first, as in *1..3",
    ),
    (
        "network = relu @conv(3)*1..1001",
        "this is repeated up to 1,001 times; at most 1,000 are allowed",
        "write a smaller number",
    ),
    ("network = @24", "words are expected here, not a number", "as in conv(24)"),
    ("network = conv(3) @residual()", "`residual` can be left with nothing in its brackets", NEVER_EMPTY),
    ("network = @residual(conv(3)*0..2)", "`residual` can be left with nothing in its brackets", NEVER_EMPTY),
    ("network = conv(3) @split()", "`split` can be left with nothing in its brackets", NEVER_EMPTY),
    (
        "network = split(relu, @conv(3)*0..1)",
        "sentence 2 of `split` can be empty",
        f"{NEVER_EMPTY}, such as `same`",
    ),
    ("network = @split(relu)", "`split` takes at least two sentences, with a comma between, not 1", SPLIT),
    ("network = split(same, @3)", "words are expected here, not a number", "as in conv(3)"),
    ("network = split(same, @head())", "`head` may only end a sentence", LAST),
    (
        "network = residual(relu, shortcut=@relu relu)",
        "a value is expected here, not words",
        "a number, a name such as max, a parameter, or a choice such as 16|24",
    ),
    (
        "network = a(conv|max)\na(s) = @residual(relu, shortcut=s)",
        "shortcut of `residual` is max; it must be one of conv, pool",
        None,
    ),
    ("network = a(3)\n@a(w) = residual(relu)", "parameter `w` of `a` is never used", "use it or remove it"),
    ("@network = conv(3)*0..2", "`network` can derive an empty sentence", NEVER_EMPTY),
    ("network = (conv(3) | @head()) conv(4)", "`head` may only end a sentence", LAST),
    ("network = conv(3) end*1..2\nend = @head()", "`head` may only end a sentence", LAST),
    ("network = @head() relu*0..1", "`head` may only end a sentence", LAST),
    ("network = conv(3) residual(relu (relu | @head()))", "`head` may only end a sentence", LAST),
    (
        "network = a(3|0)\na(k) = @conv(8, kernel=k)",
        "kernel of `conv` is 0; it must be a whole number of at least 1",
        None,
    ),
    ("network = conv(3, @kernal=5)", "`conv` has no argument `kernal`", "did you mean `kernel`?"),
    ("network = conv(3@", "the rule ends too early; expected `)` or `,`", RULE),
    ("network @conv(3)", "unexpected `conv(`; expected `=`", RULE),
    (
        "network = conv(3)\n  other @= conv(4)",
        f"unexpected `=`; expected `(`, `*`, `|`, {WORD}, a whole number or the end",
        "every rule starts on a line of its own, not indented",
    ),
    (
        "# Four words.\n\n  @network = conv(3)",
        "the first line is indented",
        "an indented line continues the one above; write this one without blanks before it",
    ),
    (
        "classes 10\nlimits  rf > 44, # wide\n        @parms < 200k\nnetwork = conv(3)",
        "there is no figure `parms`",
        "did you mean `params`?",
    ),
    (
        "limits@\nnetwork = conv(3)",
        "`limits` is empty",
        "remove the line, or write: limits rf > 44, params < 200k",
    ),
    (
        "@limits = rf > 44\nnetwork = conv(3)",
        "a rule cannot be named `limits`: that begins a header line",
        "give it another name, or write the header without `=`, as in: limits rf > 44, params < 200k",
    ),
    (
        "network = conv(3) input(4)\n@input(w) = conv(w)",
        "a rule cannot be named `input`: that begins a header line",
        "give it another name, or write the header without `=`, as in: input 3x32x32",
    ),
    ("classes 10\n@classes 10\nnetwork = conv(3)", "`classes` is given twice", ONCE),
    (
        "classes @ten\nnetwork = conv(3)",
        "classes is `ten`; it must be a whole number from 1 to 999,999,999",
        "as in: classes 10",
    ),
    (
        "input @3x32\nnetwork = conv(3)",
        "input is 3x32; it must be channels x height x width",
        "as in 3x32x32",
    ),
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


@pytest.mark.parametrize(("marked", "rule", "remedy"), SPACE_TEXTS)
def test_a_mistake_in_a_space(capsys: Capture, folder: Path, marked: str, rule: str, remedy: str | None) -> None:
    (folder / "my.space").write_text(unmarked(marked))
    assert refused(capsys, "check", "my.space") == message(rule, remedy, place_of(marked, "my.space"))


@pytest.mark.parametrize("text", ["", "# Nothing yet.\n", "net = conv(3)\n"])
def test_a_space_without_its_first_rule(capsys: Capture, folder: Path, text: str) -> None:
    (folder / "my.space").write_text(text)
    remedy = "write a rule that derives a whole sentence, as in: network = conv(16|32) head()"
    assert refused(capsys, "sample", "my.space") == message("there is no rule `network`", remedy, "my.space")


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
