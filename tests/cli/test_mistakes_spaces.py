"""Mistakes in spaces - their rules and header lines - and every message, whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples.mistakes import LAST, ONCE, SPLIT, WORD, WORDS, Capture, message, place_of, refused, unmarked

from archsearch.space.space import Space

pytestmark = pytest.mark.usefixtures("folder")

RULE = "a rule reads like: part(w) = conv(w) sep(16|24)*1..3; its other lines are indented"
NEVER_EMPTY = "put a word in it that is always there"
OTHER_NAME = "give it another name"

# The space with an @ before the place that is named, what is wrong with it, and what to do.
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


@pytest.mark.parametrize(("marked", "rule", "remedy"), SPACE_TEXTS)
def test_a_mistake_in_a_space(capsys: Capture, folder: Path, marked: str, rule: str, remedy: str | None) -> None:
    (folder / "my.space").write_text(unmarked(marked))
    assert refused(capsys, "check", "my.space") == message(rule, remedy, place_of(marked, "my.space"))


@pytest.mark.parametrize("text", ["", "# Nothing yet.\n", "net = conv(3)\n"])
def test_a_space_without_its_first_rule(capsys: Capture, folder: Path, text: str) -> None:
    (folder / "my.space").write_text(text)
    remedy = "write a rule that derives a whole sentence, as in: network = conv(16|32) head()"
    assert refused(capsys, "sample", "my.space") == message("there is no rule `network`", remedy, "my.space")


def test_what_looks_like_a_mistake_and_is_none() -> None:
    text = "limits (rf > 90 or params < 9k), macs < 9M\nnetwork = conv(3|4) (relu | last)\nlast = head()*0..1\n"
    space = Space.of(text)
    assert (space.size, str(space.limits)) == (6, "(rf > 90 or params < 9k), macs < 9M")
