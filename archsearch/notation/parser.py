"""Text to syntax: sentences, rules of a grammar and conditions, with a caret under the first mistake.

What they mean is said in `network`, in `archsearch.space` and in `condition`.
"""
# ruff: noqa: N802  # a transformer's methods are named like the terminals of the grammar

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken, v_args
from lark.exceptions import VisitError

from archsearch.errors import NotationError, Place
from archsearch.notation.syntax import (
    Argument,
    Call,
    Choice,
    Clause,
    Clauses,
    Comparison,
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

    from lark.tree import Meta


def read_sentence(text: str, source: str = "sentence") -> tuple[Name | Call, ...]:
    """Read a sentence into its steps.

    Raises NotationError with a caret under the first character that cannot stand there.

    >>> [step.name for step in read_sentence("conv(24) relu head(pool=max)")]
    ['conv', 'relu', 'head']
    """
    steps: tuple[Name | Call, ...] = _parse("sentence", text, Place(source, text, 0))
    return steps


def read_rule(statement: Statement, source: str, text: str) -> Rule:
    """Read one rule of the grammar `text`; raises NotationError."""
    rule: Rule = _parse("rule", statement.text, Place(source, text, statement.offset))
    return rule


def read_condition(text: str, source: str, place: Place | None = None) -> Clause:
    """Read comparisons joined by commas, `and`, `or` and brackets; raises NotationError.

    A comma binds loosest and means `and`; `place` says where the text begins in a larger one.

    >>> read_condition("rf > 44, params < 200k", "limits").items[1].bound
    200000
    """
    condition: Clause = _parse("condition", text, place or Place(source, text, 0))
    return condition


def statements(text: str) -> Iterator[Statement]:
    """Split a grammar into statements: an unindented line begins one, indented lines continue it."""
    starts = [match.start() for match in re.finditer(r"^(?=[^\s#])", text, re.MULTILINE)]
    for start, end in zip(starts, [*starts, len(text)][1:], strict=True):
        yield Statement(text[start:end].rstrip(), start)


_DEEPEST = 50
_LONGEST_NUMBER = 9


@cache
def _parser(start: str) -> Lark:
    """Return the parser of a sentence, a rule or a condition; a sentence's tokens suffice for its places."""
    grammar = files("archsearch.notation").joinpath("grammar.lark").read_text(encoding="utf-8")
    positions = start != "sentence"
    return Lark(grammar, parser="lalr", start=start, propagate_positions=positions, maybe_placeholders=False)


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
    ("sentence", "|"): "a sentence has no choices; they belong in a .space file",
    ("sentence", "*"): "a sentence has no repeats; write the word again, or use a .space file",
    ("sentence", "("): "a bracket directly follows a word, without a blank: conv(24)",
    ("sentence", "-"): "numbers are whole and never negative",
    ("sentence", "."): "numbers are whole",
    ("rule", "-"): "numbers are whole and never negative",
    ("rule", "."): "numbers are whole",
    ("rule", "="): "every rule starts on a line of its own, not indented",
    ("condition", "-"): "numbers are never negative here",
    ("condition", "K"): "k is a thousand, M a million",
}

_READS_LIKE = {
    "sentence": "a sentence reads like: conv(24, stride=2) residual(conv(24) sep(24)) head()",
    "rule": "a rule reads like: part(w) = conv(w) sep(16|24)*1..3; its other lines are indented",
    "condition": "a condition reads like: rf > 44, params < 200k; words are quoted: state = 'complete'",
}


def _parse(start: str, text: str, begin: Place) -> Any:  # noqa: ANN401  # what the grammar rule `start` makes
    """Read a text that begins at a place."""
    _check_nesting(text, begin)
    try:
        return _Values(text, begin).transform(_parser(start).parse(text))
    except VisitError as error:
        raise error.orig_exc from None
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
    raise NotationError(f"{message}; expected {_listed(expected)}", place=_after(begin, offset), remedy=remedy)


def _after(begin: Place, offset: int) -> Place:
    return Place(begin.source, begin.text, begin.offset + offset)


def _check_nesting(text: str, begin: Place) -> None:
    depth = 0
    for bracket in re.finditer(r"[()]", text):
        depth += 1 if bracket[0] == "(" else -1
        if depth > _DEEPEST:
            message = f"brackets are nested more than {_DEEPEST} deep"
            raise NotationError(message, place=_after(begin, bracket.start()), remedy="nest them less deeply")


