"""From the arguments in a text to a value for every parameter of a word: bind names, fill in defaults, check.

`Parameter.check` in `word` says which values are allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, NamedTuple

from archsearch.errors import ArchsearchError, NotationError, suggest
from archsearch.notation.syntax import Argument, Syntax
from archsearch.notation.word import Derived, Parameter, Value, Vocabulary, Word

if TYPE_CHECKING:
    from archsearch.errors import Place


def find_word(name: str, place: Place, vocabulary: Vocabulary) -> Word:
    """Return a word of the vocabulary; raises NotationError for an unknown name."""
    if name not in vocabulary:
        raise NotationError(f"there is no word `{name}`", place=place, remedy=suggest(name, vocabulary))
    return vocabulary[name]


class Bound(NamedTuple):
    """The arguments of a word: the sentences that it takes, and the values that are given, by their names."""

    sentences: tuple[Syntax, ...]
    values: dict[str, Syntax]


def bind(word: Word, arguments: tuple[Argument, ...], place: Place) -> Bound:
    """Return sentences, which have no names, and values, of which only the first may be given without its name.

    A word that takes sentences has names for all its values. Raises NotationError for an argument that is unknown,
    given twice or missing, and for a wrong number of sentences; brackets with nothing in them are not refused.
    """
    sentences = _sentences(word, arguments, place) if word.takes_sentences else ()
    names = [parameter.name for parameter in word.parameters]
    values: dict[str, Syntax] = {}
    for position, argument in enumerate(arguments[len(sentences) :]):
        if argument.name is None and (position > 0 or not names):
            message = f"`{word.name}` takes no arguments"
            if names:
                message = f"only the first argument of `{word.name}` may be given without its name"
            raise NotationError(message, place=argument.place, remedy=f"write {word.signature}")
        name = argument.name or names[0]
        if name not in names:
            remedy = suggest(name, names) if names else f"write {word.signature}"
            raise NotationError(f"`{word.name}` has no argument `{name}`", place=argument.place, remedy=remedy)
        if name in values:
            raise NotationError(f"`{name}` is given twice", place=argument.place, remedy="remove one of them")
        values[name] = argument.value
    for parameter in word.parameters:
        if parameter.required and parameter.name not in values:
            remedy = f"write {word.signature}"
            raise NotationError(f"`{word.name}` needs `{parameter.name}`", place=place, remedy=remedy)
    return Bound(sentences, values)


def _sentences(word: Word, arguments: tuple[Argument, ...], place: Place) -> tuple[Syntax, ...]:
    """Return the arguments that are sentences: those without names, which come before the others."""
    found = [argument for argument in arguments if argument.name is None]
    remedy = f"write {word.signature}"
    for argument, expected in zip(arguments, found, strict=False):
        if argument is not expected:
            message = f"the sentences of `{word.name}` come before its named values"
            raise NotationError(message, place=expected.place, remedy=remedy)
    if word.has_body and len(found) > 1:
        message = f"`{word.name}` takes one sentence, not {len(found)}"
        raise NotationError(message, place=found[1].place, remedy=remedy)
    if word.has_bodies and len(found) == 1:
        message = f"`{word.name}` takes at least two sentences, with a comma between, not 1"
        raise NotationError(message, place=place, remedy=remedy)
    return tuple(argument.value for argument in found)


def complete(word: Word, given: Mapping[str, Value], place: Place | None) -> dict[str, Value]:
    """Return a value for every parameter, in the word's order: those given, and defaults for the others.

    Raises NotationError for a value that is not allowed, ArchsearchError if the code of a default fails.
    """
    values: dict[str, Value] = {}
    for parameter in word.parameters:
        try:
            value = given.get(parameter.name, parameter.resolve(values))
        # The code of a default may be a user's, and raise anything.
        except Exception as error:
            called = "it is called as value(before), where before is a mapping"
            raise code_error(f"the default of {parameter.name} of `{word.name}`", error, place, called) from error
        if value is None:
            raise _needs(word, parameter, given, place)
        parameter.check(value, word.name, place)
        values[parameter.name] = value
    return values


def _needs(word: Word, parameter: Parameter, given: Mapping[str, Value], place: Place | None) -> NotationError:
    before = word.parameters[: word.parameters.index(parameter)]
    shown = [f"{one.name}={given[one.name]}" for one in before if one.name in given and not one.required]
    situation = f"with {', '.join(shown)}, " if shown else ""
    default = parameter.default
    remedy = default.remedy if isinstance(default, Derived) else None
    message = f"{situation}`{word.name}` needs `{parameter.name}`"
    return NotationError(message, place=place, remedy=remedy or f"write {word.signature}")


def code_error(what: str, error: Exception, place: Place | str | None, called: str) -> ArchsearchError:
    """Return the error for a word's code that raised: where, or how it is called if the call itself fails."""
    package = Path(__file__).parents[1]
    frames = [
        frame for frame in extract_tb(error.__traceback__) if not Path(frame.filename).is_relative_to(package)
    ]
    own = [frame for frame in frames if frame.filename == frames[0].filename]
    remedy = called
    if own:
        # The words of a study are read from a file that is gone by now.
        file = own[-1].filename if Path(own[-1].filename).exists() else "the words"
        remedy = f"fix {file}, line {own[-1].lineno}"
    return ArchsearchError(f"{what} fails: {type(error).__name__}: {error}", place=place, remedy=remedy)
