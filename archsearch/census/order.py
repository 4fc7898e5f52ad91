"""The order of a graph without circles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator


def behind_first(start: int, following: Callable[[int], Iterable[int]]) -> list[int]:
    """Return all that can be reached from a number, each behind what follows it.

    >>> behind_first(0, {0: [1, 2], 1: [2], 2: []}.__getitem__)
    [2, 1, 0]
    """
    done, found = {start}, list[int]()
    ahead: list[tuple[int, Iterator[int]]] = [(start, iter(following(start)))]
    while ahead:
        number, rest = ahead[-1]
        inner = next((one for one in rest if one not in done), None)
        if inner is None:
            ahead.pop()
            found.append(number)
        else:
            done.add(inner)
            ahead.append((inner, iter(following(inner))))
    return found
