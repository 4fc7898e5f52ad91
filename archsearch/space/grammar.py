"""A grammar whose sentences are networks: its header lines and its rules, read from text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from archsearch.analysis.limits import Condition
from archsearch.errors import NotationError, Place
from archsearch.graph.shapes import Shape, shape_text
from archsearch.notation.network import CLASSES, INPUT
from archsearch.notation.parser import read_rule, statements
from archsearch.notation.syntax import Rule
from archsearch.notation.vocabulary import VOCABULARY
from archsearch.notation.word import Vocabulary
from archsearch.space.checks import START, always_ends, check_rules

_HEADERS = ("input", "classes", "limits")


@dataclass(frozen=True)
class Grammar:
    """The rules by name, the words they use, and what the header lines state; without limits, everything fits."""

    rules: Mapping[str, Rule]
    vocabulary: Vocabulary
    input: Shape
    classes: int
    limits: Condition

    @property
    def classifies(self) -> bool:
        """Whether every sentence ends in a word that classifies, so that each network can be trained."""
        return always_ends(self.rules[START].body, self.rules, self.vocabulary)


def read_grammar(text: str, source: str, vocabulary: Vocabulary = VOCABULARY) -> Grammar:
    """Read and check a grammar over a vocabulary; raises NotationError that names file, line and column."""
    headers: dict[str, tuple[str, Place]] = {}
    rules: dict[str, Rule] = {}
    first = re.search(r"^\s*[^\s#]", text, re.MULTILINE)
    if first and (place := Place(source, text, first.end() - 1)).column > 1:
        remedy = "a line that begins with a blank goes on with the one above; write this one without"
        raise NotationError("the first line begins with a blank", place=place, remedy=remedy)
    for statement in statements(text):
        place = Place(source, text, statement.offset)
        header = re.match(rf"({'|'.join(_HEADERS)})\b\s*", statement.text)
        if header:
            name, value = header[1], re.sub(r"#[^\n]*", _blank, statement.text[header.end() :])
            if name in headers:
                raise NotationError(f"`{name}` is stated twice", place=place, remedy="remove one of them")
            headers[name] = (value, Place(source, text, statement.offset + header.end()))
            continue
        rule = read_rule(statement, source, text)
        _check_name(rule, rules, vocabulary)
        rules[rule.name] = rule
    if START not in rules:
        remedy = f"write a rule that derives a whole sentence, as in: {START} = conv(16|32) head()"
        raise NotationError(f"there is no rule `{START}`", place=source, remedy=remedy)
    check_rules(rules, vocabulary)
    return Grammar(rules, vocabulary, *_stated(headers))


def parse_shape(text: str, place: Place | str | None = None) -> Shape:
    """Read `3x32x32`: channels, height, width; raises NotationError.

    A torch module may take signals (channels x length) or volumes (channels x depth x height x width) as well.

    >>> parse_shape("3x32x32")
    (3, 32, 32)
    """
    if not re.fullmatch(r"[1-9]\d*(x[1-9]\d*){1,3}", text.strip()):
        remedy = "write channels x height x width, as in 3x32x32"
        raise NotationError(f"`{text.strip()}` is no input shape", place=place, remedy=remedy)
    return tuple(map(int, text.split("x")))


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _stated(headers: Mapping[str, tuple[str, Place]]) -> tuple[Shape, int, Condition]:
    shape, classes, limits = INPUT, CLASSES, Condition("", ())
    if "input" in headers:
        shape = parse_shape(*headers["input"])
        if len(shape) != len(INPUT):
            rule = f"input is {shape_text(shape)}; it must be channels x height x width"
            raise NotationError(rule, place=headers["input"][1], remedy="as in 3x32x32")
    if "classes" in headers:
        text, place = headers["classes"]
        if not re.fullmatch(r"[1-9]\d*", text.strip()):
            rule = f"classes is `{text.strip()}`; it must be a whole number of at least 1"
            raise NotationError(rule, place=place, remedy="as in: classes 10")
        classes = int(text)
    if "limits" in headers:
        text, place = headers["limits"]
        limits = Condition.of(text, source=place.source, place=place)
    return shape, classes, limits


def _check_name(rule: Rule, rules: Mapping[str, Rule], vocabulary: Vocabulary) -> None:
    remedy = "give it another name"
    if rule.name in vocabulary:
        said = f"a rule cannot be named `{rule.name}`: it is a word"
        raise NotationError(said, place=rule.place, remedy=remedy)
    if rule.name in rules:
        said = f"`{rule.name}` has a rule already, on line {rules[rule.name].place.line}"
        raise NotationError(said, place=rule.place, remedy=remedy)
    for number, parameter in enumerate(rule.parameters):
        if parameter in rule.parameters[:number]:
            said = f"two parameters of `{rule.name}` are named `{parameter}`"
            raise NotationError(said, place=rule.place, remedy=remedy)
    if rule.name == START and rule.parameters:
        said = f"`{START}` takes no parameters: nothing calls it"
        raise NotationError(said, place=rule.place, remedy=f"write {START} = ...")
