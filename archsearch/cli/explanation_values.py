"""What is known of a space as values for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from archsearch.census.distribution import DRAWS

if TYPE_CHECKING:
    from archsearch.census.ambiguity import Ambiguity
    from archsearch.census.emptiness import Relaxed
    from archsearch.census.explanation import Explanation
    from archsearch.notation.network import Network
    from archsearch.space.space import Space


def explanation_values(space: Space, found: Explanation) -> dict[str, object]:
    """Return what is known of a space by names, as docs/spaces.md describes them."""
    return {
        **_counts(space, found),
        "distributions": {
            "exact": found.sample.is_whole,
            "networks": len(found.sample.networks),
            **{one.name: {"edges": one.edges, "counts": one.counts} for one in found.sample.distributions},
        },
        "among": found.ends and found.ends.among,
        "smallest": found.ends and _sized(found.ends.smallest, found.ends.figures[0]),
        "largest": found.ends and _sized(found.ends.largest, found.ends.figures[1]),
        "relaxed": [*map(_relaxed, found.relaxed)],
        "ambiguity": found.ambiguity and _ambiguity(found.ambiguity),
        "degenerate": [
            {"word": one.word, "map": one.size, "sentences": one.sentences} for one in found.degenerate
        ],
        "unused": found.unused
        and [{"option": one.text, "line": one.place.line, "column": one.place.column} for one in found.unused],
    }


def flat(values: Mapping[str, object]) -> dict[str, object]:
    """Return those of the values that a line of a table holds.

    >>> flat({"sentences": 6, "alone_least": {"rf > 3": 4}, "unused": [], "smallest": {"sentence": "conv(8)"}})
    {'sentences': 6, 'alone_least': {'rf > 3': 4}}
    """

    def is_flat(value: object) -> bool:
        if isinstance(value, dict):
            return all(isinstance(one, int) for one in value.values())
        return not isinstance(value, list | tuple)

    return {name: value for name, value in values.items() if is_flat(value)}


def _counts(space: Space, found: Explanation) -> dict[str, object]:
    return {
        "space": space.name,
        "limits": str(space.limits),
        "derivations": found.derivations,
        "sentences": found.sentences,
        "shaped": found.shaped,
        "feasible": found.feasible.least if found.feasible.is_exact else None,
        "feasible_least": found.feasible.least,
        "feasible_most": found.feasible.most,
        "rounded": dict(found.feasible.units),
        "unknown": list(found.feasible.unknown),
        "alone_least": {limit: count.least for limit, count in found.alone.items()},
        "alone_most": {limit: count.most for limit, count in found.alone.items()},
        "only_least": {limit: count.least for limit, count in found.only.items()},
        "only_most": {limit: count.most for limit, count in found.only.items()},
        "only_drawn": dict(found.only_drawn),
        "draws": DRAWS,
    }


def _sized(network: Network, figures: Mapping[str, int]) -> dict[str, object]:
    return {"sentence": str(network), **figures}


def _relaxed(one: Relaxed) -> dict[str, object]:
    return {
        "limit": one.limit,
        "alone": one.alone,
        "helps": one.helps,
        "nearest": one.nearest,
        "to": one.to,
        "sentence": one.network and str(one.network),
    }


def _ambiguity(one: Ambiguity) -> dict[str, object]:
    return {
        "sentence": str(one.network),
        "derivations": one.derivations,
        "first": dict(one.first),
        "second": dict(one.second),
    }
