"""What each word of a sentence does to what is known of the words before it: computed once, and remembered.

A word is given a State, what is known of a sentence so far. It leaves another, and adds to each figure of ADDED.
Both are found by building the word's operations on a single one that stands for all before, and by asking the
analyzer about these. Figures that are no sums, such as `rf`, are read from the last state.

What is remembered serves the next sentence, of the same space or not.
"""

from __future__ import annotations

from collections.abc import Collection
from operator import mul
from typing import NamedTuple

from archsearch.analysis.cost import Calibration, Work
from archsearch.analysis.figures import ADDED, SECONDS, depths
from archsearch.analysis.fragment import Fragment, NotFoldedError, NotInOrderError, Part, fragment
from archsearch.analysis.sights import LastMap, Sights
from archsearch.errors import ShapeError
from archsearch.graph.shapes import Shape, Sizes
from archsearch.notation.network import WordCall

FOLDED = frozenset({*ADDED, "rf", "rf_inside", "depth", SECONDS})
"""The figures that a fold can tell."""

_FRAGMENT_BYTES = 5_000
_RESULT_BYTES = 400


class State(NamedTuple):
    """What is known of the output of some words, as far as it decides on what other words make of it.

    `sight` is what it sees, by its number. `stride` is the product of the strides since the sentence began that is
    being read, None where it does not read what is before it. `depth` is that of the output, and `deepest` the
    largest so far: 0 unless asked for.
    """

    shape: Shape
    sight: int
    stride: Sizes | None
    depth: int = 0
    deepest: int = 0


class Step(NamedTuple):
    """The number of the state that a word leaves, and what it adds to each figure that is summed."""

    state: int
    added: tuple[int, ...]


