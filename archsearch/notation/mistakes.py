"""What to write instead of what cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TypeAlias

from archsearch.notation.clauses import number_text

_READS_LIKE = {
    "sentence": "a sentence reads like: conv(24, stride=2) residual(conv(24) sep(24)) head()",
    "rule": "a rule reads like: part(w) = conv(w) sep(16|24)*1..3; its other lines are indented",
    "condition": "a condition reads like: rf > 44, params < 200k; words are quoted: state = 'complete'",
}

MOST_DIGITS = 24
"""The digits that a number in a condition may have."""

_SUFFIXES = "k is a thousand, M a million"
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _plain(match: re.Match[str]) -> str:
    value = Decimal(match[1].replace("_", "") + match[2])
    if value.adjusted() >= MOST_DIGITS:
        return f"a bound is a finite number of at most {MOST_DIGITS} digits"
    return f"write {number_text(int(value) if value == int(value) else float(value))}"


def _without_commas(match: re.Match[str]) -> str:
    return f"a comma means `and`: write {(match[1] + match[2]).replace(',', '_')}"


def _name_first(match: re.Match[str]) -> str:
    number, comparator, name, rest = match.groups()
    return f"write the name first: {name} {_FLIPPED.get(comparator, comparator)} {number}" + (
        f", {name} {' '.join(rest.split())}" if rest else ""
    )


_Remedy: TypeAlias = str | Callable[[re.Match[str]], str]

_NUMBER = r"(?<![\w.])(\d[\d_.]*)"
_COMPARATOR = r"<=|>=|==|!=|=|<|>"

# What stands around the mistake, whose place is marked by \0, and the remedy.
_MISTAKES: dict[str, Iterable[tuple[str, _Remedy]]] = {
    "sentence": (
        (r"\0\|", "a sentence has no choices; they belong in a .space file"),
        (r"\0\*", "a sentence has no repeats; write the word again, or use a .space file"),
        (r"\0\(", "a bracket directly follows a word, without a blank: conv(24)"),
        (r"\0-", "numbers are whole and never negative"),
        (r"\0\.", "numbers are whole"),
    ),
    "rule": (
        (r"\0-", "numbers are whole and never negative"),
        (r"\0\.", "numbers are whole"),
        (r"\w[^=]*\0=", "every rule starts on a line of its own, not indented"),
    ),
    "condition": (
        (r"\0-", "numbers are never negative here"),
        (r"=\0>|\0≥", "write >="),
        (r"=\0<|\0≤", "write <="),
        (r"<\0>|>\0<|=\0!|\0≠", "write !="),
        (r"=\0=", "write ="),
        (r"\0&", "write `and`, or a comma"),
        (r"\0\|", "write `or`"),
        (r"\0[!~]", "write `not`, as in: not rf > 44"),
        (r"\0[‘’“”`]", "write straight quotes, as in: state = 'complete'"),
        (r"(?i:\sin\s+)\0[\['\"{]", "write round brackets, as in: state in ('complete', 'pruned')"),
        (r"(?i:\sis\s+(?:not\s+)?)\0", "write `is none` or `is not none`; a value is compared with ="),
        (r"\0('[^'\n]*'|\"[^\"\n]*\")", r"write the name first, as in: state = \1"),
        (r"\0['\"]", "close the quote, as in: state = 'complete'"),
        (_NUMBER + r"\s*\0[kK]\b", rf"{_SUFFIXES}: write \1k"),
        (_NUMBER + r"\s*\0(?i:m|mio|mln|millions?)\b", rf"{_SUFFIXES}: write \1M"),
        (_NUMBER + r"\s*\0(?:[gGbB]|billions?)\b", rf"{_SUFFIXES}: write \g<1>000M"),
        (_NUMBER + r"\0([eE][+-]?\d{1,9})", _plain),
        (_NUMBER + r"\s*\0%", r"write \1: accuracies are in percent"),
        (_NUMBER + r"\0[\w.]", "a number is written like 44, 85.5, 200_000, 200k or 1.5M"),
        (r"(?<!\w)(\d{1,3},)\0(\d{3}(?:,\d{3})*)\b", _without_commas),
        (r"\0(\d[\w.]*)\s*(" + _COMPARATOR + r")\s*([a-z_]\w*)\s*((?:[<>]=?)\s*[\w.]+)?", _name_first),
        (
            r"([a-z_]\w*)\s*(?:" + _COMPARATOR + r")\s*[\w.]+\s*\0\s*(?:" + _COMPARATOR + r")",
            r"write two comparisons, as in: \1 > 3, \1 < 9",
        ),
        (r"([a-z_]\w*)\s*==?\s*\0(?i:none|null|nil|nan)\b", r"write \1 is none"),
        (r"([a-z_]\w*)\s*!=\s*\0(?i:none|null|nil|nan)\b", r"write \1 is not none"),
        (r"\0(?i:nan|inf|infinity)\b", "a bound is a finite number"),
        (r"(?:" + _COMPARATOR + r")\s*\0\.(\d+)", r"write 0.\1"),
        (r"(?:==?|!=)\s*\0([a-zA-Z_]\w*)", r"a word is quoted: write '\1'"),
        (r"[<>]=?\s*\0[a-zA-Z_]", "write a number"),
        (
            r"([a-z_]\w*)\s+\0(?i:between)\s+(\d[\w.]*)\s+(?i:and)\s+(\d[\w.]*)",
            r"write \1 >= \2, \1 <= \3",
        ),
        (r"[a-z_]\w*\s+\0[a-zA-Z]", "words are compared whole, with = or !=, or with `in`"),
        (r"\0;", "join conditions with a comma, `and` or `or`"),
    ),
}


def remedy(start: str, text: str, offset: int) -> str:
    """Say what to write for a sentence, a rule or a condition that cannot be read at an offset.

    >>> remedy("condition", "params < 20m", 11)
    'k is a thousand, M a million: write 20M'
    """
    marked = f"{text[:offset]}\0{text[offset:]}"
    for pattern, said in _MISTAKES[start]:
        if match := re.search(pattern, marked):
            return match.expand(said) if isinstance(said, str) else said(match)
    return _READS_LIKE[start]
