"""The sentences of a grammar, read word by word in one way only, even where several derivations lead to one.

The rules make a machine that is in several places at once: wherever a derivation can be that agrees with what was
read. Such a set of places is one state here (the subset construction: Rabin and Scott, "Finite Automata and Their
Decision Problems", 1959), so paths of this automaton and sentences are one to one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import product
from typing import NamedTuple, TypeAlias

from archsearch.notation.arguments import bind, find_word
from archsearch.notation.network import WordCall
from archsearch.notation.syntax import Call, Choice, Integer, Name, Repeat, Rule, Sequence, Syntax
from archsearch.notation.word import Value, Vocabulary
from archsearch.space.checks import START
from archsearch.space.order import behind_first


class Open(NamedTuple):
    """A word with its values; so many sentences follow, each with a CLOSE behind it."""

    call: WordCall
    sentences: int


class Mark(NamedTuple):
    """The end of a sentence in brackets, or of the whole."""

    text: str


CLOSE = Mark(")")
END = Mark("end")
Token: TypeAlias = Open | Mark

Scope: TypeAlias = tuple[tuple[str, Value], ...]
"""The values of the parameters of a rule, by their names."""

ACCEPTED = -1
"""The state behind END."""


class _Todo(NamedTuple):
    """A part of a rule that is to be derived, from `least` to `most` times, with what comes after it.

    Without a part, a token is to be read. `after` is the number of another, or -1.
    """

    part: Syntax | None
    scope: Scope
    least: int
    most: int
    token: Mark | None
    after: int


class Automaton:
    r"""The deterministic automaton of the rules of a space; its states are numbers.

    >>> from archsearch.space.space import Space
    >>> space = Space.of("network = a(8|16)*1..2 head()\na(w) = conv(w) | conv(w, kernel=3)")
    >>> space.size, Automaton(space.rules, space.vocabulary).size
    (20, 6)
    """

    start = 0

    def __init__(self, rules: Mapping[str, Rule], vocabulary: Vocabulary) -> None:
        self._rules, self._vocabulary = rules, vocabulary
        self._todos: list[_Todo] = []
        self._todo_numbers: dict[tuple[object, ...], int] = {}
        self._expanded: dict[int, tuple[tuple[Token, int], ...]] = {}
        self._opens: dict[Open, Open] = {}
        self._sets: list[frozenset[int]] = []
        self._set_numbers: dict[frozenset[int], int] = {}
        self._moves: dict[int, tuple[tuple[Token, int], ...]] = {}
        end = self._todo(_Todo(None, (), 1, 1, END, ACCEPTED))
        self._state([self._derive(rules[START].body, (), end)])

    def moves(self, state: int) -> tuple[tuple[Token, int], ...]:
        """Return the tokens that can be read in a state, in the order of the rules, with the state behind each."""
        if state == ACCEPTED:
            return ()
        if state not in self._moves:
            after: dict[Token, list[int]] = {}
            for todo in sorted(self._sets[state]):
                for token, behind in self._expand(todo):
                    after.setdefault(token, []).append(behind)
            self._moves[state] = tuple(
                (token, ACCEPTED if token is END else self._state(behind)) for token, behind in after.items()
            )
        return self._moves[state]

    @cached_property
    def size(self) -> int:
        """The exact number of sentences, each counted once."""
        sizes = {ACCEPTED: 1}
        for state in behind_first(self.start, lambda one: (after for _token, after in self.moves(one))):
            if state != ACCEPTED:
                sizes[state] = sum(sizes[after] for _token, after in self.moves(state))
        return sizes[self.start]

    def _state(self, todos: Iterable[int]) -> int:
        places = frozenset(todos)
        if places not in self._set_numbers:
            self._set_numbers[places] = len(self._sets)
            self._sets.append(places)
        return self._set_numbers[places]

    def _todo(self, todo: _Todo) -> int:
        # Parts are compared as what they are, not by what they hold: that would take long, and merge no more.
        key = (id(todo.part), *todo[1:])
        if key not in self._todo_numbers:
            self._todo_numbers[key] = len(self._todos)
            self._todos.append(todo)
        return self._todo_numbers[key]

    def _derive(self, part: Syntax, scope: Scope, after: int) -> int:
        least, most = (part.least, part.most) if isinstance(part, Repeat) else (1, 1)
        return self._todo(_Todo(part, scope, least, most, None, after))

    def _expand(self, number: int) -> tuple[tuple[Token, int], ...]:
        """Return the tokens that can come first, each with what is to be done behind it."""
        if number not in self._expanded:
            self._expanded[number] = tuple(dict.fromkeys(self._first(self._todos[number])))
        return self._expanded[number]

    def _first(self, todo: _Todo) -> Iterator[tuple[Token, int]]:
        part, scope, after = todo.part, todo.scope, todo.after
        match part:
            case None:
                assert todo.token is not None
                yield todo.token, after
            case Sequence():
                for item in reversed(part.items):
                    after = self._derive(item, scope, after)
                yield from self._expand(after)
            case Choice():
                for item in part.alternatives:
                    yield from self._expand(self._derive(item, scope, after))
            case Repeat():
                if todo.least == 0:
                    yield from self._expand(after)
                if todo.most > 0:
                    again = todo._replace(least=max(todo.least - 1, 0), most=todo.most - 1)
                    yield from self._expand(self._derive(part.item, scope, self._todo(again)))
            case Call() | Name() if part.name in self._rules:
                rule = self._rules[part.name]
                for given in product(*(_values(argument.value, scope) for argument in part.arguments)):
                    inner = tuple(zip(rule.parameters, given, strict=True))
                    yield from self._expand(self._derive(rule.body, inner, after))
            case Call() | Name():
                yield from self._words(part, scope, after)
            case Integer():
                raise AssertionError("read_grammar refuses a number where words are expected")

    def _words(self, part: Call | Name, scope: Scope, after: int) -> Iterator[tuple[Token, int]]:
        """Yield a word with each of the values that it can have."""
        word = find_word(part.name, part.place, self._vocabulary)
        bound = bind(word, part.arguments, part.place)
        for sentence in reversed(bound.sentences):
            after = self._derive(sentence, scope, self._todo(_Todo(None, (), 1, 1, CLOSE, after)))
        for given in product(*(_values(value, scope) for value in bound.values.values())):
            call = WordCall.opened(word, dict(zip(bound.values, given, strict=True)), part.place)
            token = Open(call, len(bound.sentences))
            yield self._opens.setdefault(token, token), after


def _values(part: Syntax, scope: Scope) -> list[Value]:
    """Return the values that an argument can have, each once."""
    match part:
        case Choice():
            return [*dict.fromkeys(value for one in part.alternatives for value in _values(one, scope))]
        case Name():
            return [dict(scope).get(part.name, part.name)]
        case Integer():
            return [part.value]
    raise AssertionError("read_grammar refuses words where values are expected")
