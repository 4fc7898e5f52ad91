"""The parts of a grammar's rules: a walk over them, and what is known of all that they derive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archsearch.notation.arguments import Bound
from archsearch.notation.syntax import Call, Choice, Integer, Name, Repeat, Rule, Sequence, Syntax
from archsearch.notation.word import Vocabulary, Word


def parts(part: Syntax, vocabulary: Vocabulary) -> Iterator[Syntax]:
    """Yield a part of a rule, then all that stands in it where words do, in order; values are left out."""
    yield part
    inner: tuple[Syntax, ...] = ()
    match part:
        case Sequence():
            inner = part.items
        case Choice():
            inner = part.alternatives
        case Repeat():
            inner = (part.item,)
        case Call():
            inner = sentences(part, vocabulary)
        case _:
            return
    for one in inner:
        yield from parts(one, vocabulary)


def calls(part: Syntax, vocabulary: Vocabulary) -> Iterator[Name | Call]:
    """Yield every word and every rule that a part of a rule names, in order."""
    return (one for one in parts(part, vocabulary) if isinstance(one, Name | Call))


def calls_followed(part: Syntax, vocabulary: Vocabulary, *, followed: bool) -> Iterator[tuple[Name | Call, bool]]:
    """Yield what `calls` does, each with whether more can follow it in its sentence.

    `followed`: whether more can follow the part.
    """
    match part:
        case Sequence():
            for item in part.items:
                last = item is part.items[-1]
                yield from calls_followed(item, vocabulary, followed=followed or not last)
        case Choice():
            for item in part.alternatives:
                yield from calls_followed(item, vocabulary, followed=followed)
        case Repeat():
            yield from calls_followed(part.item, vocabulary, followed=followed or part.most > 1)
        case Name() | Call():
            yield part, followed
            for sentence in sentences(part, vocabulary):
                yield from calls_followed(sentence, vocabulary, followed=True)
        case Integer():
            return


def sentences(call: Name | Call, vocabulary: Vocabulary) -> tuple[Syntax, ...]:
    """Return the sentences in the brackets of a call: what has no name, if it calls a word that takes them."""
    if call.name not in vocabulary or not vocabulary[call.name].takes_sentences:
        return ()
    return tuple(argument.value for argument in call.arguments if argument.name is None)


def values(call: Name | Call, vocabulary: Vocabulary) -> tuple[Syntax, ...]:
    """Return the values in the brackets of a call, which come after its sentences."""
    return tuple(argument.value for argument in call.arguments[len(sentences(call, vocabulary)) :])


def sentence_slots(slot: str, word: Word, bound: Bound) -> list[str]:
    """Return a slot for each sentence that a word takes, which no value and no other sentence has.

    A single sentence without values beside it has the slot of the word.
    """
    if word.has_body and not bound.values:
        return [slot]
    return [f"{slot}.{number}" for number in range(len(bound.sentences))]


def names_in(value: Syntax) -> Iterator[str]:
    """Yield the names among the values that an argument chooses from."""
    match value:
        case Name():
            yield value.name
        case Choice():
            for item in value.alternatives:
                yield from names_in(item)


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
        case Integer():
            return False


def always_ends(part: Syntax, rules: Mapping[str, Rule], vocabulary: Vocabulary) -> bool:
    """Whether everything that a part of a rule derives ends in a word that may only end a sentence."""
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
