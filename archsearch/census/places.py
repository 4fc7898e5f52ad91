"""Where a derivation can be: a machine that takes a step for each word, and for each choice of `Space.derive`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from archsearch.notation.network import WordCall
from archsearch.notation.syntax import Call, Choice, Integer, Name, Repeat, Sequence, Syntax
from archsearch.notation.word import Value
from archsearch.space.checks import START

if TYPE_CHECKING:
    from archsearch.space.space import Space


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

ACCEPTED = -1
"""The place behind END."""

Moves: TypeAlias = tuple[tuple[Token | None, int], ...]
"""Each token that can be read, or None for an option that is taken, with the place behind it."""

Scope: TypeAlias = tuple[tuple[str, Value], ...]
"""The values of the parameters of a rule, by their names."""


class _Todo(NamedTuple):
    """A part of a rule that is to be derived, with what comes after it: the number of another, or ACCEPTED.

    Without a part, a token is to be read. Of a repeated part so many `times` are left, if that is chosen. A call
    has the first of its values `given`, and may be choosing the next among those of `value`.
    """

    part: Syntax | None
    scope: Scope
    after: int
    token: Mark | None = None
    times: int | None = None
    given: tuple[Value, ...] = ()
    value: Syntax | None = None

    @property
    def key(self) -> tuple[object, ...]:
        # Parts are compared as what they are, not by what they hold: that would take long, and merge no more.
        return (id(self.part), *self[1:-1], id(self.value))


class Places:
    r"""The places of the derivations of a space, by their numbers.

    At a place there is one token to read, or several options of which one is to be taken.

    >>> from archsearch.space.space import Space
    >>> space = Space.of("network = conv(8|16) head()")
    >>> places = Places(space)
    >>> [token for token, _after in places.moves(places.start)]
    [None, None]
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._todos: list[_Todo] = []
        self._numbers: dict[tuple[object, ...], int] = {}
        self._moves: dict[int, Moves] = {ACCEPTED: ()}
        self._opens: dict[Open, Open] = {}
        end = self._number(_Todo(None, (), ACCEPTED, END))
        self.start = self._number(_Todo(space.rules[START].body, (), end))

    def moves(self, place: int) -> Moves:
        """Return what can be done at a place: one token that is read, or the options in the order of the rules."""
        if place not in self._moves:
            self._moves[place] = self._find(self._todos[place])
        return self._moves[place]

    def option(self, place: int) -> tuple[Syntax | None, int | None]:
        """Return what is taken by an option that leads to a place: an alternative, or a repeat and how often."""
        todo = self._todos[place]
        return todo.part if todo.value is None else todo.value, todo.times

    def _number(self, todo: _Todo) -> int:
        if todo.key not in self._numbers:
            self._numbers[todo.key] = len(self._todos)
            self._todos.append(todo)
        return self._numbers[todo.key]

    def _options(self, todos: Iterable[_Todo]) -> Moves:
        return tuple((None, self._number(todo)) for todo in todos)

    def _find(self, todo: _Todo) -> Moves:
        part, scope, after = todo.part, todo.scope, todo.after
        match part:
            case None:
                assert todo.token is not None
                return ((todo.token, after),)
            case Sequence():
                for item in reversed(part.items):
                    after = self._number(_Todo(item, scope, after))
                return self.moves(after)
            case Choice():
                return self._options(_Todo(item, scope, after) for item in part.alternatives)
            case Repeat():
                return self._repeated(part, todo)
            case Call() | Name():
                return self._called(part, todo)
            case Integer():
                raise AssertionError("read_grammar refuses a number where words are expected")

    def _repeated(self, part: Repeat, todo: _Todo) -> Moves:
        times = part.least if todo.times is None and part.least == part.most else todo.times
        if times is None:
            return self._options(todo._replace(times=number) for number in range(part.least, part.most + 1))
        if times == 0:
            return self.moves(todo.after)
        again = self._number(todo._replace(times=times - 1))
        return self.moves(self._number(_Todo(part.item, todo.scope, again)))

    def _called(self, part: Call | Name, todo: _Todo) -> Moves:
        """Choose the values of a call one by one, then go on with the rule, or read the word."""
        rule = self._space.rules.get(part.name)
        values = [one.value for one in part.arguments] if rule else [*self._space.bound(part)[1].values.values()]
        given, value = todo.given, todo.value
        while len(given) < len(values):
            value = values[len(given)] if value is None else value
            if isinstance(value, Choice):
                return self._options(todo._replace(given=given, value=one) for one in value.alternatives)
            given, value = (*given, _value(value, todo.scope)), None
        if rule is None:
            return (self._word(part, todo, given),)
        return self.moves(
            self._number(_Todo(rule.body, tuple(zip(rule.parameters, given, strict=True)), todo.after))
        )

    def _word(self, part: Call | Name, todo: _Todo, given: tuple[Value, ...]) -> tuple[Token, int]:
        word, bound = self._space.bound(part)
        after = todo.after
        for sentence in reversed(bound.sentences):
            after = self._number(_Todo(sentence, todo.scope, self._number(_Todo(None, (), after, CLOSE))))
        call = WordCall.opened(word, dict(zip(bound.values, given, strict=True)), part.place)
        token = Open(call, len(bound.sentences))
        return self._opens.setdefault(token, token), after


def _value(part: Syntax, scope: Scope) -> Value:
    """Return the value of an argument that is no choice."""
    match part:
        case Name():
            return dict(scope).get(part.name, part.name)
        case Integer():
            return part.value
    raise AssertionError("read_grammar refuses words where values are expected")
