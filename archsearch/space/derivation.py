"""Which choices lead to a network: the rules of a space matched against the network's words.

A value is chosen when a word is found that has it, so that values are never tried one by one. Two ways to the same
place, with the same rules and values ahead, are one: the work grows with the sentence, not with the space.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from archsearch.errors import ArchsearchError
from archsearch.notation.arguments import bind, complete
from archsearch.notation.syntax import Call, Choice, Integer, Name, Repeat, Rule, Sequence, Syntax
from archsearch.space.checks import START
from archsearch.space.parts import names_in, sentence_slots, sentences

if TYPE_CHECKING:
    from archsearch.notation.network import Network, WordCall
    from archsearch.notation.word import Value, Vocabulary, Word

Choices: TypeAlias = Mapping[str, int]
"""The number of the option taken, by slot."""

_MOST_SHOWN = 6
"""So many of the words that could stand somewhere are named."""


def find_choices(network: Network, rules: Mapping[str, Rule], vocabulary: Vocabulary, name: str) -> Choices:
    """Return choices that lead to a network; those that change nothing in it are left out.

    Of several derivations it is the first, where alternatives are tried in the order in which they are written,
    and repeats from the fewest. Words are compared by their names. Raises ArchsearchError, with the first word
    at which no rule goes on, for a network that is no sentence of the space called `name`.
    """
    search = _Search(tuple(_tokens(network)), rules, vocabulary)
    choices = search.run()
    if choices is None:
        raise search.error(name)
    return choices


class _Argument(NamedTuple):
    """What is given for a parameter of a rule: its value is chosen when it is first needed."""

    part: Syntax
    scope: Scope
    slot: str


Scope: TypeAlias = Mapping[str, _Argument]
"""What the parameters of the rule around a part are given."""


class _Token(NamedTuple):
    """A word of the network, or where a sentence ends: the one in the brackets of `call`, or all of it.

    `path` counts words from 1, as 4.2 for the second word in the brackets of the fourth, and 4.1.2 where that has
    several sentences.
    """

    call: WordCall | None
    path: str
    ends: bool


@dataclass(frozen=True, eq=False)
class _Todo:
    """A part of a rule that is to be matched, of which `done` items are already, and what comes after it.

    Without a part, a sentence must end.
    """

    part: Syntax | None
    scope: Scope
    slot: str
    then: _Todo | None
    done: int = 0

    def inner(self, part: Syntax, slot: str, of: int) -> _Todo:
        """Return an item of this part, which has `of` of them, with the rest of the part after it.

        After the last item nothing of the part is left, so that ways with other items done are one from there on.
        """
        rest = replace(self, done=self.done + 1) if self.done + 1 < of else self.then
        return _Todo(part, self.scope, slot, rest)


class _State(NamedTuple):
    """What is to be matched from the token `at` on, with the choices made before."""

    todo: _Todo
    at: int
    choices: Choices

    def after(self, choices: Choices | None = None, read: int = 0) -> Iterator[_State]:
        """Yield the state that follows the part, which has `read` tokens."""
        if self.todo.then is not None:
            yield _State(self.todo.then, self.at + read, self.choices if choices is None else choices)

    def key(self) -> tuple[object, ...]:
        """What decides whether the rest can be matched: parts, token, and the values that parameters have."""
        ahead: list[object] = [self.at]
        todo: _Todo | None = self.todo
        while todo is not None:
            values = (_chosen(argument, self.choices) for argument in todo.scope.values())
            ahead += [id(todo.part), todo.done, *values]
            todo = todo.then
        return tuple(ahead)


class _Search:
    """One search, depth first; it remembers the last token that it came to, and what could stand there."""

    def __init__(self, tokens: tuple[_Token, ...], rules: Mapping[str, Rule], vocabulary: Vocabulary) -> None:
        self.tokens, self.rules, self.vocabulary = tokens, rules, vocabulary
        self.reached = 0
        self.possible: dict[str, None] = {}

    def run(self) -> Choices | None:
        start = _Todo(self.rules[START].body, {}, START, _Todo(None, {}, "", None))
        ahead, seen = [_State(start, 0, {})], set[tuple[object, ...]]()
        while ahead:
            state = ahead.pop()
            if (key := state.key()) in seen:
                continue
            seen.add(key)
            following = [*self._following(state)]
            if not following and state.at == len(self.tokens) - 1 and state.todo.then is None:
                return state.choices
            ahead += reversed(following)
        return None

    def _following(self, state: _State) -> Iterator[_State]:
        """Yield the states that may follow one, the first to be tried first."""
        todo, part, slot = state.todo, state.todo.part, state.todo.slot
        match part:
            case None:
                self._note("", state.at)
                yield from state.after(read=1) if self.tokens[state.at].ends else ()
            case Sequence():
                item = part.items[todo.done]
                yield state._replace(todo=todo.inner(item, f"{slot}.{todo.done}", len(part.items)))
            case Choice():
                for number, item in enumerate(part.alternatives):
                    inner = replace(todo, part=item, slot=f"{slot}[{number}]")
                    yield state._replace(todo=inner, choices={**state.choices, slot: number})
            case Repeat():
                # Another time overwrites the count.
                count, times = f"{slot}.count", todo.done - part.least
                if times >= 0:
                    yield from state.after({**state.choices, count: times})
                inner = todo.inner(part.item, f"{slot}#{todo.done}", part.most)
                yield state._replace(todo=inner, choices={**state.choices, count: times + 1})
            case Call() | Name() if part.name in self.rules:
                rule = self.rules[part.name]
                given = {
                    parameter: _Argument(argument.value, todo.scope, f"{slot}.{parameter}")
                    for parameter, argument in zip(rule.parameters, part.arguments, strict=True)
                }
                yield state._replace(todo=_Todo(rule.body, given, f"{slot}.{rule.name}", todo.then))
            case Call() | Name():
                yield from self._after_word(part, state)
            case Integer():
                raise AssertionError("read_grammar refuses a number where words are expected")

    def _after_word(self, part: Call | Name, state: _State) -> Iterator[_State]:
        """Yield what may follow a word, whose sentences come first, if the network has it here."""
        self._note(self._text(part, state), state.at)
        token, todo = self.tokens[state.at], state.todo
        if token.call is None or token.ends or token.call.word.name != part.name:
            return
        word = self.vocabulary[part.name]
        bound = bind(word, part.arguments, part.place)
        if len(bound.sentences) != len(token.call.bodies):
            return
        inside = todo.then
        for sentence, slot in [*zip(bound.sentences, sentence_slots(todo.slot, word, bound), strict=True)][::-1]:
            inside = _Todo(sentence, todo.scope, slot, _Todo(None, {}, "", inside))
        for choices in self._choices_for(word, bound.values, token.call, state):
            yield from state._replace(todo=replace(todo, then=inside)).after(choices, read=1)

    def _choices_for(
        self, word: Word, bound: Mapping[str, Syntax], call: WordCall, state: _State
    ) -> Iterator[Choices]:
        """Yield the choices that give the word of a rule the values that it has in the network."""
        values = dict(call.values)
        found: list[Choices] = [state.choices]
        for name, value in bound.items():
            argument = _Argument(value, state.todo.scope, f"{state.todo.slot}.{name}")
            if name not in values:
                return
            found = [more for choices in found for more in _equal(argument, values[name], choices)]
        if found and complete(word, {name: values[name] for name in bound}, call.place) == values:
            yield from found

    def _note(self, text: str, at: int) -> None:
        if at > self.reached:
            self.reached, self.possible = at, {}
        if at == self.reached:
            self.possible[text] = None

    def _text(self, part: Call | Name, state: _State) -> str:
        """Write a word of a rule, with the values that it can have."""
        inner = sentences(part, self.vocabulary)
        arguments = ["..."] if inner else []
        arguments += [
            (f"{argument.name}=" if argument.name else "")
            + _value_text(_Argument(argument.value, state.todo.scope, ""), state.choices)
            for argument in part.arguments[len(inner) :]
        ]
        return self.vocabulary[part.name].written(arguments)

    def error(self, space: str) -> ArchsearchError:
        """Return the error for a network that could not be matched."""
        token = self.tokens[self.reached]
        words = [text for text in self.possible if text]
        shown = [*words[:_MOST_SHOWN], "..."] if len(words) > _MOST_SHOWN else words
        what = "the sentence" if token.call is None else f"the sentence in `{token.call.word.name}`"
        problem = f"{what} ends too early" if token.ends else f"`{token.call}` cannot stand here"
        place = None if token.call is None else token.call.place or f"word {token.path}"
        remedies = [f"write {' or '.join(shown)}"] if words else []
        if "" in self.possible:
            remedies.append("end the sentence before it")
        message = f"the network is no sentence of the space `{space}`: {problem}"
        return ArchsearchError(message, place=place, remedy=", or ".join(remedies))


def _tokens(network: Network) -> Iterator[_Token]:
    """Yield the words of a network and the ends of its sentences."""

    def inside(calls: tuple[WordCall, ...], path: str) -> Iterator[_Token]:
        for number, call in enumerate(calls, start=1):
            here = f"{path}{number}"
            yield _Token(call, here, ends=False)
            for place, body in enumerate(call.bodies):
                yield from inside(body, call.path_inside(here, place))
                yield _Token(call, here, ends=True)

    return chain(inside(network.calls, ""), [_Token(None, "", ends=True)])


def _equal(argument: _Argument, value: Value, choices: Choices) -> Iterator[Choices]:
    """Yield the choices, added to those made, by which an argument has a value."""
    part, scope, slot = argument
    match part:
        case Choice():
            taken = choices.get(slot)
            for number in range(len(part.alternatives)) if taken is None else [taken]:
                inner = _Argument(part.alternatives[number], scope, f"{slot}[{number}]")
                yield from _equal(inner, value, {**choices, slot: number})
        case Name() if part.name in scope:
            yield from _equal(scope[part.name], value, choices)
        case Name():
            yield from [choices] if part.name == value else []
        case Integer():
            yield from [choices] if part.value == value else []


def _chosen(argument: _Argument, choices: Choices) -> object:
    """Return the value of an argument, or where it is not chosen yet, what it will be chosen from."""
    part, scope, slot = argument
    match part:
        case Choice() if slot in choices:
            number = choices[slot]
            return _chosen(_Argument(part.alternatives[number], scope, f"{slot}[{number}]"), choices)
        case Name():
            return _chosen(scope[part.name], choices) if part.name in scope else part.name
        case Integer():
            return part.value
        case _:
            # The same choice in another call of its rule may be one among other values.
            return (id(part), *(_chosen(scope[name], choices) for name in names_in(part) if name in scope))


def _value_text(argument: _Argument, choices: Choices) -> str:
    """Write the values that an argument can still have."""
    part, scope, slot = argument
    match part:
        case Choice() if slot not in choices:
            texts = (_value_text(_Argument(one, scope, slot), choices) for one in part.alternatives)
            return "|".join(dict.fromkeys("|".join(texts).split("|")))
        case Name() if part.name in scope:
            return _value_text(scope[part.name], choices)
        case _:
            return str(_chosen(argument, choices))