def _listed(terminals: Iterable[str]) -> str:
    words = sorted({_TERMINALS[name] for name in terminals})
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


class _Values(Transformer[Token, Any]):
    """Makes the values of `syntax`: a method for each terminal and rule of grammar.lark, named like it.

    It is given what the methods for the parts made; with `meta`, where the parts begin and end.
    """

    def __init__(self, text: str, begin: Place) -> None:
        super().__init__()
        self._text, self._begin = text, begin

    def NAME(self, token: Token) -> Name:
        return Name(token.rstrip("("), self._place(token))

    CALL = NAME

    def INTEGER(self, token: Token) -> Integer:
        if len(token) > _LONGEST_NUMBER:
            message = f"the number has {len(token)} digits; at most {_LONGEST_NUMBER} are allowed"
            raise NotationError(message, place=self._place(token), remedy="write a smaller number")
        return Integer(int(token), self._place(token))

    def NUMBER(self, token: Token) -> int | float:
        digits = token.replace("_", "").rstrip("kM")
        scale = 1_000_000 if token.endswith("M") else 1_000 if token.endswith("k") else 1
        if "." not in digits:
            return int(digits) * scale
        whole, fraction = digits.split(".")
        scaled, unit = int(whole + fraction) * scale, int("1" + "0" * len(fraction))
        return scaled // unit if scaled % unit == 0 else scaled / unit

    def QUOTED(self, token: Token) -> str:
        return str(token[1:-1])

    def COMPARATOR(self, token: Token) -> str:
        return token.replace("==", "=")

    def sentence(self, steps: list[Name | Call]) -> tuple[Name | Call, ...]:
        return tuple(steps)

    def call(self, parts: list[Any]) -> Call:
        name, *arguments = parts
        return Call(name.name, tuple(arguments), name.place)

    def step_argument(self, parts: list[Any]) -> Argument:
        return _argument(parts, parts[0].place)

    def steps(self, steps: list[Name | Call]) -> Sequence:
        return Sequence(tuple(steps), steps[0].place)

    def rule(self, parts: list[Any]) -> Rule:
        name, *parameters, body = parts
        return Rule(name.name, tuple(parameter.name for parameter in parameters), body, name.place)

    @v_args(meta=True)
    def choice(self, meta: Meta, parts: list[Any]) -> Choice:
        bars = parts[1::2]
        starts = [meta.start_pos, *(bar.end_pos for bar in bars)]
        ends = [*(bar.start_pos for bar in bars), meta.end_pos]
        return Choice(tuple(parts[::2]), tuple(map(self._on_one_line, starts, ends)), self._place(meta))

    @v_args(meta=True)
    def sequence(self, meta: Meta, items: list[Syntax]) -> Sequence:
        return Sequence(tuple(items), self._place(meta))

    @v_args(meta=True)
    def repeat(self, meta: Meta, parts: list[Any]) -> Repeat:
        item, *bounds = parts
        return Repeat(item, bounds[0].value, bounds[-1].value, self._place(meta))

    def group(self, parts: list[Syntax]) -> Syntax:
        return parts[0]

    @v_args(meta=True)
    def argument(self, meta: Meta, parts: list[Any]) -> Argument:
        return _argument(parts, self._place(meta))

    def condition(self, parts: list[Clause]) -> Clause:
        return parts[0]

    @v_args(meta=True)
    def every(self, meta: Meta, items: list[Clause]) -> Clauses:
        return Clauses("and", tuple(items), self._on_one_line(meta.start_pos, meta.end_pos))

    both = every

    @v_args(meta=True)
    def either(self, meta: Meta, items: list[Clause]) -> Clauses:
        return Clauses("or", tuple(items), self._on_one_line(meta.start_pos, meta.end_pos))

    @v_args(meta=True)
    def comparison(self, meta: Meta, parts: list[Any]) -> Comparison:
        name, comparator, bound = parts
        text = self._on_one_line(meta.start_pos, meta.end_pos)
        return Comparison(name.name, comparator, bound, text, name.place)

    def _place(self, part: Token | Meta) -> Place:
        return Place(self._begin.source, self._begin.text, self._begin.offset + (part.start_pos or 0))

    def _on_one_line(self, start: int, end: int) -> str:
        """The text of a part, without its comments."""
        return " ".join(re.sub(r"#[^\n]*", " ", self._text[start:end]).split())


def _argument(parts: list[Any], place: Place) -> Argument:
    *name, value = parts
    return Argument(name[0].name if name else None, value, place)
