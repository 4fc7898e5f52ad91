"""Text to syntax: what the three notations look like, and a caret under the first mistake.

Meaning is given elsewhere: to a sentence by `network`, to a grammar by `space`, to a condition by `limits`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedToken

from archsearch.errors import NotationError, Place
from archsearch.notation.syntax import (
    Argument,
    Call,
    Choice,
    Clauses,
    Comparison,
    Condition,
    Integer,
    Name,
    Repeat,
    Rule,
    Sequence,
    Statement,
    Syntax,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def read_sentence(text: str, source: str = "sentence") -> tuple[Name | Call, ...]:
    """Read a sentence into its steps.

    Raises NotationError with a caret under the first character that does not fit.

    >>> [step.name for step in read_sentence("conv(24) relu head(pool=max)")]
    ['conv', 'relu', 'head']
    """
    place = _Placer(source, text)
    return tuple(_step(child, place) for child in _trees(_parse("sentence", text, place)))


def read_rule(statement: Statement, source: str, text: str) -> Rule:
    """Read one rule of the grammar `text`; raises NotationError."""
    place = _Placer(source, text, statement.offset)
    head, *middle, body = _parse("rule", statement.text, place).children
    assert isinstance(head, Token)
    parameters = tuple(str(token) for token in middle if isinstance(token, Token))
    return Rule(head.rstrip("("), parameters, _choice(_tree(body), place), place(head))


def read_condition(text: str, source: str, place_in: Place | None = None) -> Condition:
    """Read comparisons joined by commas, `and`, `or` and brackets; raises NotationError.

    A comma binds loosest and means `and`; `place_in` says where the text stands in a larger one.

    >>> read_condition("rf > 44, params < 200k", "limits").items[1].bound
    200000
    """
    place = _Placer(source, text)
    if place_in is not None:
        place = _Placer(place_in.source, place_in.text, place_in.offset)
    return _clauses(_parse("condition", text, place), place)


def statements(text: str) -> Iterator[Statement]:
    """Cut a grammar into statements: an unindented line begins one, and indented lines go on with it."""
    starts = [match.start() for match in re.finditer(r"^(?=[^\s#])", text, re.MULTILINE)]
    for start, end in zip(starts, [*starts, len(text)][1:], strict=True):
        yield Statement(text[start:end].rstrip(), start)


@dataclass(frozen=True)
class _Placer:
    """Turns a token's offset into a place in the whole text."""

    source: str
    text: str
    base: int = 0

    def __call__(self, token: Token) -> Place:
        return self.at(token.start_pos or 0)

    def at(self, offset: int) -> Place:
        return Place(self.source, self.text, self.base + offset)


_DEEPEST = 50
_LONGEST_NUMBER = 9


@cache
def _parser(start: str) -> Lark:
    """Return the parser of a sentence, a rule or a condition; in a sentence the tokens' own places suffice."""
    grammar = files("archsearch.notation").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(
        grammar,
        parser="lalr",
        start=start,
        propagate_positions=start != "sentence",
        maybe_placeholders=False,
        keep_all_tokens=False,
    )


_TERMINALS = {
    "NAME": "a name",
    "CALL": "a name with its bracket",
    "INTEGER": "a whole number",
    "NUMBER": "a number",
    "QUOTED": "a quoted word",
    "COMPARATOR": "one of < <= > >= = !=",
    "EQUAL": "`=`",
    "COMMA": "`,`",
    "RPAR": "`)`",
    "LPAR": "`(`",
    "VBAR": "`|`",
    "STAR": "`*`",
    "__ANON_0": "`..`",
    "AND": "`and`",
    "OR": "`or`",
    "$END": "the end",
}

_REMEDIES = {
    ("sentence", "|"): "a sentence leaves nothing to choose; choices belong in a .space file",
    ("sentence", "*"): "a sentence repeats nothing; write the word again, or use a .space file",
    ("sentence", "("): "a bracket stands only after a word, without a blank between: conv(24)",
    ("sentence", "-"): "numbers are whole and never negative",
    ("sentence", "."): "numbers are whole",
    ("rule", "-"): "numbers are whole and never negative",
    ("rule", "."): "numbers are whole",
    ("rule", "="): "every rule begins on a line of its own, without blanks before it",
    ("condition", "-"): "numbers are never negative here",
    ("condition", "K"): "k is a thousand, M a million",
}

_READS_LIKE = {
    "sentence": "a sentence reads like: conv(24, stride=2) residual(conv(24) sep(24)) head()",
    "rule": "a rule reads like: part(w) = conv(w) sep(16|24)*1..3; its further lines begin with a blank",
    "condition": "a condition reads like: rf > 44, params < 200k; words are quoted: state = 'complete'",
}


def _parse(start: str, text: str, place: _Placer) -> Tree[Token]:
    _check_nesting(text, place)
    try:
        return _parser(start).parse(text)
    except UnexpectedCharacters as error:
        offset: int = error.pos_in_stream  # type: ignore[assignment]  # lark's stub allows None, lark does not
        found = text[offset]
        expected = error.interactive_parser.accepts()  # type: ignore[no-untyped-call]  # lark leaves it untyped
    except UnexpectedToken as error:
        at_end = error.token.type == "$END"
        found = "" if at_end else str(error.token)
        offset = len(text.rstrip()) if at_end else int(error.token.start_pos or 0)
        expected = error.accepts or error.expected
    remedy = _REMEDIES.get((start, found), _READS_LIKE[start])
    message = f"unexpected `{found}`" if found else f"the {start} ends too early"
    raise NotationError(f"{message}; expected {_listed(expected)}", place=place.at(offset), remedy=remedy)


