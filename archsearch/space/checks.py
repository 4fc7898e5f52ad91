"""The requirements on the rules of a grammar, a function for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import TYPE_CHECKING, TypeAlias

from archsearch.errors import NotationError, suggest
from archsearch.notation.arguments import bind, complete
from archsearch.notation.network import misplaced
from archsearch.notation.syntax import Argument, Call, Choice, Integer, Name, Repeat, Rule, Sequence, Syntax
from archsearch.notation.word import Value, Vocabulary
from archsearch.space.parts import calls, calls_followed, names_in, nullable, parts, sentences, values

if TYPE_CHECKING:
    from archsearch.errors import Place

START = "network"
"""The rule that every derivation begins with."""

Rules: TypeAlias = Mapping[str, Rule]
"""Rules by their names."""

PossibleValues: TypeAlias = Mapping[tuple[str, str], list[Value]]
"""By the names of a rule and its parameter, every value that a call can give it."""

_MOST_TIMES = 1_000
"""To count what a number that is far larger derives would take hours."""

_NEVER_EMPTY = "put a word in it that is always there"


def check_rules(rules: Rules, vocabulary: Vocabulary) -> None:
    """Raise NotationError, with file, line and column, at the first mistake in the rules."""
    for rule in rules.values():
        _no_parameter_is_named_like_a_word_or_rule(rule, rules, vocabulary)
        for part in parts(rule.body, vocabulary):
            _check_part(part, rule, rules, vocabulary)
    callers_first = _nothing_is_recursive(rules, vocabulary)
    _every_rule_is_used(rules, callers_first)
    possible = _possible_values(callers_first, rules, vocabulary)
    for name in callers_first:
        _every_parameter_is_used(rules[name], vocabulary)
        for call in calls(rules[name].body, vocabulary):
            _brackets_are_never_empty(call, rules, vocabulary)
            _every_possible_value_is_allowed(call, rules[name], possible, vocabulary)
    _nothing_follows_the_end(callers_first, rules, vocabulary)
    _no_sentence_is_empty(rules)


def _check_part(part: Syntax, rule: Rule, rules: Rules, vocabulary: Vocabulary) -> None:
    """Check a part of a rule that stands where words are expected, without what is in it."""
    match part:
        case Integer():
            remedy = f"as in conv({part.value})"
            raise NotationError("words are expected here, not a number", place=part.place, remedy=remedy)
        case Choice():
            _no_alternative_stands_twice(part)
        case Repeat():
            _can_be_repeated(part)
        case Name() | Call():
            _is_word_or_rule(part, rule, rules, vocabulary)
            if part.name in rules:
                _rule_takes(rules[part.name], part.arguments, part.place)
            else:
                bind(vocabulary[part.name], part.arguments, part.place)
            for value in values(part, vocabulary):
                _is_value(value)
        case Sequence():
            return


def _no_parameter_is_named_like_a_word_or_rule(rule: Rule, rules: Rules, vocabulary: Vocabulary) -> None:
    for parameter in rule.parameters:
        if parameter in rules or parameter in vocabulary:
            message = f"parameter `{parameter}` of `{rule.name}` is named like a word or a rule"
            raise NotationError(message, place=rule.place, remedy="give it another name")


def _no_alternative_stands_twice(choice: Choice) -> None:
    for number, text in enumerate(choice.texts):
        if text in choice.texts[:number] or choice.alternatives[number] in choice.alternatives[:number]:
            message, place = f"alternative `{text}` appears twice", choice.alternatives[number].place
            raise NotationError(message, place=place, remedy="remove one of them")


def _can_be_repeated(repeat: Repeat) -> None:
    if not repeat.least <= repeat.most or repeat.most == 0:
        message = f"this is repeated from {repeat.least} to {repeat.most} times"
        remedy = "the second number must be at least 1, and no less than the first, as in *1..3"
        raise NotationError(message, place=repeat.place, remedy=remedy)
    if repeat.most > _MOST_TIMES:
        message = f"this is repeated up to {repeat.most:,} times; at most {_MOST_TIMES:,} are allowed"
        raise NotationError(message, place=repeat.place, remedy="write a smaller number")


def _is_word_or_rule(call: Name | Call, rule: Rule, rules: Rules, vocabulary: Vocabulary) -> None:
    if call.name in rule.parameters:
        message = f"`{call.name}` is a value; words are expected here"
        raise NotationError(message, place=call.place, remedy=f"as in conv({call.name})")
    if call.name not in rules and call.name not in vocabulary:
        remedy = suggest(call.name, [*vocabulary, *rules])
        raise NotationError(f"there is no word or rule `{call.name}`", place=call.place, remedy=remedy)


def _rule_takes(called: Rule, arguments: tuple[Argument, ...], place: Place) -> None:
    count = len(called.parameters)
    if len(arguments) != count:
        plural = "" if count == 1 else "s"
        message = f"rule `{called.name}` takes {count} argument{plural}, not {len(arguments)}"
        between = f"({', '.join(called.parameters)}), without a blank before the bracket" if count else ""
        raise NotationError(message, place=place, remedy=f"write {called.name}{between}")
    for argument in arguments:
        if argument.name is not None:
            message = f"a rule's arguments have no names, but this one is named `{argument.name}`"
            raise NotationError(message, place=argument.place, remedy="write only the value")


def _is_value(part: Syntax) -> None:
    match part:
        case Choice():
            _no_alternative_stands_twice(part)
            for item in part.alternatives:
                _is_value(item)
        case Repeat():
            raise NotationError("`*` repeats words, not a value", place=part.place, remedy="as in conv(16)*2")
        case Sequence() | Call():
            remedy = "a number, a name such as max, a parameter, or a choice such as 16|24"
            raise NotationError("a value is expected here, not words", place=part.place, remedy=remedy)
        case Integer() | Name():
            return


def _nothing_is_recursive(rules: Rules, vocabulary: Vocabulary) -> list[str]:
    """Return the rules that the start leads to, each before those it calls."""
    done: list[str] = []
    path: list[str] = []

    def visit(name: str, place: Place) -> None:
        if name in path:
            circle = " > ".join([*path[path.index(name) :], name])
            message, remedy = (
                f"rule `{name}` is recursive: {circle}",
                "every space is finite: write how often, as in *1..3",
            )
            raise NotationError(message, place=place, remedy=remedy)
        if name in done:
            return
        path.append(name)
        for call in calls(rules[name].body, vocabulary):
            if call.name in rules:
                visit(call.name, call.place)
        path.pop()
        done.append(name)

    visit(START, rules[START].place)
    return done[::-1]


def _every_rule_is_used(rules: Rules, used: Iterable[str]) -> None:
    for name, rule in rules.items():
        if name not in used:
            remedy = f"use it in a rule that `{START}` leads to, or remove it"
            raise NotationError(f"rule `{name}` is never used", place=rule.place, remedy=remedy)


def _every_parameter_is_used(rule: Rule, vocabulary: Vocabulary) -> None:
    used = {
        name
        for call in calls(rule.body, vocabulary)
        for value in values(call, vocabulary)
        for name in names_in(value)
    }
    for parameter in rule.parameters:
        if parameter not in used:
            message = f"parameter `{parameter}` of `{rule.name}` is never used"
            raise NotationError(message, place=rule.place, remedy="use it or remove it")


def _possible_values(callers_first: list[str], rules: Rules, vocabulary: Vocabulary) -> PossibleValues:
    possible: dict[tuple[str, str], list[Value]] = {}
    for name in callers_first:
        for call in calls(rules[name].body, vocabulary):
            if isinstance(call, Call) and call.name in rules:
                for parameter, argument in zip(rules[call.name].parameters, call.arguments, strict=True):
                    known = possible.setdefault((call.name, parameter), [])
                    known += [one for one in _values(argument.value, rules[name], possible) if one not in known]
    return possible


def _values(part: Syntax, rule: Rule, possible: PossibleValues) -> list[Value]:
    """Return what an argument in a rule can be."""
    match part:
        case Integer():
            return [part.value]
        case Name() if part.name in rule.parameters:
            return sorted(possible[rule.name, part.name], key=str)
        case Name():
            return [part.name]
        case Choice():
            return [value for item in part.alternatives for value in _values(item, rule, possible)]
        case _:
            return []


def _brackets_are_never_empty(call: Name | Call, rules: Rules, vocabulary: Vocabulary) -> None:
    if call.name not in vocabulary or not vocabulary[call.name].takes_sentences:
        return
    inner = sentences(call, vocabulary)
    if all(nullable(sentence, rules) for sentence in inner):
        message = f"`{call.name}` can be left with nothing in its brackets"
        raise NotationError(message, place=call.place, remedy=_NEVER_EMPTY)
    for number, sentence in enumerate(inner, start=1):
        if nullable(sentence, rules):
            message, remedy = f"sentence {number} of `{call.name}` can be empty", f"{_NEVER_EMPTY}, such as `same`"
            raise NotationError(message, place=sentence.place, remedy=remedy)


def _every_possible_value_is_allowed(
    call: Name | Call, rule: Rule, possible: PossibleValues, vocabulary: Vocabulary
) -> None:
    if call.name in vocabulary:
        word = vocabulary[call.name]
        bound = bind(word, call.arguments, call.place).values
        options = [_values(part, rule, possible) for part in bound.values()]
        for combination in product(*options):
            complete(word, dict(zip(bound, combination, strict=True)), call.place)


def _nothing_follows_the_end(callers_first: list[str], rules: Rules, vocabulary: Vocabulary) -> None:
    followed_rules: set[str] = set()
    for name in callers_first:
        for call, followed in calls_followed(rules[name].body, vocabulary, followed=name in followed_rules):
            if followed and call.name in rules:
                followed_rules.add(call.name)
            elif followed and vocabulary[call.name].ends:
                raise misplaced(vocabulary[call.name], call.place)


def _no_sentence_is_empty(rules: Rules) -> None:
    if nullable(rules[START].body, rules):
        message = f"`{START}` can derive an empty sentence"
        raise NotationError(message, place=rules[START].place, remedy=_NEVER_EMPTY)