class Fold:
    """Folds sentences of words over an input: states by their numbers, and the steps between them.

    `names` are the figures that are asked for, of FOLDED. With `reach`, what units see inside the image is known;
    it is needed for `rf_inside`, and for `rf` where units follow no pattern. `enough` is the largest `rf` that
    matters, if there is one: larger ones are taken to be one more.
    """

    def __init__(
        self,
        input_shape: Shape,
        classes: int,
        names: Collection[str],
        *,
        calibration: Calibration | None = None,
        reach: bool = False,
        enough: int | None = None,
    ) -> None:
        self.input, self.classes, self.calibration = input_shape, classes, calibration
        self.summed = tuple(name for name in ADDED if name in names)
        self.nothing = (0,) * (len(self.summed) + len(Work._fields) * (calibration is not None))
        self.states: list[State] = []
        self._numbers: dict[State, int] = {}
        self._asks_depth = "depth" in names
        self.reach = reach or "rf_inside" in names
        self.sights = Sights(input_shape, reach=self.reach, enough=enough)
        self._entries: dict[tuple[int, WordCall, tuple[int, ...], int], int | None] = {}
        self._exits: dict[tuple[int, WordCall, tuple[int, ...]], Step | None] = {}
        self._fragments: dict[tuple[tuple[Part, ...], WordCall, int], Fragment | NotFoldedError | None] = {}
        self.start = self._number(State((1, *input_shape), self.sights.start, (1, 1)))

    @property
    def size(self) -> int:
        """About how many bytes what it remembers takes."""
        results = len(self._entries) + len(self._exits)
        return _FRAGMENT_BYTES * len(self._fragments) + _RESULT_BYTES * results + self.sights.bytes

    def after(self, state: int, call: WordCall) -> Step | None:
        """Return what a word does, with the sentences in its brackets; None where its shapes do not fit.

        Raises NotFoldedError for a word that depends on more than a State.
        """
        # Of one with sentences its parts are remembered: there are fewer of these.
        return self.sentence((call,), state) if call.bodies else self.left(state, call, ())

    def entered(self, state: int, opening: WordCall, ends: tuple[int, ...], of: int) -> int | None:
        """Return the state in which the next `of` so many sentences in a word's brackets begins.

        Those before it end in the states `ends`. None where shapes do not fit. Raises NotInOrderError for a word
        that does not begin one sentence after another.
        """
        key = state, opening, ends, of
        if key not in self._entries:
            found = self._fragment(state, opening, ends, of)
            self._entries[key] = None if found is None else self._reached(found, (state, *ends), (1, 1))
        return self._entries[key]

    def left(self, state: int, opening: WordCall, ends: tuple[int, ...]) -> Step | None:
        """Return what a word does whose sentences end in `ends`; what these add is not among what it adds."""
        key = state, opening, ends
        if key not in self._exits:
            self._exits[key] = self._leave(state, opening, ends)
        return self._exits[key]

    def sentence(self, calls: tuple[WordCall, ...], state: int | None = None) -> Step | None:
        """Return what a sentence does to a state, or to the image; None where its shapes do not fit."""
        added = [self.nothing]
        end = self._follow(self.start if state is None else state, calls, added)
        return None if end is None else Step(end, tuple(map(sum, zip(*added, strict=True))))

    def figures(self, step: Step) -> dict[str, float]:
        """Return the figures of a sentence from the image that ends in this step."""
        found: dict[str, float] = {**dict(zip(self.summed, step.added, strict=False)), **self.read(step.state)}
        if self.calibration is not None:
            found[SECONDS] = self.calibration.epoch_seconds(Work(*step.added[len(self.summed) :]))
        return found

    def read(self, state: int) -> dict[str, int]:
        """Return the figures that are no sums, of a sentence that ends in a state."""
        last = self._last(state)
        found = {"rf": last.rf}
        if self.reach:
            found["rf_inside"] = last.rf_inside
        if self._asks_depth:
            found["depth"] = self.states[state].deepest
        return found

    def is_bound(self, state: int) -> bool:
        """Whether `rf` and `rf_inside` are only known to be at most what they are."""
        return self._last(state).bound

    def _last(self, state: int) -> LastMap:
        known = self.states[state]
        return self.sights.last(known.sight, known.shape)

    def _follow(self, state: int, calls: tuple[WordCall, ...], added: list[tuple[int, ...]]) -> int | None:
        """Return the state behind a sentence, and write down what each of its words adds."""
        here: int | None = state
        for call in calls:
            if here is None:
                return None
            if call.bodies:
                here = self._nested(here, call, added)
            else:
                here = self._noted(self.left(here, call, ()), added)
        return here

    def _nested(self, state: int, call: WordCall, added: list[tuple[int, ...]]) -> int | None:
        """Return the state behind a word and its sentences, and write down what these add."""
        opening, ends, before = call.opening, list[int](), len(added)
        try:
            for body in call.bodies:
                begin = self.entered(state, opening, tuple(ends), len(call.bodies))
                end = None if begin is None else self._follow(begin, body, added)
                if end is None:
                    return None
                ends.append(end)
            step = self.left(state, opening, tuple(ends))
        except NotInOrderError:
            del added[before:]
            step = self.left(state, call, ())
        return self._noted(step, added)

    @staticmethod
    def _noted(step: Step | None, added: list[tuple[int, ...]]) -> int | None:
        if step is None:
            return None
        added.append(step.added)
        return step.state

    def _leave(self, state: int, call: WordCall, ends: tuple[int, ...]) -> Step | None:
        found = self._fragment(state, call, ends, len(ends))
        if found is None:
            return None
        stride = _product(self.states[state].stride, found.stride)
        number = self._reached(found, (state, *ends), stride)
        return None if number is None else Step(number, self._added(found))

    def _fragment(self, state: int, call: WordCall, ends: tuple[int, ...], sentences: int) -> Fragment | None:
        """Return the operations of a word, which depend on shapes and strides alone; None if these do not fit."""
        parts = tuple(Part(self.states[one].shape, self.states[one].stride) for one in ends)
        key = (Part(self.states[state].shape, (1, 1)), *parts), call, sentences
        if key not in self._fragments:
            try:
                self._fragments[key] = fragment(self.input, self.classes, call, key[0], sentences)
            except ShapeError:
                self._fragments[key] = None
            except NotFoldedError as error:
                self._fragments[key] = error.with_traceback(None)
        found = self._fragments[key]
        if isinstance(found, NotFoldedError):
            raise found.with_traceback(None)
        return found

    def _reached(self, found: Fragment, earlier: tuple[int, ...], stride: Sizes | None) -> int | None:
        """Return the number of the state at the end of some operations, None for a field too large to count."""
        known = [self.states[one] for one in earlier]
        sight = self.sights.after(found, [one.sight for one in known])
        if sight is None:
            return None
        depth = deepest = 0
        if self._asks_depth:
            every = depths(found.graph, dict(zip(found.earlier, (one.depth for one in known), strict=True)))
            depth, deepest = every[found.end], max(*every, *(one.deepest for one in known))
        return self._number(State(found.graph.nodes[found.end].shape, sight, stride, depth, deepest))

    def _added(self, found: Fragment) -> tuple[int, ...]:
        done = () if self.calibration is None else found.work
        return (*(int(found.figures[name]) for name in self.summed), *done)

    def _number(self, state: State) -> int:
        if state not in self._numbers:
            self._numbers[state] = len(self.states)
            self.states.append(state)
        return self._numbers[state]


def _product(first: Sizes | None, second: Sizes | None) -> Sizes | None:
    return first and second and tuple(map(mul, first, second))