def _check_nesting(text: str, place: _Placer) -> None:
    depth = 0
    for offset, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth > _DEEPEST:
            message = f"brackets are nested more than {_DEEPEST} deep"
            raise NotationError(message, place=place.at(offset), remedy="write it with fewer")


def _integer(token: Token, place: _Placer) -> Integer:
    if len(token) > _LONGEST_NUMBER:
        message = f"the number has {len(token)} digits; {_LONGEST_NUMBER} are the most"
        raise NotationError(message, place=place(token), remedy="write a smaller one")
    return Integer(int(token), place(token))


def _listed(terminals: Iterable[str]) -> str:
    words = sorted({_TERMINALS[name] for name in terminals})
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _tree(child: Tree[Token] | Token) -> Tree[Token]:
    assert isinstance(child, Tree)
    return child


def _trees(tree: Tree[Token]) -> list[Tree[Token]]:
    return [child for child in tree.children if isinstance(child, Tree)]


def _token(tree: Tree[Token]) -> Token:
    token = tree.children[0]
    assert isinstance(token, Token)
    return token


def _step(tree: Tree[Token], place: _Placer) -> Name | Call:
    token = _token(tree)
    if token.type == "NAME":
        return Name(str(token), place(token))
    arguments = tuple(_step_argument(child, place) for child in _trees(tree))
    return Call(token.rstrip("("), arguments, place(token))


def _step_argument(tree: Tree[Token], place: _Placer) -> Argument:
    first = tree.children[0]
    if isinstance(first, Tree):
        items = tuple(_step(child, place) for child in _trees(tree))
        body: Syntax = items[0] if len(items) == 1 else Sequence(items, items[0].place)
        return Argument(None, body, items[0].place)
    last = tree.children[-1]
    assert isinstance(last, Token)
    value = _integer(last, place) if last.type == "INTEGER" else Name(str(last), place(last))
    return Argument(str(first) if first is not last else None, value, place(first))


def _choice(tree: Tree[Token], place: _Placer) -> Syntax:
    alternatives = tuple(_sequence(child, place) for child in _trees(tree))
    if len(alternatives) == 1:
        return alternatives[0]
    texts = tuple(_source_text(child, place) for child in _trees(tree))
    return Choice(alternatives, texts, place.at(tree.meta.start_pos))


def _source_text(tree: Tree[Token], place: _Placer) -> str:
    """The text of a part of a rule on one line, without its comments."""
    text = place.text[place.base + tree.meta.start_pos : place.base + tree.meta.end_pos]
    return " ".join(re.sub(r"#[^\n]*", " ", text).split())


def _sequence(tree: Tree[Token], place: _Placer) -> Syntax:
    items = tuple(_term(child, place) for child in _trees(tree))
    return items[0] if len(items) == 1 else Sequence(items, place.at(tree.meta.start_pos))


def _term(tree: Tree[Token], place: _Placer) -> Syntax:
    item = _item(_tree(tree.children[0]), place)
    bounds = [_integer(token, place).value for token in tree.children[1:] if isinstance(token, Token)]
    if not bounds:
        return item
    return Repeat(item, bounds[0], bounds[-1], place.at(tree.meta.start_pos))


def _item(tree: Tree[Token], place: _Placer) -> Syntax:
    if tree.data == "choice":
        return _choice(tree, place)
    token = _token(tree)
    if tree.data == "integer":
        return _integer(token, place)
    if tree.data == "name":
        return Name(str(token), place(token))
    return Call(token.rstrip("("), tuple(_argument(child, place) for child in _trees(tree)), place(token))


def _argument(tree: Tree[Token], place: _Placer) -> Argument:
    first, last = tree.children[0], tree.children[-1]
    name = str(first) if isinstance(first, Token) else None
    return Argument(name, _choice(_tree(last), place), place.at(tree.meta.start_pos))


def _clauses(tree: Tree[Token], place: _Placer) -> Condition:
    items = tuple(
        _comparison(child, place) if child.data == "comparison" else _clauses(child, place)
        for child in _trees(tree)
    )
    if len(items) == 1:
        return items[0]
    return Clauses("or" if tree.data == "either" else "and", items, _source_text(tree, place))


def _comparison(tree: Tree[Token], place: _Placer) -> Comparison:
    name, comparator, bound = (child for child in tree.children if isinstance(child, Token))
    value = bound[1:-1] if bound.type == "QUOTED" else _number(bound)
    return Comparison(
        str(name),
        "=" if comparator == "==" else str(comparator),
        value,
        _source_text(tree, place),
        place(name),
    )


def _number(text: str) -> int | float:
    digits = text.replace("_", "").rstrip("kM")
    scale = 1_000_000 if text.endswith("M") else 1_000 if text.endswith("k") else 1
    if "." not in digits:
        return int(digits) * scale
    whole, fraction = digits.split(".")
    scaled, unit = int(whole + fraction) * scale, int("1" + "0" * len(fraction))
    return scaled // unit if scaled % unit == 0 else scaled / unit
