"""What is known of a space as text for people: numbers first, then tables, with bars of plain characters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from archsearch.census.distribution import DRAWS, SHOWN
from archsearch.graph.shapes import shape_text
from archsearch.notation.clauses import number_text
from archsearch.table import render

if TYPE_CHECKING:
    from archsearch.census.count import Count
    from archsearch.census.distribution import Distribution
    from archsearch.census.emptiness import Relaxed
    from archsearch.census.explanation import Explanation
    from archsearch.space.space import Space

_BAR = 8
_MOST_ROWS = 6
_ELSEWHERE = "--json writes all"


def explanation_text(space: Space, found: Explanation, width: int | None) -> str:
    """Write what is known of a space, in tables that are `width` characters wide, if that is given."""
    parts = (_numbers(space, found), *_tables(found, width))
    return "\n\n".join("\n".join(part) for part in parts)


def share(part: int, whole: int) -> str:
    """Write a share of sentences: in percent, or where that is little, as one in so many.

    >>> share(22_896, 24_192), share(3, 24_192), share(0, 24_192)
    ('94.64 %', '1 in 8,064', 'none')
    """
    if part * 1_000 >= whole:
        return f"{100 * part / whole:.2f} %"
    return f"1 in {whole // part:,}" if part else "none"


def _numbers(space: Space, found: Explanation) -> Iterator[str]:
    yield f"{space.name}: {found.sentences:,} sentences, by {found.derivations:,} derivations"
    if found.shaped < found.sentences:
        yield f"shapes fit in {found.shaped:,} of them ({share(found.shaped, found.sentences)})"
    yield f"limits: {str(space.limits) or 'none'}"
    yield f"{found.feasible} fit ({share(found.feasible.most, found.sentences)}){_rounded(found.feasible)}"


def _rounded(count: Count) -> str:
    """Say why it is no number, but an interval."""
    if count.is_exact:
        return ""
    units = (
        f"{name} to multiples of {f'{unit:,}' if isinstance(unit, int) else number_text(unit)}"
        for name, unit in count.units.items()
    )
    reasons = [f"rounded to save memory: {', '.join(units)}"] if count.units else []
    reasons += [f"{name} is not known from word to word" for name in count.unknown]
    return "; " + "; ".join(reasons or ["the receptive field of some is only known to be at most so large"])


def _tables(found: Explanation, width: int | None) -> Iterator[Iterable[str]]:
    if len(found.alone) > 1:
        yield [_limits(found, width)]
    if found.relaxed:
        yield _relaxed(found.relaxed, width)
    if found.sample.networks:
        yield [f"from {found.sample.text}:", distributions_text(found.sample.distributions, width)]
    if found.ends is not None:
        among = {"all": "", "known": " known", "drawn": " drawn"}[found.ends.among]
        both = (found.ends.smallest, found.ends.largest)
        rows = [
            (f"{name}{among}", *(figures[one] for one in SHOWN), network)
            for name, network, figures in zip(("smallest", "largest"), both, found.ends.figures, strict=True)
        ]
        yield [render(("", *SHOWN, "sentence"), rows, width, _ELSEWHERE)]
    yield from _oddities(found, width)


def _limits(found: Explanation, width: int | None) -> str:
    rows = []
    for limit, count in found.alone.items():
        only = str(found.only[limit]) if limit in found.only else f"{found.only_drawn[limit]:,} of {DRAWS:,} drawn"
        rows.append((limit, str(count), share(count.most, found.sentences), only))
    return render(("limit", "kept alone by", "share", "refused by it only"), rows, width, _ELSEWHERE)


def _relaxed(every: Sequence[Relaxed], width: int | None) -> Iterator[str]:
    if every[0].alone:
        yield f"whatever the other limits, no network keeps {'this' if len(every) == 1 else 'any of these'}:"
        columns = ("limit", "nearest", "kept if it is", "nearest network")
    else:
        yield "each limit is kept by some; if one alone is relaxed, a network fits:"
        columns = ("limit", "nearest", "fits if it is", "nearest network")
    left_out = {True: "left out", False: "(left out, none fits either)", None: "(not known: sums were rounded)"}
    rows = [(one.limit, one.nearest, one.to or left_out[one.helps], one.network or "") for one in every]
    yield render(columns, rows, width, _ELSEWHERE)


def distributions_text(every: Iterable[Distribution], width: int | None) -> str:
    """Write distributions beside each other: where each bin begins, its share in percent, and a bar.

    >>> from archsearch.census.distribution import Distribution
    >>> print(distributions_text([Distribution("rf", (40, 60, 80), (3, 1))], None))
    rf >=  share
       40   75 % ########
       60   25 % ###
    """
    columns: list[str] = []
    cells: list[list[object]] = []
    for one in every:
        columns += [f"{one.name} >=", "share"]
        largest, whole = max(one.counts), sum(one.counts)
        shares = [f"{100 * count / whole:3.0f} %" if 200 * count >= whole else " <1 %" for count in one.counts]
        shares = [text if count else "" for text, count in zip(shares, one.counts, strict=True)]
        bars = ["#" * -(-_BAR * count // largest) for count in one.counts]
        cells += [[*one.edges[:-1]], [f"{text} {bar}" for text, bar in zip(shares, bars, strict=True)]]
    return render(columns, zip_longest(*cells), width, _ELSEWHERE)


def _oddities(found: Explanation, width: int | None) -> Iterator[Iterable[str]]:
    if found.ambiguity is not None:
        yield [
            f"ambiguous: {found.ambiguity.derivations:,} derivations lead to {found.ambiguity.network}",
            *_first(
                ("slot", "one takes", "another"),
                [
                    (slot, one or "(has no such slot)", other or "(has no such slot)")
                    for slot, (one, other) in found.ambiguity.differing.items()
                ],
                width,
            ),
        ]
    if found.degenerate:
        rows: list[Sequence[object]] = [
            (one.word, shape_text(one.size), one.sentences, share(one.sentences, found.shaped))
            for one in found.degenerate
        ]
        yield [
            "dilated kernels wider than their maps, on which all taps but one miss:",
            *_first(("word", "map", "sentences", "share"), rows, width),
        ]
    if found.unused is None:
        yield ["which options no network takes that fits was not looked into: it would take long"]
    if found.unused:
        rows = [(one.text, one.place.line, one.place.column) for one in found.unused]
        yield ["options that no network takes which fits:", *_first(("option", "line", "column"), rows, width)]


def _first(columns: Sequence[str], rows: Sequence[Sequence[object]], width: int | None) -> Iterator[str]:
    """Yield a table of the first rows, and how many are left out."""
    yield render(columns, rows[:_MOST_ROWS], width, _ELSEWHERE)
    if len(rows) > _MOST_ROWS:
        yield f"and {len(rows) - _MOST_ROWS:,} more; {_ELSEWHERE}"
