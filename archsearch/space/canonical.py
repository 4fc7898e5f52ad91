"""The rules of a space written in one way, whatever the blanks, comments, brackets and stated defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from archsearch.notation.arguments import bind
from archsearch.notation.syntax import Call, Choice, Integer, Name, Repeat, Rule, Sequence, Syntax

if TYPE_CHECKING:
    from archsearch.notation.word import Vocabulary, Word


def rules_text(rules: Mapping[str, Rule], vocabulary: Vocabulary) -> str:
    """Write rules in the order of their names, one a line; those that differ in their spelling alone are alike."""
    return "\n".join(_rule_text(rules[name], vocabulary) for name in sorted(rules))


def _rule_text(rule: Rule, vocabulary: Vocabulary) -> str:
    parameters = f"({', '.join(rule.parameters)})" if rule.parameters else ""
    return f"{rule.name}{parameters} = {_words(rule.body, rule, vocabulary)}"


def _words(part: Syntax, rule: Rule, vocabulary: Vocabulary) -> str:
    """Write a part of a rule that stands where words are expected."""
    part = _once(part)
    match part:
        case Choice():
            return " | ".join(_words(item, rule, vocabulary) for item in part.alternatives)
        case Sequence():
            return " ".join(_item(item, rule, vocabulary) for item in _flat(part))
        case Repeat():
            times = f"{part.least}" if part.least == part.most else f"{part.least}..{part.most}"
            return f"{_item(part.item, rule, vocabulary, inner=(Choice, Sequence, Repeat))}*{times}"
        case Name() | Call():
            return _call(part, rule, vocabulary)
        case Integer():
            return str(part.value)


def _item(part: Syntax, rule: Rule, vocabulary: Vocabulary, inner: tuple[type[Syntax], ...] = (Choice,)) -> str:
    text = _words(part, rule, vocabulary)
    return f"({text})" if isinstance(_once(part), inner) else text


def _once(part: Syntax) -> Syntax:
    """Return what `*1` repeats, which is no more than itself, and any other part as it is."""
    return _once(part.item) if isinstance(part, Repeat) and part.least == part.most == 1 else part


def _flat(sequence: Sequence) -> Iterator[Syntax]:
    for item in sequence.items:
        if isinstance(item, Sequence):
            yield from _flat(item)
        else:
            yield item


def _call(call: Name | Call, rule: Rule, vocabulary: Vocabulary) -> str:
    word = vocabulary.get(call.name)
    if word is None:
        values = [_value(argument.value) for argument in call.arguments]
        return f"{call.name}({', '.join(values)})" if values else call.name
    bound = bind(word, call.arguments, call.place)
    sentences = [_words(sentence, rule, vocabulary) for sentence in bound.sentences]
    given = [*sentences, *_given(word, bound.values, rule)]
    return word.written(given)


def _given(word: Word, bound: Mapping[str, Syntax], rule: Rule) -> Iterator[str]:
    """Write the arguments of a word in its order, without those that state a default."""
    for parameter in word.parameters:
        part = bound.get(parameter.name)
        if part is None:
            continue
        text = _value(part)
        if text != str(parameter.default) or isinstance(part, Choice) or text in rule.parameters:
            first = parameter.required and parameter is word.parameters[0] and not word.takes_sentences
            yield text if first else f"{parameter.name}={text}"


def _value(part: Syntax) -> str:
    match part:
        case Choice():
            return "|".join(map(_value, part.alternatives))
        case Name():
            return part.name
        case Integer():
            return str(part.value)
        case _:
            raise AssertionError("read_grammar refuses words where values are expected")
