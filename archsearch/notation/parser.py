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
from archsearch.notation import mistakes
from archsearch.notation.clauses import Clause, Clauses, Comparison, negated
from archsearch.notation.syntax import (
    Argument,
    Call,
    Choice,
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


def on_one_line(text: str) -> str:
    r"""Write a text on one line, without its comments; what is quoted stays as it is.

    >>> on_one_line("rf > 44  # far\n  and state = 'no  #1'")
    "rf > 44 and state = 'no  #1'"
    """
    return _BETWEEN.sub(lambda match: match[1] or " ", text).strip()


_BETWEEN = re.compile(r"""("[^"\n]*"|'[^'\n]*')|(?:\s|#[^\n]*)+""")
_DEEPEST = 50
_LONGEST_INTEGER = 9


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
    "_AND": "`and`",
    "_OR": "`or`",
    "_NOT": "`not`",
    "_IS": "`is`",
    "_IN": "`in`",
    "_NONE": "`none`",
    "$END": "the end",
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
    message = f"unexpected `{found}`" if found else f"the {start} ends too early"
    remedy = mistakes.remedy(start, text, offset)
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
        self._check_length(token, _LONGEST_INTEGER)
        return Integer(int(token), self._place(token))

    def NUMBER(self, token: Token) -> int | float:
        digits = token.replace("_", "").rstrip("kM")
        self._check_length(token, mistakes.MOST_DIGITS)
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
        return Clauses("and", tuple(items), self._text_of(meta))

    both = every

    @v_args(meta=True)
    def either(self, meta: Meta, items: list[Clause]) -> Clauses:
        return Clauses("or", tuple(items), self._text_of(meta))

    @v_args(meta=True)
    def comparison(self, meta: Meta, parts: list[Any]) -> Comparison:
        return self._comparison(meta, *parts)

    @v_args(meta=True)
    def missing(self, meta: Meta, parts: list[Name]) -> Comparison:
        return self._comparison(meta, parts[0], "=", None)

    @v_args(meta=True)
    def among(self, meta: Meta, parts: list[Any]) -> Clauses:
        name, *bounds = parts
        items = [self._comparison(meta, name, "=", bound) for bound in bounds]
        return Clauses("or", tuple(items), self._text_of(meta))

    def negation(self, parts: list[Clause]) -> Clause:
        return negated(parts[0])

    @v_args(meta=True)
    def present(self, meta: Meta, parts: list[Name]) -> Clause:
        return negated(self.missing(meta, parts))

    @v_args(meta=True)
    def not_among(self, meta: Meta, parts: list[Any]) -> Clause:
        return negated(self.among(meta, parts))

    def _comparison(self, meta: Meta, name: Name, comparator: str, bound: float | str | None) -> Comparison:
        return Comparison(name.name, comparator, bound, self._text_of(meta), name.place)

    def _check_length(self, number: Token, most: int) -> None:
        count = sum(map(str.isdigit, number))
        if count > most:
            message = f"the number has {count} digits; at most {most} are allowed"
            raise NotationError(message, place=self._place(number), remedy="write a smaller number")

    def _place(self, part: Token | Meta) -> Place:
        return Place(self._begin.source, self._begin.text, self._begin.offset + (part.start_pos or 0))

    def _text_of(self, meta: Meta) -> str:
        return self._on_one_line(meta.start_pos, meta.end_pos)

    def _on_one_line(self, start: int, end: int) -> str:
        return on_one_line(self._text[start:end])


def _argument(parts: list[Any], place: Place) -> Argument:
    *name, value = parts
    return Argument(name[0].name if name else None, value, place)
