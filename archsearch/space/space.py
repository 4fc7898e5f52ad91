"""A search space: the networks that a grammar derives, one choice at a time.

Who chooses is passed in: an Optuna trial, the number of a derivation, or a recording derivation.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from pathlib import Path

from archsearch.analysis.limits import Limits, Verdict, check
from archsearch.errors import ArchsearchError, suggest
from archsearch.files import is_file, read_text, shipped
from archsearch.graph.shapes import Shape, shape_text
from archsearch.notation.arguments import Bound, bind, find_word
from archsearch.notation.network import Network, WordCall
from archsearch.notation.parser import on_one_line
from archsearch.notation.syntax import Call, Choice, Integer, Name, Repeat, Rule, Sequence, Syntax
from archsearch.notation.vocabulary import VOCABULARY
from archsearch.notation.word import Value, Vocabulary, Word
from archsearch.space.canonical import rules_text
from archsearch.space.checks import START
from archsearch.space.choose import Choose, by_index, recording
from archsearch.space.derivation import find_choices
from archsearch.space.grammar import read_grammar
from archsearch.space.parts import always_ends, sentence_slots, sentences, values


@dataclass(frozen=True)
class Space:
    """The networks that the rules of a text derive, the words they use, and what its header lines say.

    `stated` are the header lines that the text has; the input and the classes of the others can follow the data.
    `size` counts the derivations, and `at(0)` to `at(size - 1)` return their networks.
    """

    name: str
    text: str
    vocabulary: Vocabulary
    rules: Mapping[str, Rule]
    input: Shape
    classes: int
    limits: Limits
    stated: frozenset[str]

    @staticmethod
    def of(text: str, name: str = "space", vocabulary: Vocabulary = VOCABULARY, source: str = "") -> Space:
        """Read a space from its text; errors name `source`, or else `name`, with line and column.

        Raises NotationError for a text that is not a space.

        >>> Space.of("network = conv(8|16)*1..2 head()").size
        6
        """
        header, rules = read_grammar(text, source or name, vocabulary)
        return Space(name, text, vocabulary, rules, *header)

    @staticmethod
    def find(name: str, vocabulary: Vocabulary = VOCABULARY) -> Space:
        """Return the space in a file, or the shipped one of that name; raises ArchsearchError if there is neither.

        >>> Space.find("first").name
        'first'
        """
        path = Path(name)
        if is_file(path):
            return Space.of(read_text(path), path.stem, vocabulary, source=name)
        paths = {found.stem: found for found in shipped(".space").values()}
        stem = name.removesuffix(".space")
        if stem not in paths:
            remedy = f"give the path of a .space file or a shipped name; {suggest(name, paths)}"
            raise ArchsearchError(f"there is no space `{name}`", remedy=remedy)
        return Space.of(read_text(paths[stem]), stem, vocabulary, source=f"{stem}.space")

    def with_limits(self, limits: str | Limits) -> Space:
        """Return the same space with other limits, as text or value."""
        return replace(self, limits=Limits.of(limits) if isinstance(limits, str) else limits)

    def made_for(self, input_shape: Shape, classes: int) -> Space:
        r"""Return the space with an input and a number of classes where its text states none.

        >>> space = Space.of("classes 5\nnetwork = conv(8) head()").made_for((3, 64, 64), 2)
        >>> space.input, space.classes
        ((3, 64, 64), 5)
        """
        space = self
        if "classes" not in self.stated:
            space = replace(space, classes=classes, text=f"classes {classes}\n{space.text}")
        if "input" not in self.stated:
            space = replace(space, input=input_shape, text=f"input {shape_text(input_shape)}\n{space.text}")
        return replace(space, stated=self.stated | {"input", "classes"})

    def check(self, network: Network) -> Verdict:
        """Check a network against the limits, with the input and the classes of the space."""
        return check(network, self.limits, self.input, self.classes)

    @property
    def classifies(self) -> bool:
        """Whether every sentence ends in a word that classifies, so that each network can be trained."""
        return always_ends(self.rules[START].body, self.rules, self.vocabulary)

    @property
    def plain_text(self) -> str:
        """The text on one line, without comments: it tells one space from another."""
        return on_one_line(self.text)

    @property
    def canonical(self) -> str:
        r"""Input, classes and rules in one way, whatever blanks, comments, brackets and stated defaults.

        >>> print(Space.of("network = conv(channels=8 | 16, kernel=3)*2..2  # two\n  head").canonical)
        input 3x32x32
        classes 10
        network = conv(8|16)*2 head()
        """
        header = f"input {shape_text(self.input)}\nclasses {self.classes}"
        return f"{header}\n{rules_text(self.rules, self.vocabulary)}"

    @cached_property
    def size(self) -> int:
        """The exact number of derivations; a space may derive one sentence in several ways."""
        return self._count(self.rules[START].body)

    def derive(self, choose: Choose) -> Network:
        """Return the network that the answers of `choose` lead to.

        >>> str(Space.of("network = conv(8|16) (relu | conv(4)) head()").derive(lambda slot, options, counts: 1))
        'conv(16) conv(4) head()'
        """
        return Network(tuple(self._derive(self.rules[START].body, {}, START, choose)))

    def derivation(self, network: Network) -> dict[str, str]:
        """Return the option that is taken at each slot on the way to a network: `derive` with them returns it.

        Where several derivations lead to it, it is the first of them: of alternatives those written first, of
        repeats the fewest. Raises ArchsearchError, with the first word that cannot stand where it does, for a
        network that is no sentence of the space.

        >>> from archsearch.notation.network import parse
        >>> Space.of("network = conv(8|16)*1..2 head()").derivation(parse("conv(16) head()"))
        {'network.0.count': '1', 'network.0#0.channels': '16'}
        """
        choices = find_choices(network, self.rules, self.vocabulary, self.name)
        taken: dict[str, str] = {}
        self.derive(recording(lambda slot, _options, _counts: choices.get(slot, 0), taken))
        return taken

    def at(self, index: int) -> Network:
        """Return the network of derivation `index`, from 0 to `size` - 1.

        >>> space = Space.of("network = conv(8|16)*1..2")
        >>> [str(space.at(index)) for index in range(3)]
        ['conv(8)', 'conv(16)', 'conv(8) conv(8)']
        """
        if not 0 <= index < self.size:
            raise IndexError(f"index is {index}; the space has {self.size:,} derivations")
        return self.derive(by_index(index))

    def sample(self, seed: int) -> Iterator[Network]:
        """Draw networks without end, every derivation with equal probability each time."""
        generator = random.Random(seed)
        while True:
            yield self.at(generator.randrange(self.size))

    def random_indices(self, seed: int, most: int) -> Iterator[int]:
        """Yield the indices of all derivations in random order, or if there are more than `most`, that many drawn.

        >>> sorted(Space.of("network = conv(8|16)*1..2").random_indices(seed=0, most=100))
        [0, 1, 2, 3, 4, 5]
        """
        generator = random.Random(seed)
        if self.size <= most:
            yield from generator.sample(range(self.size), self.size)
        else:
            for _ in range(most):
                yield generator.randrange(self.size)

    @cached_property
    def _counts(self) -> dict[int, int]:
        return {}

    def _count(self, part: Syntax) -> int:
        """The number of derivations of a part of a rule; the values of parameters do not change it."""
        if id(part) not in self._counts:
            self._counts[id(part)] = self._count_anew(part)
        return self._counts[id(part)]

    def _count_anew(self, part: Syntax) -> int:
        match part:
            case Sequence():
                return prod(self._count(item) for item in part.items)
            case Choice():
                return sum(self._count(item) for item in part.alternatives)
            case Repeat():
                return sum(self._count(part.item) ** times for times in range(part.least, part.most + 1))
            case Call() | Name():
                rule = self.rules.get(part.name)
                inner = (rule.body,) if rule else sentences(part, self.vocabulary)
                return prod(map(self._count, inner)) * prod(map(_count_values, values(part, self.vocabulary)))
            case Integer():
                raise AssertionError("a number is counted where values are")

    def _derive(self, part: Syntax, scope: Mapping[str, Value], slot: str, choose: Choose) -> Iterator[WordCall]:
        match part:
            case Sequence():
                for number, item in enumerate(part.items):
                    yield from self._derive(item, scope, f"{slot}.{number}", choose)
            case Choice():
                counts = tuple(map(self._count, part.alternatives))
                chosen = choose(slot, part.texts, counts)
                yield from self._derive(part.alternatives[chosen], scope, f"{slot}[{chosen}]", choose)
            case Repeat():
                for number in range(self._times(part, slot, choose)):
                    yield from self._derive(part.item, scope, f"{slot}#{number}", choose)
            case Call() | Name() if part.name in self.rules:
                rule = self.rules[part.name]
                inner = {
                    parameter: self._value(argument.value, scope, f"{slot}.{parameter}", choose)
                    for parameter, argument in zip(rule.parameters, part.arguments, strict=True)
                }
                yield from self._derive(rule.body, inner, f"{slot}.{rule.name}", choose)
            case Call() | Name():
                word, bound = self.bound(part)
                given = {
                    name: self._value(value, scope, f"{slot}.{name}", choose)
                    for name, value in bound.values.items()
                }
                bodies = tuple(
                    tuple(self._derive(sentence, scope, inside, choose))
                    for sentence, inside in zip(bound.sentences, sentence_slots(slot, word, bound), strict=True)
                )
                yield WordCall.of(word, given, bodies, part.place)
            case Integer():
                raise AssertionError("read_grammar refuses a number where words are expected")

    @cached_property
    def _known_bound(self) -> dict[int, tuple[Word, Bound]]:
        return {}

    def bound(self, part: Call | Name) -> tuple[Word, Bound]:
        """Return the word that a part of a rule calls, with its arguments; found once for all derivations."""
        if id(part) not in self._known_bound:
            word = find_word(part.name, part.place, self.vocabulary)
            self._known_bound[id(part)] = word, bind(word, part.arguments, part.place)
        return self._known_bound[id(part)]

    def _value(self, part: Syntax, scope: Mapping[str, Value], slot: str, choose: Choose) -> Value:
        if isinstance(part, Choice):
            counts = tuple(map(_count_values, part.alternatives))
            chosen = choose(slot, part.texts, counts)
            return self._value(part.alternatives[chosen], scope, f"{slot}[{chosen}]", choose)
        if isinstance(part, Name):
            return scope.get(part.name, part.name)
        assert isinstance(part, Integer)
        return part.value

    def _times(self, part: Repeat, slot: str, choose: Choose) -> int:
        if part.least == part.most:
            return part.least
        times = range(part.least, part.most + 1)
        counts = tuple(self._count(part.item) ** number for number in times)
        return part.least + choose(f"{slot}.count", tuple(map(str, times)), counts)


def _count_values(part: Syntax) -> int:
    """The number of alternatives for a value; a name among values is never a rule."""
    return sum(map(_count_values, part.alternatives)) if isinstance(part, Choice) else 1
