"""Limits on the figures of a network, and the verdict: whether it may be trained, and why not."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from math import floor, ulp
from typing import TYPE_CHECKING

from archsearch.analysis.cost import Calibration
from archsearch.analysis.figures import FIGURES, SECONDS, is_upper_bound
from archsearch.analysis.profile import Profile, profile
from archsearch.errors import ArchsearchError, ShapeError
from archsearch.graph.graph import Graph
from archsearch.notation.clauses import Clauses, comparisons
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

    @property
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
            clause.text: max(_excess(clause, values) for values in _possible(clause, figures, at_most))
            for clause in self.condition.clauses
        }


NO_LIMITS = Limits()
"""Limits that every network keeps."""

ASSIGNMENT = Limits.of("rf > 44, params < 200k")
"""The limits of the assignment."""


@dataclass(frozen=True)
class Verdict:
    """A network checked against limits, and what it breaks.

    `profile` is None where its shapes do not fit or its receptive field is too large to count.
    `excess` is by how much each limit is broken, 0 or less where it holds.
    """

    limits: Limits
    profile: Profile | None
    violations: tuple[Violation, ...]
    excess: Mapping[str, float]

    def __str__(self) -> str:
        """Write whether it fits, with its main figures or the reasons why not."""
        if not self.fits:
            return "\n  ".join(["not known to fit" if self.is_open else "refused", *self.reasons])
        shown = ", ".join(f"{name} {self.figures[name]:,}" for name in ("rf", "params", "macs"))
        head = f"fits {self.limits}" if str(self.limits) else "fits: no limits are set"
        return f"{head}\n  {shown}"

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
    """Analyze a network and check its figures against limits; a graph has its own input and classes.

    `output` names the output which `rf` is for, where a graph has several.

    A sentence whose shapes do not fit is refused, and the verdict says why. Raises ArchsearchError for limits on
    `seconds` that are not calibrated.

    >>> from archsearch.notation.network import parse
    >>> check(parse("conv(8) head()"), Limits.of("rf > 44, params < 200k")).reasons
    ('rf is 3, not > 44',)
    """
    check_calibrated(limits)
    try:
        graph = network if isinstance(network, Graph) else network.lower(input_shape, classes)
        found = profile(graph, limits.calibration, output).complete()
    except ShapeError as error:
        message = "; ".join(filter(None, (error.message, error.remedy)))
        return Verdict(limits, None, (Violation(error.message, message),), {"shapes": 1})
    at_most = [name for name in limits.names if is_upper_bound(found, name)]
    return Verdict(limits, found, limits.violations(found.figures, at_most), limits.excess(found.figures, at_most))


def check_calibrated(limits: Limits) -> None:
    """Raise ArchsearchError for limits on `seconds` without a calibration."""
    if limits.calibration is None and limits.name_seconds:
        message = f"`{limits}` bounds seconds; how long training takes is known of no machine yet"
        remedy = "calibrate one: Limits.calibrated(calibrate()), with archsearch.training.calibration.calibrate"
        raise ArchsearchError(message, remedy=remedy)


def _possible(
    clause: Clause, figures: Mapping[str, float], at_most: Collection[str]
) -> Iterator[Mapping[str, float]]:
    """Yield these figures; upper bounds take each value up to theirs at which a comparison could turn."""
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


def _excess(clause: Clause, figures: Mapping[str, float]) -> float:
    """Return how far figures are from fitting, in whole numbers but for seconds; 0 or less where they fit."""
    if isinstance(clause, Clauses):
        nearest = min if clause.joint == "or" else max
        return nearest(_excess(item, figures) for item in clause.items)
    value, bound = figures[clause.name], clause.bound
    assert isinstance(bound, int | float)
    if isinstance(value, float):
        return _real_excess(value, clause.comparator, bound)
    match clause.comparator:
        case ">":
            return floor(bound) + 1 - value
        case ">=":
            return -floor(-bound) - value
        case "<":
            return value + floor(-bound) + 1
        case "<=":
            return value - floor(bound)
        case "=":
            return 0 if value == bound else abs(value - floor(bound)) or 1
        case _:
            return int(value == bound)


def _real_excess(value: float, comparator: str, bound: float) -> float:
    """Return how far a real number is from fitting: where the bound itself does not fit, a hair from it."""
    hair = ulp(1.0)
    match comparator:
        case ">" | ">=":
            away = bound - value
        case "<" | "<=":
            away = value - bound
        case "=":
            return abs(value - bound)
        case _:
            return float(value == bound)
    return hair if away == 0 and comparator in {"<", ">"} else away
