"""The text of a space to its header lines and its rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from archsearch.analysis.limits import NO_LIMITS, Limits
from archsearch.errors import NotationError, Place
from archsearch.graph.shapes import Shape, parse_shape, shape_text
from archsearch.notation.network import CLASSES, INPUT
from archsearch.notation.parser import read_rule, statements
from archsearch.notation.syntax import Rule
from archsearch.notation.word import Vocabulary
from archsearch.space.checks import START, check_rules

_HEADERS = {"input": "input 3x32x32", "classes": "classes 10", "limits": "limits rf > 44, params < 200k"}
_RULE_HEAD = re.compile(r"\w+\s*(\([\w\s,]*\)\s*)?=")


class Header(NamedTuple):
    """What the header lines of a space say, or the defaults, and which of them are stated.

    Without limits, every network fits.
    """

    input: Shape = INPUT
    classes: int = CLASSES
    limits: Limits = NO_LIMITS
    stated: frozenset[str] = frozenset()


def read_grammar(text: str, source: str, vocabulary: Vocabulary) -> tuple[Header, Mapping[str, Rule]]:
    """Read and check header lines and rules over a vocabulary.

    Raises NotationError that names file, line and column.
    """
    headers: dict[str, tuple[str, Place]] = {}
    rules: dict[str, Rule] = {}
    first = re.search(r"^\s*[^\s#]", text, re.MULTILINE)
    if first and (place := Place(source, text, first.end() - 1)).column > 1:
        remedy = "an indented line continues the one above; write this one without blanks before it"
        raise NotationError("the first line is indented", place=place, remedy=remedy)
    for statement in statements(text):
        place = Place(source, text, statement.offset)
        header = re.match(rf"({'|'.join(_HEADERS)})\b\s*", statement.text)
        if header and _RULE_HEAD.match(statement.text):
            message, remedy = (
                f"a rule cannot be named `{header[1]}`: that begins a header line",
                (f"give it another name, or write the header without `=`, as in: {_HEADERS[header[1]]}"),
            )
            raise NotationError(message, place=place, remedy=remedy)
        if header:
            name, value = header[1], re.sub(r"#[^\n]*", _blank, statement.text[header.end() :])
            if name in headers:
                raise NotationError(f"`{name}` is given twice", place=place, remedy="remove one of them")
            headers[name] = (value, Place(source, text, statement.offset + header.end()))
            continue
        rule = read_rule(statement, source, text)
        _check_name(rule, rules, vocabulary)
        rules[rule.name] = rule
    if START not in rules:
        remedy = f"write a rule that derives a whole sentence, as in: {START} = conv(16|32) head()"
        raise NotationError(f"there is no rule `{START}`", place=source, remedy=remedy)
    check_rules(rules, vocabulary)
    return _header(headers), rules


def rule_names(text: str) -> frozenset[str]:
    r"""Return the names of the rules in the text of a space, which need not be right, and of their parameters.

    >>> sorted(rule_names("classes 10\nnetwork = a(w=8)  # two\n  head()\na(w) = conv(w)"))
    ['a', 'network', 'w']
    """
    found = (_RULE_HEAD.match(one.text) for one in statements(text))
    return frozenset(name for match in found if match for name in re.findall(r"\w+", match[0]))


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _header(stated: Mapping[str, tuple[str, Place]]) -> Header:
    header = Header(stated=frozenset(stated))
    if "input" in stated:
        header = header._replace(input=parse_shape(*stated["input"]))
        if len(header.input) != len(INPUT):
            message = f"input is {shape_text(header.input)}; it must be channels x height x width"
            raise NotationError(message, place=stated["input"][1], remedy="as in 3x32x32")
    if "classes" in stated:
        text, place = stated["classes"]
        if not re.fullmatch(r"[1-9][0-9]{0,8}", text.strip()):
            message = f"classes is `{text.strip()}`; it must be a whole number from 1 to 999,999,999"
            raise NotationError(message, place=place, remedy="as in: classes 10")
        header = header._replace(classes=int(text))
    if "limits" in stated:
        text, place = stated["limits"]
        if not text.strip():
            remedy = "remove the line, or write: limits rf > 44, params < 200k"
            raise NotationError("`limits` is empty", place=place, remedy=remedy)
        header = header._replace(limits=Limits.of(text, place.source, place))
    return header


def _check_name(rule: Rule, rules: Mapping[str, Rule], vocabulary: Vocabulary) -> None:
    remedy = "give it another name"
    if rule.name in vocabulary:
        message = f"a rule cannot be named `{rule.name}`: it is a word"
        raise NotationError(message, place=rule.place, remedy=remedy)
    if rule.name in rules:
        message = f"there is already a rule `{rule.name}`, on line {rules[rule.name].place.line}"
        raise NotationError(message, place=rule.place, remedy=remedy)
    for number, parameter in enumerate(rule.parameters):
        if parameter in rule.parameters[:number]:
            message = f"two parameters of `{rule.name}` are named `{parameter}`"
            raise NotationError(message, place=rule.place, remedy=remedy)
    if rule.name == START and rule.parameters:
        message = f"`{START}` takes no parameters: nothing calls it"
        raise NotationError(message, place=rule.place, remedy=f"write {START} = ...")
