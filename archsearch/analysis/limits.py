"""Limits on the figures of a network, and the verdict: whether it may be trained, and why not."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from math import floor
from typing import TYPE_CHECKING

from archsearch.analysis.cost import Calibration
from archsearch.analysis.excess import excess
from archsearch.analysis.figures import FIGURES, SECONDS, is_upper_bound
from archsearch.analysis.profile import Profile, profile
from archsearch.errors import ArchsearchError, ShapeError
from archsearch.graph.graph import Graph
from archsearch.notation.clauses import comparisons
from archsearch.notation.condition import ALWAYS, Condition, holds
from archsearch.notation.network import CLASSES, INPUT, Network
from archsearch.table import cell

if TYPE_CHECKING:
    from archsearch.errors import Place
    from archsearch.graph.shapes import Shape
    from archsearch.notation.clauses import Clause


@dataclass(frozen=True)
class Violation:
    """A limit that a network breaks, and a message with the figures that break it.

    One that is not `certain` may be kept: a figure is known to be at most its value, and that leaves it open.
    """

    limit: str
    message: str
    certain: bool = True

    def __str__(self) -> str:
        """Return the message.

        >>> print(Limits.of("rf > 44").violations({"rf": 19})[0])
        rf is 19, not > 44
        """
        return self.message


@dataclass(frozen=True)
class Limits:
    """A condition that the figures of a network must satisfy; without one, every network fits.

    A condition on `seconds` has a meaning only with the `calibration` of a machine.

    >>> Limits().violations({"rf": 3})
    ()
    """

    condition: Condition = ALWAYS
    calibration: Calibration | None = None

    @staticmethod
    def of(text: str, source: str = "limits", place: Place | None = None) -> Limits:
        """Read limits such as `rf > 44, params < 200k`; a blank text is no limit.

        Raises NotationError, with a caret, for what is not a condition on FIGURES.
        """
        return Limits(
            Condition.of(text, FIGURES, kind="figure", never_missing=FIGURES, source=source, place=place)
        )

    def __str__(self) -> str:
        return str(self.condition)

    @property
    def name_seconds(self) -> bool:
        """Whether they bound `seconds`, for which a calibration is needed.

        >>> Limits.of("rf > 44, seconds < 40").name_seconds
        True
        """
        return SECONDS in self.names

    def calibrated(self, calibration: Calibration) -> Limits:
        """Return the same limits for the machine that was calibrated."""
        return replace(self, calibration=calibration)

    @cached_property
    def names(self) -> frozenset[str]:
        """The figures that they bound."""
        return frozenset(one.name for clause in self.condition.clauses for one in comparisons(clause))

    def violations(self, figures: Mapping[str, float], at_most: Collection[str] = ()) -> tuple[Violation, ...]:
        """Return each limit that these figures break, or may break if those named in `at_most` are upper bounds.

        >>> [str(one) for one in Limits.of("rf > 44, params < 200k").violations({"rf": 44, "params": 200_000})]
        ['rf is 44, not > 44', 'params is 200,000, not < 200k']
        >>> [str(one) for one in Limits.of("rf > 5, rf < 8, rf > 9").violations({"rf": 7}, at_most=["rf"])]
        ['rf is at most 7: whether it is > 5 is not known', 'rf is at most 7, not > 9']
        """
        found = []
        for clause in self.condition.clauses:
            kept = [holds(clause, values) for values in _possible(clause, figures, at_most)]
            if not all(kept):
                found.append(_violation(clause, figures, at_most, certain=not any(kept)))
        return tuple(found)

    def excess(self, figures: Mapping[str, float], at_most: Collection[str] = ()) -> dict[str, float]:
        """Return by how much each limit is broken, or at the most may be: 0 or less where it holds.

        >>> Limits.of("rf > 44, params < 200k").excess({"rf": 44, "params": 200_010})
        {'rf > 44': 1, 'params < 200k': 11}
        """
        return {
            clause.text: max(excess(clause, values) for values in _possible(clause, figures, at_most))
            for clause in self.condition.clauses
        }


NO_LIMITS = Limits()
"""Limits that every network keeps."""

ASSIGNMENT = Limits.of("rf > 44, params < 200k")
"""The limits of the assignment."""


@dataclass(frozen=True)
class Whole:
    """A network as a whole, analysed when that is asked for."""

    network: Network | Graph
    input_shape: Shape = INPUT
    classes: int = CLASSES
    calibration: Calibration | None = None
    output: str | None = None

    @cached_property
    def result(self) -> Profile | Violation:
        """Its profile, or why there is none: its shapes do not fit, or its receptive field is too large to count.

        Raises TraceError for an operation that is not known.
        """
        network = self.network
        try:
            graph = network if isinstance(network, Graph) else network.lower(self.input_shape, self.classes)
            return profile(graph, self.calibration, self.output).complete()
        except ShapeError as error:
            return Violation(error.message, "; ".join(filter(None, (error.message, error.remedy))))


@dataclass(frozen=True)
class Verdict:
    """A network checked against limits, and what it breaks; all else is computed when it is asked for.

    It was judged by the figures in `known`, those in `at_most` upper bounds; None where its shapes do not fit.
    """

    limits: Limits
    whole: Whole
    violations: tuple[Violation, ...]
    known: Mapping[str, float] | None = field(repr=False, compare=False)
    at_most: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write whether it fits, with its main figures or the reasons why not."""
        if not self.fits:
            return "\n  ".join(["not known to fit" if self.is_open else "refused", *self.reasons])
        shown = ", ".join(f"{name} {self.figures[name]:,}" for name in ("rf", "params", "macs"))
        head = f"fits {self.limits}" if str(self.limits) else "fits: no limits are set"
        return f"{head}\n  {shown}"

    @cached_property
    def excess(self) -> Mapping[str, float]:
        """By how much each limit is broken, 0 or less where it holds."""
        return {"shapes": 1} if self.known is None else self.limits.excess(self.known, self.at_most)

    @property
    def profile(self) -> Profile | None:
        """Its analysis; None where its shapes do not fit or its receptive field is too large to count."""
        return None if isinstance(self.whole.result, Violation) else self.whole.result

    @property
    def graph(self) -> Graph | None:
        """The operations of the network, if its shapes fit."""
        return self.profile.graph if self.profile else None

    @property
    def figures(self) -> Mapping[str, float]:
        """The figures of the network; none if its shapes do not fit."""
        return self.profile.figures if self.profile else {}

    @property
    def fits(self) -> bool:
        """Whether the network may be trained: it is known to keep every limit."""
        return not self.violations

    @property
    def is_open(self) -> bool:
        """Whether it may fit, but a figure that is only an upper bound leaves that open."""
        return bool(self.violations) and not any(one.certain for one in self.violations)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it may not be trained, with figure and bound."""
        return tuple(map(str, self.violations))

    @property
    def digest(self) -> str | None:
        """The digest of the graph, if there is one."""
        return self.graph.digest if self.graph else None


def check(
    network: Network | Graph,
    limits: Limits = NO_LIMITS,
    input_shape: Shape = INPUT,
    classes: int = CLASSES,
    output: str | None = None,
) -> Verdict:
    """Check the figures of a network against limits; a graph has its own input and classes.

    `output` names the output which `rf` is for, where a graph has several.

    A sentence is judged by what is remembered of its words where that can tell, else as a whole. One whose shapes
    do not fit is refused, and the verdict says why. Raises ArchsearchError for limits on `seconds` without a
    calibration.

    >>> from archsearch.notation.network import parse
    >>> check(parse("conv(8) head()"), Limits.of("rf > 44, params < 200k")).reasons
    ('rf is 3, not > 44',)
    """
    _check_calibrated(limits)
    known = None
    if isinstance(network, Network) and output is None:
        # A command that checks one network as a whole starts without it.
        from archsearch.analysis.folds import folded  # noqa: PLC0415

        known = folded(network, limits.names, limits.calibration, input_shape, classes)
    if known is None:
        return check_whole(network, limits, input_shape, classes, output)
    whole = Whole(network, input_shape, classes, limits.calibration)
    return Verdict(limits, whole, limits.violations(known), known)


def check_whole(
    network: Network | Graph,
    limits: Limits = NO_LIMITS,
    input_shape: Shape = INPUT,
    classes: int = CLASSES,
    output: str | None = None,
) -> Verdict:
    """Do the same by the analysis of the whole network: the faster way where its profile is wanted, too."""
    _check_calibrated(limits)
    whole = Whole(network, input_shape, classes, limits.calibration, output)
    found = whole.result
    if isinstance(found, Violation):
        return Verdict(limits, whole, (found,), None)
    at_most = tuple(name for name in sorted(limits.names) if is_upper_bound(found, name))
    return Verdict(limits, whole, limits.violations(found.figures, at_most), found.figures, at_most)


def _check_calibrated(limits: Limits) -> None:
    if limits.calibration is None and limits.name_seconds:
        message = f"`{limits}` bounds seconds; how long training takes is known of no machine yet"
        remedy = "calibrate one: Limits.calibrated(calibrate()), with archsearch.training.calibration.calibrate"
        raise ArchsearchError(message, remedy=remedy)


def _possible(
    clause: Clause, figures: Mapping[str, float], at_most: Collection[str]
) -> Iterator[Mapping[str, float]]:
    """Yield these figures; upper bounds take each value up to theirs at which a comparison could turn."""
    if not at_most:
        yield figures
        return
    open_ones = {}
    for name in {comparison.name for comparison in comparisons(clause)}.intersection(at_most):
        bounds = [one.bound for one in comparisons(clause) if one.name == name]
        turns = {floor(bound) + step for bound in bounds if isinstance(bound, int | float) for step in (-1, 0, 1)}
        open_ones[name] = [value for value in {0, *turns, int(figures[name])} if 0 <= value <= figures[name]]
    for values in product(*open_ones.values()):
        # A copy of all figures would compute those that no limit is on.
        yield ChainMap(dict(zip(open_ones, values, strict=True)), figures)  # type: ignore[arg-type]


def _violation(
    clause: Clause, figures: Mapping[str, float], at_most: Collection[str], *, certain: bool
) -> Violation:
    values = {comparison.name: figures[comparison.name] for comparison in comparisons(clause)}
    said = {name: f"at most {cell(value)}" if name in at_most else cell(value) for name, value in values.items()}
    message = ", ".join(f"{name} is {value}" for name, value in said.items())
    name, *_others = values
    names_one = len(values) == 1 and clause.text.count(name) == 1
    wanted = clause.text.removeprefix(name).strip() if names_one else clause.text
    if certain:
        return Violation(clause.text, f"{message}, not {wanted}")
    doubt = f"it is {wanted}" if names_one else f"`{clause.text}` holds"
    return Violation(clause.text, f"{message}: whether {doubt} is not known", certain=False)
