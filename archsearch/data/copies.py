"""Copies of one image: how they are found, and how a split keeps them together."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from archsearch.data.images import Images, Pixels
from archsearch.data.source import Side

HELD_OUT = 10
"""One training image in so many is held out for validation."""

_LABEL_BYTES = 4
_ADJECTIVES: Mapping[Side, str] = {"train": "training", "validation": "validation", "test": "test"}

Mask = npt.NDArray[np.bool_]


def content_key(pixels: Pixels, label: int) -> bytes:
    """Return a key for an image: a hash of its pixels, then its label."""
    return hashlib.sha256(pixels.data).digest() + label.to_bytes(_LABEL_BYTES)


def content_keys(images: Images) -> list[bytes]:
    """Return the key of each image."""
    pixels = np.ascontiguousarray(images.pixels)
    return [content_key(*image) for image in zip(pixels, images.labels.tolist(), strict=True)]


def canonical(images: Images) -> Images:
    """Sort images by a hash of their content, so that copies stand beside each other."""
    keys = content_keys(images)
    return images.take(np.array(sorted(range(len(keys)), key=keys.__getitem__), np.intp))


def one_in(parts: int, labels: npt.NDArray[np.int64]) -> Mask:
    """Choose one image in `parts` of each class, at least one: the first ones, which hashes made random."""
    chosen = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        chosen[members[: _share(len(members), parts)]] = True
    return chosen


def held_out(images: Images) -> Mask:
    """Choose a tenth of each class, with all copies of an image on one side.

    `images` are in canonical order. Without copies the choice is that of `one_in`. A class all of whose images are
    copies of each other, or of images of another class, may be left without a chosen image.
    """
    alone = one_in(HELD_OUT, images.labels)
    first_of_its_kind = np.ones(len(images), np.bool_)
    first_of_its_kind[1:] = (images.pixels[1:] != images.pixels[:-1]).any(axis=(1, 2, 3))
    return alone if first_of_its_kind.all() else _together(images.labels, np.cumsum(first_of_its_kind) - 1)


def _together(labels: npt.NDArray[np.int64], kinds: npt.NDArray[np.int64]) -> Mask:
    """Choose whole kinds of image, in their order, as long as they fit into the share of each class in turn."""
    chosen = np.zeros(kinds[-1] + 1, np.bool_)
    decided = np.zeros(kinds[-1] + 1, np.bool_)
    for label in np.unique(labels):
        members, counts = np.unique(kinds[labels == label], return_counts=True)
        left = _share(int(counts.sum()), HELD_OUT) - counts[chosen[members]].sum()
        open_ones = ~decided[members]
        for kind, count in zip(members[open_ones], counts[open_ones], strict=True):
            # A class of few images gives up its first kind even if that is more than a tenth, but never all.
            none_yet = not chosen[members].any() and kind != members[-1]
            if count <= left or none_yet:
                chosen[kind] = True
                left -= count
        decided[members] = True
    return chosen[kinds]


def _share(count: int, parts: int) -> int:
    return max(1, round(count / parts))


class _Where(NamedTuple):
    side: Side
    label: int
    place: str


def leaks(images: Iterable[tuple[Side, int, str, bytes]]) -> tuple[str, ...]:
    """Return what there is to say of copies among images given by side, label, place and content key."""
    kinds: dict[bytes, list[_Where]] = defaultdict(list)
    for side, label, place, key in images:
        kinds[key[:-_LABEL_BYTES]].append(_Where(side, label, place))
    copied = [kind for kind in kinds.values() if len(kind) > 1]
    return (
        *_in_two_classes(copied),
        *_in_two_sides(copied, "test", "train"),
        *_in_two_sides(copied, "validation", "train"),
        *_in_two_sides(copied, "test", "validation"),
        *_in_one_side(copied),
    )


def _in_two_classes(copied: list[list[_Where]]) -> list[str]:
    torn = [kind for kind in copied if len({image.label for image in kind}) > 1]
    if not torn:
        return []
    places = list({image.label: image.place for image in reversed(torn[0])}.values())
    return [f"{_counted(len(torn), '')} in more than one class, such as {places[-1]} and {places[0]}"]


def _in_two_sides(copied: list[list[_Where]], measured: Side, learned: Side) -> list[str]:
    both = [kind for kind in copied if {measured, learned} <= {image.side for image in kind}]
    if not both:
        return []
    places = [image.place for kind in both for image in kind if image.side == measured]
    other = f"a {_ADJECTIVES[learned]} image" if len(places) == 1 else f"{_ADJECTIVES[learned]} images"
    what = f"also {other}, such as {places[0]}: accuracy on them is too high"
    return [f"{_counted(len(places), _ADJECTIVES[measured])} {what}"]


def _in_one_side(copied: list[list[_Where]]) -> list[str]:
    within = [[image.place for image in kind if image.side == "train"] for kind in copied]
    repeated = [places for places in within if len(places) > 1]
    if not repeated:
        return []
    count = sum(len(places) - 1 for places in repeated)
    one, other = repeated[0][:2]
    copies = "copies of others" if count > 1 else "a copy of another"
    return [f"{_counted(count, 'training')} {copies}, such as {other} of {one}; a split keeps them together"]


def _counted(count: int, adjective: str) -> str:
    noun = f"{adjective} image".lstrip()
    return f"1 {noun} is" if count == 1 else f"{count:,} {noun}s are"
