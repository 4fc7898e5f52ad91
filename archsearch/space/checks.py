"""What the rules of a grammar must hold before anything is derived from them.

No rule undefined, unused or recursive; no alternative twice; arguments that words and rules take; nothing empty
where something must stand; no word after one that ends a sentence; every value a word could be given is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING

from archsearch.errors import NotationError, suggest
from archsearch.notation.arguments import bind, complete
from archsearch.notation.network import misplaced
from archsearch.notation.syntax import Call, Choice, Integer, Name, Repeat, Rule, Sequence, Syntax
from archsearch.notation.word import Value, Vocabulary

if TYPE_CHECKING:
    from archsearch.errors import Place

START = "network"
"""The rule that every derivation begins with."""

_NEVER_EMPTY = "keep a word in it that is always there"


def check_rules(rules: Mapping[str, Rule], vocabulary: Vocabulary) -> None:
    """Raise NotationError, with file, line and column, at the first mistake in the rules."""
    _Check(rules, vocabulary).all()


def nullable(part: Syntax, rules: Mapping[str, Rule]) -> bool:
    """Whether a part of a rule can derive nothing at all."""
    match part:
        case Sequence():
            return all(nullable(item, rules) for item in part.items)
        case Choice():
            return any(nullable(item, rules) for item in part.alternatives)
        case Repeat():
            return part.least == 0 or nullable(part.item, rules)
        case Name() | Call():
            return part.name in rules and nullable(rules[part.name].body, rules)
        case _:
            return False


def always_ends(part: Syntax, rules: Mapping[str, Rule], vocabulary: Vocabulary) -> bool:
    """Whether everything that a part of a rule derives ends in a word that only the end may have."""
    match part:
        case Sequence():
            return always_ends(part.items[-1], rules, vocabulary)
        case Choice():
            return all(always_ends(item, rules, vocabulary) for item in part.alternatives)
        case Repeat():
            return part.least > 0 and always_ends(part.item, rules, vocabulary)
        case Name() | Call() if part.name in rules:
            return always_ends(rules[part.name].body, rules, vocabulary)
        case Name() | Call():
            return vocabulary[part.name].ends
        case Integer():
            return False


class _Check:
    """Each check is a walk over the syntax; the later ones rely on the earlier ones."""

    def __init__(self, rules: Mapping[str, Rule], vocabulary: Vocabulary) -> None:
        self.rules, self.vocabulary = rules, vocabulary
        self.possible: dict[tuple[str, str], set[Value]] = {}
        self.ended: set[tuple[str, bool]] = set()

    def all(self) -> None:
        for rule in self.rules.values():
            for parameter in rule.parameters:
                if parameter in self.rules or parameter in self.vocabulary:
                    message = f"parameter `{parameter}` of `{rule.name}` is named like a word or a rule"
                    raise NotationError(message, place=rule.place, remedy="give it another name")
            self._words(rule.body, rule)
        order = self._callers_first()
        for name, rule in self.rules.items():
            if name not in order:
                remedy = f"use it in a rule that `{START}` leads to, or remove it"
                raise NotationError(f"rule `{name}` is never used", place=rule.place, remedy=remedy)
        for name in order:
            self._check_values(self.rules[name])
        self._check_ends(self.rules[START].body, last=True)
        if nullable(self.rules[START].body, self.rules):
            message = f"`{START}` can derive an empty sentence"
            raise NotationError(message, place=self.rules[START].place, remedy=_NEVER_EMPTY)

    def _words(self, part: Syntax, rule: Rule) -> None:
        """Check a part of a rule that stands where words are expected."""
        match part:
            case Integer():
                remedy = f"as in conv({part.value})"
                raise NotationError("words are expected here, not a number", place=part.place, remedy=remedy)
            case Sequence():
                for item in part.items:
                    self._words(item, rule)
            case Choice():
                _check_distinct(part)
                for item in part.alternatives:
                    self._words(item, rule)
            case Repeat():
                if not part.least <= part.most or part.most == 0:
                    message = f"this is repeated from {part.least} to {part.most} times"
                    remedy = "the second number must be at least 1, and no less than the first, as in *1..3"
                    raise NotationError(message, place=part.place, remedy=remedy)
                self._words(part.item, rule)
            case Name() | Call():
                self._call(part, rule)

    def _call(self, call: Name | Call, rule: Rule) -> None:
        arguments = call.arguments if isinstance(call, Call) else ()
        if call.name in rule.parameters:
            message = f"`{call.name}` is a value; words are expected here"
            raise NotationError(message, place=call.place, remedy=f"as in conv({call.name})")
        if call.name in self.rules:
            called = self.rules[call.name]
            if len(arguments) != len(called.parameters):
                count = len(called.parameters)
                plural = "" if count == 1 else "s"
                message = f"rule `{call.name}` takes {count} argument{plural}, not {len(arguments)}"
                between = f"({', '.join(called.parameters)}), without a blank before the bracket" if count else ""
                raise NotationError(message, place=call.place, remedy=f"write {call.name}{between}")
            for argument in arguments:
                if argument.name is not None:
                    message = f"`{argument.name}` is a name; a rule's arguments have none"
                    raise NotationError(message, place=argument.place, remedy="write the value alone")
                _check_is_value(argument.value)
        elif call.name in self.vocabulary:
            word = self.vocabulary[call.name]
            for name, value in bind(word, arguments, call.place).items():
                if name == "body":
                    self._words(value, rule)
                else:
                    _check_is_value(value)
        else:
            remedy = suggest(call.name, [*self.vocabulary, *self.rules])
            raise NotationError(f"there is no word or rule `{call.name}`", place=call.place, remedy=remedy)

    def _callers_first(self) -> list[str]:
        """Rules reachable from the start, each before those it calls; raises NotationError on recursion."""
        done: list[str] = []
        path: list[str] = []

        def visit(name: str, place: Place) -> None:
            if name in path:
                circle = " > ".join([*path[path.index(name) :], name])
                remedy = "every space is finite: say how often with *1..3"
                raise NotationError(f"rule `{name}` leads to itself: {circle}", place=place, remedy=remedy)
            if name in done:
                return
            path.append(name)
            for call in self._calls(self.rules[name].body):
                if call.name in self.rules:
                    visit(call.name, call.place)
            path.pop()
            done.append(name)

        visit(START, self.rules[START].place)
        return done[::-1]

    def _check_values(self, rule: Rule) -> None:
        """Check every value that a word in this rule could be given, and note those given to other rules."""
        for parameter in rule.parameters:
            if parameter not in {name for call in self._calls(rule.body) for name in self._value_names(call)}:
                message = f"parameter `{parameter}` of `{rule.name}` is never used"
                raise NotationError(message, place=rule.place, remedy="use it or remove it")
        for call in self._calls(rule.body):
            arguments = call.arguments if isinstance(call, Call) else ()
            if call.name in self.rules:
                for parameter, argument in zip(self.rules[call.name].parameters, arguments, strict=True):
                    values = self._possible(argument.value, rule)
                    self.possible.setdefault((call.name, parameter), set()).update(values)
                continue
            word = self.vocabulary[call.name]
            bound = bind(word, arguments, call.place)
            body = bound.pop("body", None)
            if word.has_body and (body is None or nullable(body, self.rules)):
                message = f"`{word.name}` can be left with nothing in its brackets"
                raise NotationError(message, place=call.place, remedy=_NEVER_EMPTY)
            options = [self._possible(part, rule) for part in bound.values()]
            for combination in product(*options):
                complete(word, dict(zip(bound, combination, strict=True)), call.place)

    def _check_ends(self, part: Syntax, *, last: bool) -> None:
        """Check that nothing can follow a word that ends a sentence; `last`: nothing follows this part."""
        match part:
            case Sequence():
                for item in part.items:
                    self._check_ends(item, last=last and item is part.items[-1])
            case Choice():
                for item in part.alternatives:
                    self._check_ends(item, last=last)
            case Repeat():
                self._check_ends(part.item, last=last and part.most == 1)
            case Name() | Call() if part.name in self.rules:
                if (part.name, last) not in self.ended:
                    self.ended.add((part.name, last))
                    self._check_ends(self.rules[part.name].body, last=last)
            case Name() | Call():
                word = self.vocabulary[part.name]
                if word.ends and not last:
                    raise misplaced(word, part.place)
                for argument in part.arguments if isinstance(part, Call) and word.has_body else ():
                    self._check_ends(argument.value, last=False)
            case Integer():
                return

    def _possible(self, part: Syntax, rule: Rule) -> list[Value]:
        match part:
            case Integer():
                return [part.value]
            case Name() if part.name in rule.parameters:
                return sorted(self.possible[rule.name, part.name], key=str)
            case Name():
                return [part.name]
            case Choice():
                return [value for item in part.alternatives for value in self._possible(item, rule)]
            case _:
                return []

    def _calls(self, part: Syntax) -> Iterator[Name | Call]:
        """Every word and rule named in a part of a rule, in order; values are left out."""
        match part:
            case Sequence():
                for item in part.items:
                    yield from self._calls(item)
            case Choice():
                for item in part.alternatives:
                    yield from self._calls(item)
            case Repeat():
                yield from self._calls(part.item)
            case Name() | Call():
                yield part
                if part.name in self.vocabulary and self.vocabulary[part.name].has_body and isinstance(part, Call):
                    for argument in part.arguments:
                        yield from self._calls(argument.value)
            case Integer():
                return

    def _value_names(self, call: Name | Call) -> Iterator[str]:
        """Names that stand as values in the arguments of one call."""
        has_body = call.name in self.vocabulary and self.vocabulary[call.name].has_body
        for argument in call.arguments if isinstance(call, Call) and not has_body else ():
            yield from _names(argument.value)


def _check_distinct(choice: Choice) -> None:
    for number, text in enumerate(choice.texts):
        if text in choice.texts[:number] or choice.alternatives[number] in choice.alternatives[:number]:
            place = choice.alternatives[number].place
            raise NotationError(
                f"alternative `{text}` stands here twice", place=place, remedy="remove one of them"
            )


def _check_is_value(part: Syntax) -> None:
    match part:
        case Choice():
            _check_distinct(part)
            for item in part.alternatives:
                _check_is_value(item)
        case Repeat():
            raise NotationError("`*` repeats words, not a value", place=part.place, remedy="as in conv(16)*2")
        case Sequence() | Call():
            remedy = "a number, a name such as max, a parameter, or a choice such as 16|24"
            raise NotationError("a value is expected here, not words", place=part.place, remedy=remedy)
        case Integer() | Name():
            return


def _names(value: Syntax) -> Iterator[str]:
    if isinstance(value, Name):
        yield value.name
    elif isinstance(value, Choice):
        for item in value.alternatives:
            yield from _names(item)
