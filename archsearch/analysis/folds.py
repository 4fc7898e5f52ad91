"""Folds that are kept from one check to the next: a word is analysed once, not in each network that has it."""

from __future__ import annotations

from functools import lru_cache
from threading import get_ident

from archsearch.analysis.cost import Calibration
from archsearch.analysis.fold import FOLDED, Fold
from archsearch.analysis.fragment import NeedsReachError
from archsearch.errors import ArchsearchError
from archsearch.graph.builder import Builder
from archsearch.graph.shapes import Shape
from archsearch.notation.network import Network

MOST_BYTES = 2**26
"""About the memory that a fold may take before it is begun anew."""

_KEPT = 4
_SEEN = frozenset({"rf", "rf_inside"})


def folded(
    network: Network, names: frozenset[str], calibration: Calibration | None, input_shape: Shape, classes: int
) -> dict[str, float] | None:
    """Return the figures of a sentence that are asked for, and maybe more; None where its shapes do not fit.

    None, too, where a fold cannot tell: figures not in FOLDED or only known to be at most a value, and words that
    depend on more than what is known of those before them. Raises ArchsearchError for an input that none can have.

    >>> from archsearch.notation.network import parse
    >>> folded(parse("conv(8) head()"), frozenset({"rf", "depth"}), None, (3, 32, 32), 10)
    {'rf': 3, 'depth': 2}
    """
    Builder(input_shape, classes)
    if not names <= FOLDED:
        return None
    try:
        return _kept(input_shape, classes, names, calibration, get_ident()).figures(network)
    # Of all that it cannot read, and of mistakes in a user's words, the analysis of the whole says more.
    except ArchsearchError:
        return None


class KeptFold:
    """A fold for some figures, begun anew where it must know more, or takes more than `most` bytes."""

    def __init__(
        self,
        input_shape: Shape,
        classes: int,
        names: frozenset[str],
        calibration: Calibration | None,
        most: int = MOST_BYTES,
    ) -> None:
        self.input, self.classes, self.names, self.calibration = input_shape, classes, names, calibration
        self.most = most
        self.fold = self._begun(reach=False)

    def _begun(self, *, reach: bool) -> Fold:
        return Fold(self.input, self.classes, self.names, calibration=self.calibration, reach=reach)

    def figures(self, network: Network) -> dict[str, float] | None:
        """Return the figures of a sentence, as `folded` does; raises ArchsearchError where it cannot tell."""
        if self.fold.size > self.most:
            self.fold = self._begun(reach=self.fold.reach)
        try:
            return self._read(network)
        except NeedsReachError:
            # Others of the same space will need it, too.
            self.fold = self._begun(reach=True)
            return self._read(network)

    def _read(self, network: Network) -> dict[str, float] | None:
        fold = self.fold
        end = fold.sentence(network.calls)
        if end is None or (not self.names.isdisjoint(_SEEN) and fold.is_bound(end.state)):
            return None
        return fold.figures(end)


@lru_cache(maxsize=_KEPT)
def _kept(
    input_shape: Shape, classes: int, names: frozenset[str], calibration: Calibration | None, _thread: int
) -> KeptFold:
    """Return the fold of a thread: two that number states in one would mix them up."""
    return KeptFold(input_shape, classes, names, calibration)
